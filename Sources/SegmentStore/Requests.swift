import GRDB

func registerRequests(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("requests") { db in
    try db.execute(
      sql: """
        CREATE TABLE request (
          author TEXT NOT NULL,
          key TEXT NOT NULL,
          digest TEXT NOT NULL,
          status INTEGER NOT NULL,
          location TEXT NOT NULL,
          answered INTEGER NOT NULL,
          PRIMARY KEY (author, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX requestAnswered ON request (answered);
        """)
  }
  migrator.registerMigration("begunRequests") { db in
    // What was remembered helps nobody any more by the time a new version has started.
    try db.execute(
      sql: """
        DROP TABLE request;
        CREATE TABLE request (
          author TEXT NOT NULL,
          key TEXT NOT NULL,
          digest TEXT NOT NULL,
          id TEXT NOT NULL,
          begun INTEGER NOT NULL,
          status INTEGER,
          location TEXT,
          PRIMARY KEY (author, key)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX requestBegun ON request (begun);
        """)
  }
}

/// A request that is to make something once, however often it comes.
public struct RequestRecord: Sendable, Equatable {
  /// Who made it.
  public var author: String
  /// Chosen by whoever made it.
  public var key: String
  /// Of everything that it said: another request with the same key is a mistake.
  public var digest: String
  /// What the audit log calls it.
  public var id: String
  /// In microseconds.
  public var begun: Int64
  /// nil as long as it was not answered.
  public var answer: RequestAnswer?

  public init(
    author: String, key: String, digest: String, id: String, begun: Int64,
    answer: RequestAnswer? = nil
  ) {
    self.author = author
    self.key = key
    self.digest = digest
    self.id = id
    self.begun = begun
    self.answer = answer
  }
}

/// How a request was answered that made something.
public struct RequestAnswer: Sendable, Equatable {
  public var status: Int
  /// Where what it made is to be found.
  public var location: String

  public init(status: Int, location: String) {
    self.status = status
    self.location = location
  }
}

extension SegmentStore {
  /// nil where there is none that was begun after `time`.
  public func request(_ key: String, by author: String, since time: Int64) throws -> RequestRecord?
  {
    try database.read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM request WHERE author = ? AND key = ? AND begun > ?",
        arguments: [author, key, time]
      ).map { row in
        let answer = (row["status"] as Int?).flatMap { status in
          (row["location"] as String?).map { RequestAnswer(status: status, location: $0) }
        }
        return RequestRecord(
          author: row["author"], key: row["key"], digest: row["digest"], id: row["id"],
          begun: row["begun"], answer: answer)
      }
    }
  }

  /// Remembers a request, in the place of what was known of it, and forgets those that were begun before `oldest`.
  public func remember(_ request: RequestRecord, forgettingBefore oldest: Int64) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM request WHERE begun <= ?", arguments: [oldest])
      try db.execute(
        sql: "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          request.author, request.key, request.digest, request.id, request.begun,
          request.answer?.status, request.answer?.location,
        ])
    }
  }

  /// What a request has changed, in its order: its entries of the audit log.
  ///
  /// - Parameter time: when it was begun, in microseconds.
  public func auditEntries(ofRequest id: String, since time: Int64) throws -> [AuditEntry] {
    try database.read { db in
      try AuditEntry.fetchAll(
        db, sql: "SELECT * FROM auditEntry WHERE time >= ? AND request = ? ORDER BY id",
        arguments: [time, id])
    }
  }
}
