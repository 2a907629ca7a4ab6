import Foundation
import GRDB

func registerAudit(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("audit") { db in
    // The schema itself refuses to change an entry, but for an erasure that takes out what quotes people, and to
    // delete one that retention keeps.
    try db.execute(
      sql: """
        CREATE TABLE auditEntry (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          time INTEGER NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('account', 'apiKey', 'commandLine', 'system')),
          author TEXT NOT NULL,
          account INTEGER,
          apiKey TEXT,
          address TEXT,
          userAgent TEXT,
          request TEXT,
          action TEXT NOT NULL,
          object TEXT,
          objectId TEXT,
          before TEXT,
          after TEXT,
          isRedacted INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX auditEntryOfTime ON auditEntry (time);

        CREATE TABLE auditKept (since INTEGER NOT NULL) STRICT;
        INSERT INTO auditKept VALUES (0);

        CREATE TRIGGER auditEntryStays BEFORE UPDATE ON auditEntry
        WHEN NOT (
          NEW.isRedacted = 1 AND NEW.object IS NULL AND NEW.objectId IS NULL
          AND NEW.before IS NULL AND NEW.after IS NULL
          AND NEW.id = OLD.id AND NEW.time = OLD.time AND NEW.kind = OLD.kind
          AND NEW.author = OLD.author AND NEW.account IS OLD.account
          AND NEW.apiKey IS OLD.apiKey AND NEW.address IS OLD.address
          AND NEW.userAgent IS OLD.userAgent AND NEW.request IS OLD.request
          AND NEW.action = OLD.action)
        BEGIN
          SELECT RAISE(ABORT, 'the audit log is append-only');
        END;

        CREATE TRIGGER auditEntryIsKept BEFORE DELETE ON auditEntry
        WHEN OLD.time >= (SELECT since FROM auditKept)
        BEGIN
          SELECT RAISE(ABORT, 'the audit log is append-only');
        END;
        """)
  }
}

/// A transaction that somebody is responsible for, and who that is.
struct Change {
  let db: Database
  let time: Int64
  let author: Author
  private let undone = Undone()

  init(db: Database, time: Int64, author: Author) {
    self.db = db
    self.time = time
    self.author = author
  }

  /// How many rows were changed, and stay so.
  var rows: Int { db.totalChangesCount - undone.rows }

  /// Does all that `body` does, or nothing of it where it throws; the transaction goes on.
  func attempt<Result>(_ body: () throws -> Result) throws -> Result {
    let before = rows
    var result: Result?
    do {
      try db.inSavepoint {
        result = try body()
        return .commit
      }
    } catch {
      // SQLite counts what is rolled back.
      undone.rows += rows - before
      throw error
    }
    return result!
  }

  private final class Undone { var rows = 0 }

  /// Writes an entry of the audit log, as part of the transaction.
  func log(
    _ action: AuditAction, _ object: AuditObject? = nil, before: AuditDetails? = nil,
    after: AuditDetails? = nil
  ) throws {
    let origin = author.origin
    try db.execute(
      sql: """
        INSERT INTO auditEntry (
          time, kind, author, account, apiKey, address, userAgent, request, action, object, objectId,
          before, after)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        time, author.kind.rawValue, author.name, author.account, author.apiKey, origin?.address,
        origin?.userAgent, origin?.request, action.rawValue, object?.name, object?.id,
        before.map { try json($0) }, after.map { try json($0) },
      ])
  }
}

extension SegmentStore {
  /// Runs `body` in one transaction, on behalf of ``author``.
  ///
  /// What changes nothing needs no entry. What is changed without one is not committed: nobody can forget it.
  ///
  /// - Parameter time: when, in microseconds.
  /// - Throws: ``SegmentStoreError/unlogged``.
  func change<Result>(at time: Int64, _ body: (Change) throws -> Result) throws -> Result {
    try write { db in
      let change = Change(db: db, time: time, author: author)
      let (rows, entry) = (change.rows, try lastEntry(db))
      let result = try body(change)
      if change.rows != rows, try lastEntry(db) == entry {
        throw SegmentStoreError.unlogged
      }
      return result
    }
  }

  /// Writes an entry about something that changes no rows.
  public func log(_ action: AuditAction, _ object: AuditObject? = nil, at time: Int64) throws {
    try change(at: time) { try $0.log(action, object) }
  }

  /// Entries of the audit log, the last one first.
  ///
  /// - Parameter before: only entries with a smaller id.
  public func auditEntries(
    _ filter: AuditFilter = AuditFilter(), before: Int64? = nil, limit: Int
  ) throws -> [AuditEntry] {
    try database.read { db in
      try AuditEntry.fetchAll(
        db,
        sql: """
          SELECT * FROM auditEntry
          WHERE (:before IS NULL OR id < :before)
            AND (:since IS NULL OR time >= :since) AND (:until IS NULL OR time < :until)
            AND (:author IS NULL OR author = :author COLLATE NOCASE)
            AND (:action IS NULL OR action = :action)
            AND (:object IS NULL OR object = :object OR objectId = :object)
          ORDER BY id DESC LIMIT :limit
          """,
        arguments: [
          "before": before, "since": filter.since, "until": filter.until,
          "author": filter.author, "action": filter.action?.rawValue, "object": filter.object,
          "limit": limit,
        ])
    }
  }

  /// What entries say besides who and when, by id: where people may be quoted.
  public func auditTexts() throws -> [(entry: Int64, texts: [String])] {
    try database.read { db in
      try AuditEntry.fetchAll(
        db, sql: "SELECT * FROM auditEntry WHERE NOT isRedacted ORDER BY id"
      ).map { entry in
        let details = [entry.before, entry.after].flatMap { Array(($0 ?? [:]).values) }
        return (entry.id, (entry.object.map { [$0.name] } ?? []) + details.flatMap(\.texts))
      }
    }
  }
}

/// Takes out what entries say besides who and when.
func redact(_ entries: some Sequence<Int64>, _ db: Database) throws {
  try db.execute(
    sql: """
      UPDATE auditEntry SET object = NULL, objectId = NULL, before = NULL, after = NULL,
        isRedacted = 1
      WHERE id IN (SELECT value FROM json_each(?))
      """, arguments: [json(Array(entries))])
}

/// Gives up the entries before an instant.
func expireAudit(before time: Int64, _ db: Database) throws {
  try db.execute(sql: "UPDATE auditKept SET since = max(since, ?)", arguments: [time])
  try db.execute(sql: "DELETE FROM auditEntry WHERE time < ?", arguments: [time])
}

private func lastEntry(_ db: Database) throws -> Int64? {
  try Int64.fetchOne(db, sql: "SELECT max(id) FROM auditEntry")
}

extension AuditValue {
  fileprivate var texts: [String] {
    switch self {
    case .text(let text): [text]
    case .list(let items): items
    case .number, .flag: []
    }
  }
}

extension AuditEntry: FetchableRecord {
  public init(row: Row) throws {
    id = row["id"]
    time = row["time"]
    author = Author(
      try stored(row, "kind"), name: row["author"], account: row["account"],
      apiKey: row["apiKey"],
      origin: (row["address"] as String?).map {
        Origin(address: $0, userAgent: row["userAgent"], request: row["request"])
      })
    action = try stored(row, "action")
    object = (row["object"] as String?).map { AuditObject($0, id: row["objectId"]) }
    before = try (row["before"] as String?).map { try decode($0) }
    after = try (row["after"] as String?).map { try decode($0) }
    isRedacted = row["isRedacted"]
  }
}
