import Crypto
import Foundation
import GRDB

/// Which version and members of a segment are in force.
public struct SegmentStanding: Sendable, Hashable {
  public var segment: String
  public var state: SegmentState
  /// The version in force; nil of one that is a draft and nothing else.
  public var version: Int?
  /// The last version, in force or a draft.
  public var newest: Int
  /// Of the definition in force: an erasure changes it in its place.
  public var contentHash: String?
  /// nil where it was never refreshed.
  public var lastRun: Int64?
}

/// What ``SegmentStore/apply(_:at:)`` does at once.
public struct SegmentChanges: Sendable {
  public var saved: [(name: String, definition: String)] = []
  /// Names.
  public var deleted: [String] = []
  /// Of the versions that are in force afterwards; their members are on disk.
  public var runs: [RunRecord] = []
  /// The text whose hash the runs name, and what they were computed from.
  public var workspaceFile: String?
  public var dataFile: String?
  /// All segments when the changes were decided on.
  public var expected: [SegmentStanding] = []

  public init() {}
}

/// One saved state of a segment's definition.
public struct SegmentVersion: Sendable, Equatable {
  public var segmentID: Int64
  /// The name that the segment has now, or had when it was put in the trash.
  public var segment: String
  /// 1, 2, 3 … within the segment.
  public var number: Int
  /// JSON: canonical, or of a draft as it was written.
  public var definition: String
  /// Whether it was not valid when it was saved.
  public var isDraft = false
  public var savedAt: Int64
  /// Who saved it; nil where that is not known.
  public var author: String?
  /// SHA-256 of the definition's UTF-8, in hexadecimal digits.
  public var contentHash: String
}

func registerSegments(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("segments") { db in
    try db.execute(
      sql: """
        CREATE TABLE segment (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE COLLATE BINARY,
          version INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE segmentVersion (
          segmentId INTEGER NOT NULL REFERENCES segment(id) ON DELETE CASCADE,
          number INTEGER NOT NULL CHECK (number > 0),
          definition TEXT NOT NULL,
          savedAt INTEGER NOT NULL,
          contentHash TEXT NOT NULL,
          PRIMARY KEY (segmentId, number)
        ) STRICT, WITHOUT ROWID;
        """)
  }
}

extension SegmentStore {
  /// Saves a valid definition as the segment's next version, or returns the current one where it is equal.
  @discardableResult
  public func save(name: String, definition: String, at time: Int64) throws -> SegmentVersion {
    try save([(name: name, definition: definition)], at: time)[0]
  }

  /// Saves several valid definitions, all or none. New segments and drafts become active.
  public func save(_ definitions: [(name: String, definition: String)], at time: Int64) throws
    -> [SegmentVersion]
  {
    try edit(at: time) { edits in
      try definitions.map { try edits.save($0.definition, of: $0.name) }
    }
  }

  /// Saves, deletes and publishes, all or nothing. What is deleted is put in the trash.
  ///
  /// - Throws: ``SegmentStoreError/changedMeanwhile(_:)`` where segments are not as expected any more.
  @discardableResult
  public func apply(_ changes: SegmentChanges, at time: Int64) throws -> [SegmentVersion] {
    try edit(at: time) { edits in
      try require(changes.expected, withRuns: !changes.runs.isEmpty, edits.db)
      for name in changes.deleted {
        if let record = try edits.record(name) { try edits.trash(record) }
      }
      let versions = try changes.saved.map { try edits.save($0.definition, of: $0.name) }
      try publish(
        changes.runs, workspaceFile: changes.workspaceFile, from: changes.dataFile, edits.db)
      try Outbox(edits.db).tell(of: changes.runs)
      try edits.change.logRefresh(changes.runs)
      return versions
    }
  }

  /// Every segment that is not in the trash, by name.
  public func segmentStandings() throws -> [SegmentStanding] { try database.read(fetchStandings) }

  /// The last valid version of every segment that has one, by name.
  public func segments() throws -> [SegmentVersion] {
    try database.read { db in
      try SegmentVersion.fetchAll(
        db, sql: selectVersion + "WHERE s.name IS NOT NULL AND \(isInForce) ORDER BY s.name")
    }
  }

  /// The segment's last valid version; nil where there is none.
  public func segment(_ name: String) throws -> SegmentVersion? {
    try database.read { db in
      try SegmentVersion.fetchOne(
        db, sql: selectVersion + "WHERE s.name = ? AND \(isInForce)", arguments: [name])
    }
  }

  /// All versions of a segment, the newest first.
  public func versions(_ name: String) throws -> [SegmentVersion] {
    try database.read { db in
      try SegmentVersion.fetchAll(
        db, sql: selectVersion + "WHERE s.name = ? ORDER BY v.number DESC", arguments: [name])
    }
  }

