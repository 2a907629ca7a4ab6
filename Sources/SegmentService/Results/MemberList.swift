import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Members of a run, chosen to be read: the data that they are read from stays as long as the list.
public struct MemberList: Sendable {
  /// The run whose members are listed, or whose entered and exited.
  public let run: RunRecord
  private let request: MemberRows
  private let version: DataVersion
  private let engine: any QueryEngine
  private var lease: Lease?

  init(run: RunRecord, request: MemberRows, version: DataVersion, engine: any QueryEngine) {
    self.run = run
    self.request = request
    self.version = version
    self.engine = engine
  }

  func holding(_ lease: Lease) -> MemberList {
    var list = self
    list.lease = lease
    return list
  }

  public var count: Int { request.members.count }

  /// The key, then the projected attributes.
  public var columns: [String] { request.columns }

  /// All of them in key order, as bytes. Memory does not grow with their number: they are read slice by slice, the next
  /// one when the bytes of the one before were asked for.
  public func bytes(as format: TextFormat) -> Pulled<[UInt8]> {
    let rows = engine.rows(request, in: version)
    let writer = RowWriter(rows, format: format, columns: columns)
    return Pulled { [lease] in
      // What they are read from stays as long as they are.
      defer { withExtendedLifetime(lease) {} }
      return try await writer.next()
    }
  }

  /// Writes all of them in key order to a Parquet file, lists as lists.
  public func writeParquet(to path: String) async throws {
    try await engine.writeParquet(request, to: path, in: version)
  }

  /// Reads at most `limit` of them in key order.
  ///
  /// - Parameter after: only greater keys; nil for the first ones.
  public func rows(after: ProfileKey?, limit: Int) async throws -> [[DuckDBValue]] {
    var request = request
    request.after = after
    request.limit = limit
    var rows: [[DuckDBValue]] = []
    for try await slice in engine.rows(request, in: version) { rows += slice }
    return rows
  }
}
