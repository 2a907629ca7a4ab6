import Foundation
import GRDB

/// Keys that no load may bring back, as keyed hashes: the list does not hold the keys themselves.
public struct SuppressionList: Sendable, Equatable {
  /// Random and of this workspace alone: hashed before each key.
  public var secret: String
  public var keys: Set<SuppressedKey>

  public init(secret: String, keys: Set<SuppressedKey> = []) {
    self.secret = secret
    self.keys = keys
  }

  /// An empty list with a secret of its own, 192 random bits as 32 characters.
  public static func new() -> SuppressionList {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<24).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    return SuppressionList(secret: Data(bytes).base64EncodedString())
  }
}

public struct SuppressedKey: Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A profile's key: its row is left out.
    case profile
    /// The key of a row that was erased: rows that refer to it are left out, unless there is such a row again.
    case row
    /// The key of a row that was erased because it belonged one-to-one to one that was: it is left out,
    /// unless another row refers to it.
    case owned
  }

  public var kind: Kind
  public var place: KeyPlace
  /// SHA-256.
  public var hash: [UInt8]

  public init(kind: Kind, place: KeyPlace, hash: [UInt8]) {
    self.kind = kind
    self.place = place
    self.hash = hash
  }
}

/// An attribute of a table that holds keys.
public struct KeyPlace: Sendable, Hashable, Codable {
  public var table: String
  public var attribute: String

  public init(table: String, attribute: String) {
    self.table = table
    self.attribute = attribute
  }
}

/// That an erasure took place: whose it was is not kept.
public struct ErasureRecord: Sendable, Equatable {
  public var id: Int64
  public var erasedAt: Int64
  /// nil where the suppression list was applied once more.
  public var audience: String?
  public var profiles: Int
  /// Of all tables, in the data version that was in force.
  public var rows: Int64
  /// Runs whose members were rewritten.
  public var runs: Int
}

/// What an erasure publishes.
public struct ErasureChanges: Sendable {
  public var audience: String?
  public var profiles: Int
  public var rows: Int64
  /// The data file without the profiles; on disk.
  public var dataFile: String
  /// New numbers of rows, by part.
  public var partRows: [Int64: Int64]
  /// What the parts hold now.
  public var contents: [Int64: TableContent]
  /// Added to the list; the secret is kept where the list has one.
  public var suppressed: SuppressionList
  /// Files without the profiles, on disk, by run.
  public var members: [Int64: ErasedMembers]
  /// Why runs did not succeed, without what it quoted, by run.
  public var causes: [Int64: String]
  /// Entries of the audit log that quote the profiles.
  public var redactedEntries: [Int64]
  /// Messages that quote them, such as by the name of a segment: whether they were sent or not.
  public var forgottenMessages: [Int64]
  /// The same of lines of letters.
  public var forgottenMail: [Int64]
  /// The definition without the profiles' keys; nil where it has none of them.
  public var rewrite: @Sendable (SegmentVersion) throws -> String?

  public init(
    audience: String?, profiles: Int, rows: Int64, dataFile: String, partRows: [Int64: Int64],
    contents: [Int64: TableContent] = [:], suppressed: SuppressionList,
    members: [Int64: ErasedMembers], causes: [Int64: String], redactedEntries: [Int64] = [],
    forgottenMessages: [Int64] = [], forgottenMail: [Int64] = [],
    rewrite: @escaping @Sendable (SegmentVersion) throws -> String?
  ) {
    self.audience = audience
    self.profiles = profiles
    self.rows = rows
    self.dataFile = dataFile
    self.partRows = partRows
    self.contents = contents
    self.suppressed = suppressed
    self.members = members
    self.causes = causes
    self.redactedEntries = redactedEntries
    self.forgottenMessages = forgottenMessages
    self.forgottenMail = forgottenMail
    self.rewrite = rewrite
  }
}