  public func version(_ name: String, number: Int) throws -> SegmentVersion? {
    try database.read { db in
      try SegmentVersion.fetchOne(
        db, sql: selectVersion + "WHERE s.name = ? AND v.number = ?", arguments: [name, number])
    }
  }

  /// The version that a run computed, wherever the segment is by now.
  public func version(of run: RunRecord) throws -> SegmentVersion? {
    try database.read { db in
      try SegmentVersion.fetchOne(
        db,
        sql: selectVersion + """
          JOIN run r ON r.segmentId = s.id AND r.segmentVersion = v.number WHERE r.id = ?
          """, arguments: [run.id])
    }
  }
}

extension SegmentEdits {
  /// Saves a valid definition as the next version of a segment, which is made where there is none. A draft becomes
  /// active.
  public func save(_ definition: String, of name: String) throws -> SegmentVersion {
    guard var record = try record(name) else {
      return try create(name, definition: definition, state: .active).version
    }
    record = try save(definition, isDraft: false, in: record)
    if record.state == .draft {
      record.state = .active
      record = try update(record)
    }
    return record.version
  }
}

private func fetchStandings(_ db: Database) throws -> [SegmentStanding] {
  try Row.fetchAll(
    db,
    sql: """
      SELECT s.name, s.state, s.version AS newest, v.number, v.contentHash, (
        SELECT r.id FROM run r WHERE r.segmentId = s.id AND r.status = 'succeeded'
        ORDER BY r.position DESC LIMIT 1) AS lastRun
      FROM segment s LEFT JOIN segmentVersion v ON v.segmentId = s.id AND \(isInForce)
      WHERE s.name IS NOT NULL ORDER BY s.name
      """
  ).map { row in
    SegmentStanding(
      segment: row["name"], state: try stored(row, "state"), version: row["number"],
      newest: row["newest"], contentHash: row["contentHash"], lastRun: row["lastRun"])
  }
}

private func require(_ expected: [SegmentStanding], withRuns: Bool, _ db: Database) throws {
  func relevant(_ states: [SegmentStanding]) -> Set<SegmentStanding> {
    Set(
      states.map { state in
        var state = state
        if !withRuns { state.lastRun = nil }
        return state
      })
  }
  let changed = relevant(expected).symmetricDifference(relevant(try fetchStandings(db)))
  guard changed.isEmpty else {
    throw SegmentStoreError.changedMeanwhile(Set(changed.map(\.segment)).sorted())
  }
}

extension SegmentVersion: FetchableRecord {
  public init(row: Row) {
    segmentID = row["segmentId"]
    segment = row["name"] ?? row["trashedName"]
    number = row["number"]
    definition = row["definition"]
    isDraft = row["isDraft"]
    savedAt = row["savedAt"]
    author = row["author"]
    contentHash = row["contentHash"]
  }
}

private let selectVersion = """
  SELECT s.name, s.trashedName, v.*
  FROM segment s JOIN segmentVersion v ON v.segmentId = s.id

  """

/// Whether `v` is the last valid version of `s`: what a draft says is not in force.
private let isInForce = """
  v.number = (
    SELECT max(number) FROM segmentVersion WHERE segmentId = s.id AND NOT isDraft)
  """

let selectRecord = """
  SELECT s.*, v.* FROM segment s
  JOIN segmentVersion v ON v.segmentId = s.id AND v.number = s.version

  """

func fetchRecords(_ db: Database) throws -> [SegmentRecord] {
  try SegmentRecord.fetchAll(db, sql: selectRecord + "WHERE s.name IS NOT NULL ORDER BY s.name")
}

func fetchRecord(_ db: Database, _ name: String) throws -> SegmentRecord? {
  try SegmentRecord.fetchOne(db, sql: selectRecord + "WHERE s.name = ?", arguments: [name])
}

func fetchVersionInForce(_ db: Database, _ id: Int64) throws -> SegmentVersion? {
  try SegmentVersion.fetchOne(
    db, sql: selectVersion + "WHERE s.id = ? AND \(isInForce)", arguments: [id])
}

/// Of segments in the trash too.
func fetchAllVersions(_ db: Database) throws -> [SegmentVersion] {
  try SegmentVersion.fetchAll(
    db, sql: selectVersion + "ORDER BY coalesce(s.name, s.trashedName), s.id, v.number")
}

/// Puts another definition in the place of a saved one, as if it had been saved like that.
func replace(_ version: SegmentVersion, with definition: String, _ db: Database) throws {
  try db.execute(
    sql: """
      UPDATE segmentVersion SET definition = ?, contentHash = ?
      WHERE number = ? AND segmentId = ?
      """,
    arguments: [definition, sha256(definition), version.number, version.segmentID])
}

/// Bytes decide: texts that Swift calls equal by canonical equivalence differ here.
func sha256(_ text: String) -> String {
  SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
}
