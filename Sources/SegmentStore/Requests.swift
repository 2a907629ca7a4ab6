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
}

/// A request that made something, so that it is done once however often it comes.
public struct RequestRecord: Sendable, Equatable {
  /// Who made it.
  public var author: String
  /// Chosen by whoever made it.
  public var key: String
  /// Of everything that it said: another request with the same key is a mistake.
  public var digest: String
  /// Of its answer.
  public var status: Int
  /// Where what it made is to be found.
  public var location: String

  public init(author: String, key: String, digest: String, status: Int, location: String) {
    self.author = author
    self.key = key
    self.digest = digest
    self.status = status
    self.location = location
  }
}

extension SegmentStore {
  /// nil where there is none that was answered after `time`.
  public func request(_ key: String, by author: String, since time: Int64) throws -> RequestRecord?
  {
    try database.read { db in
      try Row.fetchOne(
        db, sql: "SELECT * FROM request WHERE author = ? AND key = ? AND answered > ?",
        arguments: [author, key, time]
      ).map { row in
        RequestRecord(
          author: row["author"], key: row["key"], digest: row["digest"], status: row["status"],
          location: row["location"])
      }
    }
  }

  /// Remembers a request, and forgets those that were answered before `oldest`.
  public func remember(_ request: RequestRecord, at time: Int64, forgettingBefore oldest: Int64)
    throws
  {
    try database.write { db in
      try db.execute(sql: "DELETE FROM request WHERE answered <= ?", arguments: [oldest])
      try db.execute(
        sql: "INSERT OR REPLACE INTO request VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          request.author, request.key, request.digest, request.status, request.location, time,
        ])
    }
  }
}