public struct ErasedMembers: Sendable, Equatable {
  public var file: MembersFile
  /// How many members left the file.
  public var count: Int

  public init(file: MembersFile, count: Int) {
    self.file = file
    self.count = count
  }
}

/// What is published: an erasure is computed from one state and published over no other.
public struct PublishedState: Sendable, Equatable {
  /// The name of the data file in force.
  public var dataFile: String
  var lastDataVersion: Int64?
  var lastRun: Int64?
}

func registerErasures(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("erasures") { db in
    try db.execute(
      sql: """
        CREATE TABLE dataFile (name TEXT NOT NULL) STRICT;
        INSERT INTO dataFile VALUES ('data.duckdb');

        CREATE TABLE erasure (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          erasedAt INTEGER NOT NULL,
          audience TEXT,
          profiles INTEGER NOT NULL,
          rows INTEGER NOT NULL,
          runs INTEGER NOT NULL,
          isFinished INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE suppressionSecret (secret TEXT NOT NULL) STRICT;
        CREATE TABLE suppressedKey (
          kind TEXT NOT NULL CHECK (kind IN ('profile', 'row', 'owned')),
          tableName TEXT NOT NULL,
          attribute TEXT NOT NULL,
          hash BLOB NOT NULL,
          PRIMARY KEY (kind, tableName, attribute, hash)
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE run ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE part ADD COLUMN lineage TEXT;
        """)
  }
}

extension SegmentStore {
  /// The name of the data file in force.
  public func dataFile() throws -> String { try database.read(fetchDataFile) }

  public func publishedState() throws -> PublishedState { try database.read(fetchState) }

  /// nil as long as nothing was erased.
  public func suppressionList() throws -> SuppressionList? {
    try database.read { db in
      guard let secret = try String.fetchOne(db, sql: "SELECT secret FROM suppressionSecret") else {
        return nil
      }
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM suppressedKey")
      let keys = rows.compactMap { row in
        SuppressedKey.Kind(rawValue: row["kind"]).map {
          SuppressedKey(
            kind: $0, place: KeyPlace(table: row["tableName"], attribute: row["attribute"]),
            hash: [UInt8](row["hash"] as Data))
        }
      }
      return SuppressionList(secret: secret, keys: Set(keys))
    }
  }

  /// Every version of every segment, by name and number.
  public func allVersions() throws -> [SegmentVersion] {
    try database.read(fetchAllVersions)
  }

  /// Publishes an erasure: its commit point.
  ///
  /// What it leaves behind is removed by whoever calls next, until ``finishErasures()``.
  ///
  /// - Throws: ``SegmentStoreError/rewrittenMeanwhile`` where anything was published since `state`.
  public func publish(_ changes: ErasureChanges, over state: PublishedState, at time: Int64) throws
  {
    try change(at: time) { change in
      let db = change.db
      guard try fetchState(db) == state else { throw SegmentStoreError.rewrittenMeanwhile }
      try db.execute(sql: "UPDATE dataFile SET name = ?", arguments: [changes.dataFile])
      for (part, rows) in changes.partRows {
        try db.execute(
          sql: "UPDATE part SET rows = ?, content = ? WHERE id = ?",
          arguments: [rows, changes.contents[part].map { try json($0) }, part])
      }
      try suppress(changes.suppressed, db)
      for (run, members) in changes.members {
        try db.execute(
          sql: """
            UPDATE run SET membersFile = ?, membersSha256 = ?, erased = erased + ? WHERE id = ?
            """, arguments: [members.file.name, members.file.sha256, members.count, run])
      }
      for (run, cause) in changes.causes {
        try db.execute(sql: "UPDATE run SET cause = ? WHERE id = ?", arguments: [cause, run])
        try db.execute(sql: "UPDATE task SET cause = ? WHERE run = ?", arguments: [cause, run])
      }
      // What loads and tries without a run (or whose run is gone) have said may quote rows, and nobody needs it any more.
      try db.execute(
        sql: """
          UPDATE task SET cause = 'The cause was removed by an erasure.'
          WHERE (run IS NULL OR run NOT IN (SELECT id FROM run))
            AND status IN ('failed', 'failureRetrying')
          """)
      for version in try fetchAllVersions(db) {
        guard let definition = try changes.rewrite(version) else { continue }
        try replace(version, with: definition, db)
      }
      try db.execute(
        sql: """
          INSERT INTO erasure (erasedAt, audience, profiles, rows, runs, isFinished)
          VALUES (?, ?, ?, ?, ?, 0)
          """,
        arguments: [
          time, changes.audience, changes.profiles, changes.rows, changes.members.count,
        ])
      try redact(changes.redactedEntries, db)
      try forget(messages: changes.forgottenMessages, db)
      try forget(mailItems: changes.forgottenMail, db)
      try change.log(
        .peopleErased, changes.audience.map { AuditObject($0) },
        after: .facts([
          "profiles": .count(changes.profiles), "rows": .number(changes.rows),
          "runs": .count(changes.members.count),
          "redactedEntries": .several(changes.redactedEntries.count),
          "forgottenMessages": .several(changes.forgottenMessages.count),
        ]))
    }
  }

