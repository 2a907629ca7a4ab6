import GRDB

/// What a stored table held when it was written, for telling whether it still does.
public struct TableContent: Sendable, Equatable, Codable {
  /// Names of the columns with DuckDB's names of their types, in order.
  public var columns: [[String]]
  /// Of all rows, whatever their order.
  public var checksum: String
  /// The DuckDB version whose hash function it is of: another one may hash otherwise.
  public var engine: String

  public init(columns: [[String]], checksum: String, engine: String) {
    self.columns = columns
    self.checksum = checksum
    self.engine = engine
  }
}

/// How many ordinals an audience has given: none of them is ever given again, even if the data file is lost.
public struct DictionarySize: Sendable, Equatable {
  /// One more than the highest.
  public var ordinals: Int64
  /// Erased keys included.
  public var rows: Int64

  public init(ordinals: Int64, rows: Int64) {
    self.ordinals = ordinals
    self.rows = rows
  }
}

func registerContents(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("contents") { db in
    try db.execute(
      sql: """
        ALTER TABLE part ADD COLUMN content TEXT;

        CREATE TABLE ordinalDictionary (
          audience TEXT NOT NULL PRIMARY KEY,
          ordinals INTEGER NOT NULL,
          rows INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """)
  }
}

extension SegmentStore {
  /// How large the dictionaries were at the last load, by audience.
  public func dictionarySizes() throws -> [String: DictionarySize] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM ordinalDictionary").reduce(into: [:]) {
        $0[$1["audience"]] = DictionarySize(ordinals: $1["ordinals"], rows: $1["rows"])
      }
    }
  }

  /// Every part of every data version, by id.
  public func partRecords() throws -> [PartRecord] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM part ORDER BY id").map { try PartRecord($0) }
    }
  }

  /// The parts that data versions have.
  public func usedPartIDs() throws -> Set<Int64> {
    try database.read { try Int64.fetchSet($0, sql: "SELECT partId FROM dataVersionPart") }
  }

  /// Notes how large a dictionary is after it was made anew; ordinals that were given stay given.
  public func setDictionarySize(_ size: DictionarySize, of audience: String) throws {
    try write { db in
      try note([audience: size], db)
      try db.execute(
        sql: "UPDATE ordinalDictionary SET rows = ? WHERE audience = ?",
        arguments: [size.rows, audience])
    }
  }

  /// Forgets a part that cannot be read: its table has no data then, in any data version, until the next
  /// load reads its files.
  public func forgetPart(id: Int64, at time: Int64) throws {
    try change(at: time) { change in
      let db = change.db
      try db.execute(sql: "DELETE FROM dataVersionPart WHERE partId = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM part WHERE id = ?", arguments: [id])
      try change.log(.storeMended, AuditObject("part \(id)"), after: ["isForgotten": true])
    }
  }

  /// Gives up the members of a run; its counts stay.
  public func giveUpMembers(ofRun id: Int64, at time: Int64) throws {
    try change(at: time) { change in
      try change.db.execute(
        sql: "UPDATE run SET membersGone = ? WHERE id = ? AND membersGone IS NULL",
        arguments: [time, id])
      try change.log(.storeMended, AuditObject("run \(id)"), after: ["membersAreGone": true])
    }
  }

  /// Gives up all that a lost data file held: data versions, and the members of all runs, whose ordinals
  /// nobody can read any more. Definitions and counts stay.
  public func giveUpData(at time: Int64) throws {
    try change(at: time) { change in
      let db = change.db
      try db.execute(
        sql: """
          DELETE FROM dataVersion;
          DELETE FROM part;
          UPDATE ordinalDictionary SET rows = 0;
          """)
      try db.execute(
        sql: "UPDATE run SET membersGone = ? WHERE status = 'succeeded' AND membersGone IS NULL",
        arguments: [time])
      try change.log(.storeMended, AuditObject("the data file"), after: ["isLost": true])
    }
  }
}

/// Notes sizes that are at least those noted before.
func note(_ sizes: [String: DictionarySize], _ db: Database) throws {
  for (audience, size) in sizes {
    try db.execute(
      sql: """
        INSERT INTO ordinalDictionary VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET ordinals = max(ordinals, excluded.ordinals), rows = excluded.rows
        """, arguments: [audience, size.ordinals, size.rows])
  }
}
