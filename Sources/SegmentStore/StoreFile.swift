import Foundation
import GRDB
import GRDBSQLite

/// The open SQLite file. Where the system does not read or write it, errors name the file and say why.
struct StoreFile: Sendable {
  private let path: String
  let database: any DatabaseWriter

  /// Opens the file, or makes it where there is none.
  init(path: String, configuration: Configuration) throws {
    self.path = path
    var configuration = configuration
    // SQLite knows why it cannot make its files; the last moment to ask is while it is being opened.
    configuration.prepareDatabase { db in
      guard !db.configuration.readonly else { return }
      try StoreFile.naming(path, systemError: { StoreFile.systemError(db) }) {
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
      }
    }
    database = try StoreFile.naming(path) {
      let pool = try DatabasePool(path: path, configuration: configuration)
      // GRDB sets NORMAL with WAL, which may lose the last commits in a power cut.
      try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      return pool
    }
  }

  init(inMemory configuration: Configuration) throws {
    path = ":memory:"
    database = try DatabaseQueue(configuration: configuration)
  }

  func migrate(by migrator: DatabaseMigrator) throws {
    try naming { try migrator.migrate(database) }
  }

  func observe(_ log: ChangeLog) throws {
    try naming { try database.writeWithoutTransaction(log.observe) }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try naming { try database.read(body) }
  }

  /// Runs `body` in one transaction, which is rolled back where it throws.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try naming { try database.write(body) }
  }

  /// Runs `body` outside of a transaction, while nobody reads or writes.
  func barrierWriteWithoutTransaction<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try naming { try database.barrierWriteWithoutTransaction(body) }
  }

  private func naming<Value>(_ body: () throws -> Value) throws -> Value {
    try StoreFile.naming(
      path, systemError: { database.writeWithoutTransaction(StoreFile.systemError) },
      body)
  }

  /// What the system said last when SQLite asked it for something; 0 for nothing.
  private static func systemError(_ db: Database) -> Int32 {
    guard let connection = db.sqliteConnection else { return 0 }
    // The connection is not told what became of the log when it is committed to.
    var log: UnsafeMutablePointer<sqlite3_file>?
    var code: Int32 = 0
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log)
    _ = log?.pointee.pMethods?.pointee.xFileControl?(log, SQLITE_FCNTL_LAST_ERRNO, &code)
    return code == 0 ? sqlite3_system_errno(connection) : code
  }

  private static func naming<Value>(
    _ path: String, systemError: () -> Int32 = { 0 }, _ body: () throws -> Value
  ) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      switch error.resultCode {
      case .SQLITE_FULL:
        throw SegmentStoreError.file(path: path, reason: String(cString: strerror(ENOSPC)))
      case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY:
        var code = systemError()
        // SQLite tries a file that cannot be made once more for reading, and then says that it is missing.
        if code == 0 || code == ENOENT { code = errorOfMaking(path + "-new") }
        let reason = code == 0 ? error.message : String(cString: strerror(code))
        throw SegmentStoreError.file(path: path, reason: reason ?? "\(error)")
      case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        throw SegmentStoreError.damaged(path: path, reason: error.message ?? "\(error)")
      default:
        throw error
      }
    }
  }
}

/// What the system says to a new file at `path`; 0 where it has nothing against it.
private func errorOfMaking(_ path: String) -> Int32 {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
  guard descriptor >= 0 else { return errno }
  defer {
    close(descriptor)
    unlink(path)
  }
  // One byte: a full disk still takes names.
  return write(descriptor, [0], 1) == 1 ? 0 : errno
}
