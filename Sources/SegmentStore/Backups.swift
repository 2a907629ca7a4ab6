import Foundation
import GRDB

func registerBackups(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("backups") { db in
    try db.execute(
      sql: """
        CREATE TABLE backup (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          path TEXT NOT NULL UNIQUE,
          madeAt INTEGER NOT NULL,
          bytes INTEGER NOT NULL
        ) STRICT;
        """)
  }
}

/// A copy of the workspace's state that was made.
public struct BackupRecord: Sendable, Equatable {
  /// Of its folder.
  public var path: String
  /// The state is of this moment, in microseconds since 1970-01-01T00:00:00Z.
  public var madeAt: Int64
  public var bytes: Int64

  public init(path: String, madeAt: Int64, bytes: Int64) {
    self.path = path
    self.madeAt = madeAt
    self.bytes = bytes
  }
}

extension SegmentStore {
  /// Writes a copy of the database as of this moment to a new file; others go on reading and writing.
  public func copy(to path: String) throws {
    let target = try DatabaseQueue(path: path)
    try database.database.backup(to: target)
    // One file, without a log beside it.
    try target.writeWithoutTransaction { db in
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
    }
    try target.close()
  }

  /// Takes note of a backup.
  public func noteBackup(_ backup: BackupRecord) throws {
    try change(at: backup.madeAt) { change in
      try change.db.execute(
        sql: "INSERT OR REPLACE INTO backup (path, madeAt, bytes) VALUES (?, ?, ?)",
        arguments: [backup.path, backup.madeAt, backup.bytes])
      try change.log(
        .backupMade, AuditObject(backup.path), after: .facts(["bytes": .number(backup.bytes)]))
    }
  }

  /// All backups that are not forgotten, the last one first.
  public func backups() throws -> [BackupRecord] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM backup ORDER BY madeAt DESC, id DESC").map {
        BackupRecord(path: $0["path"], madeAt: $0["madeAt"], bytes: $0["bytes"])
      }
    }
  }

  /// Forgets backups that are gone.
  public func forgetBackups(at paths: [String], at time: Int64) throws {
    guard !paths.isEmpty else { return }
    try change(at: time) { change in
      for path in paths {
        try change.db.execute(sql: "DELETE FROM backup WHERE path = ?", arguments: [path])
        try change.log(.backupForgotten, AuditObject(path))
      }
    }
  }

  /// Makes the state of a backup the one to go on with: what was erased and which backups were made since, is taken
  /// over from `current`; all sessions end.
  ///
  /// - Returns: how many keys were suppressed since.
  /// - Throws: ``SegmentStoreError/otherWorkspace`` where `current` is no later state of this one.
  public func takeOver(from current: SegmentStore?, backup madeAt: Int64, at time: Int64) throws
    -> Int
  {
    let own = try suppressionList()
    let later = try current?.suppressionList()
    if let own, let later, own.secret != later.secret { throw SegmentStoreError.otherWorkspace }
    let (erasures, backups) = (try current?.erasures() ?? [], try current?.backups() ?? [])
    let keys = (later?.keys ?? []).subtracting(own?.keys ?? [])
    try change(at: time) { change in
      if let later { try suppress(SuppressionList(secret: later.secret, keys: keys), change.db) }
      for erasure in erasures {
        try change.db.execute(
          sql: """
            INSERT OR IGNORE INTO erasure (id, erasedAt, audience, profiles, rows, runs, isFinished)
            VALUES (?, ?, ?, ?, ?, ?, 1)
            """,
          arguments: [
            erasure.id, erasure.erasedAt, erasure.audience, erasure.profiles, erasure.rows,
            erasure.runs,
          ])
      }
      for backup in backups {
        try change.db.execute(
          sql: "INSERT OR IGNORE INTO backup (path, madeAt, bytes) VALUES (?, ?, ?)",
          arguments: [backup.path, backup.madeAt, backup.bytes])
      }
      try change.db.execute(sql: "DELETE FROM session")
      try change.log(
        .workspaceRestored,
        after: .facts(["backup": .number(madeAt), "erasedSince": .several(keys.count)]))
    }
    return keys.count
  }
}
