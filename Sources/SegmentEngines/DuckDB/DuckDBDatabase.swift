import CDuckDB
import Foundation
import SegmentCompiler
import Synchronization

/// One open DuckDB database; connections made from it share its memory limit and threads.
///
/// A file can be open once in a process: a second database on it is refused.
public final class DuckDBDatabase: Sendable {
  public struct Settings: Sendable, Equatable {
    /// As DuckDB writes it, such as `2GB`; nil for 80 % of the machine's memory.
    public var memoryLimit: String?
    /// nil for one per core.
    public var threads: Int?
    /// Where queries that exceed the memory limit spill to; nil for beside the file.
    public var temporaryDirectory: String?
    /// Whether its threads leave the processors to others who want them.
    public var isInBackground: Bool

    public init(
      memoryLimit: String? = nil, threads: Int? = nil, temporaryDirectory: String? = nil,
      isInBackground: Bool = false
    ) {
      self.isInBackground = isInBackground
      self.memoryLimit = memoryLimit
      self.threads = threads
      self.temporaryDirectory = temporaryDirectory
    }
  }

  /// The file's absolute path; nil for a database in memory.
  public let path: String?
  private let handle: DatabaseHandle

  /// Where the file is, and what DuckDB writes beside it; its messages name files in there by this path.
  public var folder: String? {
    path.map { URL(fileURLWithPath: $0).deletingLastPathComponent().path + "/" }
  }

  /// Opens or creates the file at `path`, or a database in memory where it is nil.
  public init(path: String?, settings: Settings = Settings()) throws {
    try DuckDBLibrary.load()
    self.path = path.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    if let path = self.path { try DatabaseFile.create(at: path) }
    handle = try DatabaseHandle(
      path: self.path, options: settings.options, isInBackground: settings.isInBackground)
  }

  /// The name of its file; nil for a database in memory.
  public var name: String? { path.map { URL(fileURLWithPath: $0).lastPathComponent } }

  /// - Parameter priority: of what it is for; up to `utility`, its thread leaves the processors to others.
  public func connect(priority: TaskPriority = Task.currentPriority) throws -> DuckDBConnection {
    DuckDBConnection(handle: try ConnectionHandle(handle), isInBackground: priority <= .utility)
  }
}

extension DuckDBDatabase.Settings {
  fileprivate var options: [(String, String)] {
    var options = [
      ("autoinstall_known_extensions", "false"), ("autoload_known_extensions", "false"),
      // DuckDB 2.0.0 merges subplans that are not equal (two joins of one table with itself) and then
      // returns the columns of the wrong one; it also fails on lookups inside negated memberships. See
      // docs/decisions/0018-two-optimizers-off.md.
      ("disabled_optimizers", "common_subplan,join_elimination"),
    ]
    if let memoryLimit { options.append(("memory_limit", memoryLimit)) }
    if let threads { options.append(("threads", String(threads))) }
    if let temporaryDirectory { options.append(("temp_directory", temporaryDirectory)) }
    return options
  }
}

/// Owns a `duckdb_database`, which is safe to use from several threads.
final class DatabaseHandle: @unchecked Sendable {
  fileprivate var raw: duckdb_database?
  let path: String?
  private static let open = Mutex<Set<String>>([])
  /// Paths of further files that were attached, by the name they were given.
  private let attached = Mutex<[String: String]>([:])

  init(path: String?, options: [(String, String)], isInBackground: Bool = false) throws {
    var config: duckdb_config?
    guard duckdb_create_config(&config) == DuckDBSuccess else {
      throw DuckDBError(message: "DuckDB gave no configuration.", category: .other)
    }
    defer { duckdb_destroy_config(&config) }
    for (name, value) in options where duckdb_set_config(config, name, value) != DuckDBSuccess {
      throw DuckDBError(
        message: "DuckDB does not take the setting \(name) = \(value).", category: .other)
    }
    if let path, !DatabaseHandle.open.withLock({ $0.insert(path).inserted }) {
      throw DuckDBError(message: "\(path) is open already in this process.", category: .io)
    }
    self.path = path
    var error: UnsafeMutablePointer<CChar>?
    if !open(path, config, &error, isInBackground: isInBackground) {
      defer { duckdb_free(error) }
      let message = error.map { String(cString: $0) } ?? "DuckDB could not open the database."
      throw DuckDBError(message: message, sql: nil, type: DUCKDB_ERROR_INVALID).naming(path)
    }
  }

  /// Threads of the database have the priority of the one that opens it.
  private func open(
    _ path: String?, _ config: duckdb_config?, _ error: inout UnsafeMutablePointer<CChar>?,
    isInBackground: Bool
  ) -> Bool {
    guard isInBackground else {
      return duckdb_open_ext(path, &raw, config, &error) == DuckDBSuccess
    }
    // The other thread has come to its end before they are read again.
    nonisolated(unsafe) let config = config
    nonisolated(unsafe) var database: duckdb_database?
    nonisolated(unsafe) var message: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) var isOpen = false
    WorkerThreads.waitInBackground {
      isOpen = duckdb_open_ext(path, &database, config, &message) == DuckDBSuccess
    }
    (raw, error) = (database, message)
    return isOpen
  }

  func willAttach(_ path: String, as name: String) { attached.withLock { $0[name] = path } }

  /// The file that a message of DuckDB is about, which names databases only.
  func file(of message: String) -> String? {
    let named = attached.withLock { files in
      files.first { message.contains("database \"\($0.key)\"") }?.value
    }
    return named ?? path
  }

  deinit {
    if raw != nil { duckdb_close(&raw) }
    if let path { DatabaseHandle.open.withLock { _ = $0.remove(path) } }
  }
}

/// Owns a `duckdb_connection`; only interrupt and progress are used from other threads.
final class ConnectionHandle: @unchecked Sendable {
  private(set) var raw: duckdb_connection?
  let database: DatabaseHandle

  init(_ database: DatabaseHandle) throws {
    self.database = database
    guard duckdb_connect(database.raw, &raw) == DuckDBSuccess else {
      throw DuckDBError(message: "DuckDB gave no connection.", category: .other)
    }
    let session = DuckDBSession(self)
    try session.execute("SET TimeZone = 'UTC'")
    try session.execute("SET enable_progress_bar = true")
    try session.execute("SET enable_progress_bar_print = false")
    try session.execute("SET progress_bar_time = 0")
  }

  deinit { duckdb_disconnect(&raw) }

  func interrupt() { duckdb_interrupt(raw) }

  var progress: Double? {
    let percentage = duckdb_query_progress(raw).percentage
    return percentage < 0 ? nil : min(1, percentage / 100)
  }
}
