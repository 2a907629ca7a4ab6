import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Loads the data of a workspace: reads what is new, links rows to profiles, publishes one data version.
///
/// Everything that a load writes is on disk before one transaction of the store publishes it; a load that
/// fails or is killed leaves the data version before it in force. Parts that were never published are
/// removed by ``sweep()``.
///
/// Only one load may run at a time. Others may read meanwhile.
public struct Loader: Sendable {
  let workspace: WorkspaceDefinition
  /// The folder of the workspace file.
  let folder: URL
  let store: SegmentStore
  let database: DuckDBDatabase

  public init(
    workspace: WorkspaceDefinition, folder: URL, store: SegmentStore, database: DuckDBDatabase
  ) {
    self.workspace = workspace
    self.folder = folder.standardizedFileURL
    self.store = store
    self.database = database
  }

  /// Loads all tables and publishes a data version where anything has changed.
  ///
  /// A table with wrong data keeps its last part, and the others are linked to that.
  ///
  /// - Throws: ``LoadFailure`` where a table fails that was never loaded by its definition as it is now, ``Diagnostics`` where the workspace
  ///   file does not fit the data, `CancellationError`.
  public func load(
    at time: Int64, progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
  ) async throws -> LoadReport {
    let connection = try database.connect()
    let staging = try await Staging(beside: database, connection)
    do {
      let run = try LoadRun(loader: self, connection: connection, progress: progress)
      let report = try await run.load(at: time)
      await staging.remove()
      return report
    } catch {
      await staging.remove()
      throw error
    }
  }

  /// Drops stored parts that no data version has: of loads that failed, and of data versions that expired.
  public func sweep() async throws {
    let tables = StoredTables(database)
    let live = Set(try store.liveParts().map(\.storedName))
    try await tables.drop(tables.parts().filter { !live.contains($0) })
  }

  /// Sees to it that the new parts survive a crash of the machine.
  ///
  /// They are on disk since they were committed, in the file or in its log; where the log stays, because
  /// somebody reads an older state, its name must be on disk as well.
  func makeDurable(_ connection: DuckDBConnection) async throws {
    let isInFile = try await connection.checkpoint()
    guard !isInFile, let path = database.path else { return }
    try DurableFile.synchronize(folder: URL(filePath: path).deletingLastPathComponent())
  }

  /// The catalog of a data version.
  public static func catalog(
    of workspace: WorkspaceDefinition, dataVersion: Int64, in store: SegmentStore
  ) throws -> Catalog {
    try workspace.catalog(
      stored: try store.partRecords(dataVersion: dataVersion).mapValues(\.attributes))
  }
}

/// A second database, beside the first, for rows that are not published: dropped as a whole.
private struct Staging {
  let path: String?
  let connection: DuckDBConnection

  init(beside database: DuckDBDatabase, _ connection: DuckDBConnection) async throws {
    self.connection = connection
    path = database.path.map { $0 + ".staging" }
    Staging.delete(path)
    try await connection.attach(path, as: LoadNames.staging)
  }

  func remove() async {
    // Also after a cancellation: a task of its own is not cancelled. What is left is deleted by the next load.
    await Task { [connection] in
      try? await connection.detach(LoadNames.staging)
    }.value
    Staging.delete(path)
  }

  private static func delete(_ path: String?) {
    guard let path else { return }
    for file in [path, path + ".wal"] { try? FileManager.default.removeItem(atPath: file) }
  }
}
