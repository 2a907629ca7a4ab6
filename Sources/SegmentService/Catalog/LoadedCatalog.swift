import SegmentCompiler

/// The catalog of the data in force.
public struct LoadedCatalog: Sendable {
  public var catalog: Catalog
  public var dataVersion: Int64
  /// Of each table.
  public var rows: [String: Int64]
}

extension SegmentService {
  public func loadedCatalog() throws -> LoadedCatalog {
    let snapshot = try snapshot()
    return LoadedCatalog(
      catalog: snapshot.catalog, dataVersion: snapshot.version.id,
      rows: snapshot.version.parts.mapValues(\.rows))
  }
}
