import SegmentEngines

/// The data file in force, open, with the engine that answers from it.
///
/// An erasure puts another file in its place. Whoever took ``current`` before goes on with the old file until
/// done; it is closed with the last of them.
final class DataFile: Sendable {
  struct Open: Sendable {
    /// Within `.muster`.
    let name: String
    let database: DuckDBDatabase
    let engine: any QueryEngine
    let cache: LeafCache
  }

  private let open: @Sendable (String) throws -> Open
  private let opened: Guarded<Open>

  init(
    _ name: String, in folder: WorkspaceFolder, settings: SegmentService.Settings,
    engine: @escaping @Sendable (DuckDBDatabase) -> any QueryEngine
  ) throws {
    open = { name in
      let database: DuckDBDatabase
      do {
        database = try DuckDBDatabase(
          path: folder.database(name).path,
          settings: DuckDBDatabase.Settings(
            memoryLimit: settings.memoryLimit, threads: settings.threads,
            temporaryDirectory: folder.temporary.path, isInBackground: settings.isServed))
      } catch let error as DuckDBError where error.isCorruptFile {
        throw WorkspaceError.dataFileDamaged(name, reason: error.brief)
      }
      return Open(
        name: name, database: database, engine: engine(database),
        cache: LeafCache(
          folder: folder.cache, dataFile: name, temporary: folder.temporary))
    }
    opened = Guarded(try open(name))
  }

  var current: Open { opened.withLock { $0 } }

  /// Opens another file, which everybody gets from now on.
  func replace(with name: String) throws {
    let next = try open(name)
    opened.withLock { $0 = next }
  }
}