  /// All erasures, the last one first.
  public func erasures() throws -> [ErasureRecord] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM erasure ORDER BY id DESC").map { row in
        ErasureRecord(
          id: row["id"], erasedAt: row["erasedAt"], audience: row["audience"],
          profiles: row["profiles"], rows: row["rows"], runs: row["runs"])
      }
    }
  }

  /// Whether an erasure was published whose remains were not all removed.
  public func hasUnfinishedErasures() throws -> Bool {
    try database.read { db in
      try Bool.fetchOne(db, sql: "SELECT 1 FROM erasure WHERE isFinished = 0 LIMIT 1") ?? false
    }
  }

  /// Rewrites the database's file so that nothing that was deleted or replaced is left in it or in its log, and
  /// takes note that the erasures are done.
  public func finishErasures() throws {
    try scrub()
    try write { try $0.execute(sql: "UPDATE erasure SET isFinished = 1") }
  }

  private func scrub() throws {
    try database.barrierWriteWithoutTransaction { db in
      try db.execute(sql: "VACUUM")
      let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
      if row?["busy"] == 1 { throw DatabaseError(resultCode: .SQLITE_BUSY) }
    }
  }
}

/// Adds to the list what it does not have yet.
func suppress(_ list: SuppressionList, _ db: Database) throws {
  guard !list.keys.isEmpty else { return }
  try db.execute(
    sql: """
      INSERT INTO suppressionSecret SELECT ?
      WHERE NOT EXISTS (SELECT 1 FROM suppressionSecret)
      """, arguments: [list.secret])
  let insertion = try db.makeStatement(
    sql: "INSERT OR IGNORE INTO suppressedKey VALUES (?, ?, ?, ?)")
  for key in list.keys {
    try insertion.execute(
      arguments: [key.kind.rawValue, key.place.table, key.place.attribute, Data(key.hash)])
  }
}

/// Refuses to publish what was computed from a data file that an erasure has replaced.
func require(dataFile: String?, _ db: Database) throws {
  if let dataFile, try fetchDataFile(db) != dataFile {
    throw SegmentStoreError.rewrittenMeanwhile
  }
}

private func fetchDataFile(_ db: Database) throws -> String {
  try String.fetchOne(db, sql: "SELECT name FROM dataFile")!
}

private func fetchState(_ db: Database) throws -> PublishedState {
  PublishedState(
    dataFile: try fetchDataFile(db),
    lastDataVersion: try Int64.fetchOne(db, sql: "SELECT max(id) FROM dataVersion"),
    lastRun: try Int64.fetchOne(db, sql: "SELECT max(position) FROM run"))
}
