import Crypto
import Foundation
import GRDB

/// Which version and members of a segment are in force.
public struct SegmentState: Sendable, Hashable {
  public var segment: String
  public var version: Int
  /// Of the version's definition: an erasure changes it in its place.
  public var contentHash: String
  /// nil where it was never refreshed.
  public var lastRun: Int64?

  public init(segment: String, version: Int, contentHash: String, lastRun: Int64?) {
    self.segment = segment
    self.version = version
    self.contentHash = contentHash
    self.lastRun = lastRun
  }
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
  public var expected: [SegmentState] = []

  public init() {}
}

/// One saved state of a segment's definition.
public struct SegmentVersion: Sendable, Equatable {
  public var segment: String
  /// 1, 2, 3 … within the segment.
  public var number: Int
  /// Canonical JSON.
  public var definition: String
  public var savedAt: Int64
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
  /// Saves a definition as the segment's next version, or returns the current one where it is equal.
  @discardableResult
  public func save(name: String, definition: String, at time: Int64) throws -> SegmentVersion {
    try database.write { db in try saveVersion(db, name, definition, time) }
  }

  /// Saves several definitions, all or none.
  public func save(_ definitions: [(name: String, definition: String)], at time: Int64) throws
    -> [SegmentVersion]
  {
    try database.write { db in
      try definitions.map { try saveVersion(db, $0.name, $0.definition, time) }
    }
  }

  /// Saves, deletes and publishes, all or nothing.
  ///
  /// - Throws: ``SegmentStoreError/changedMeanwhile(_:)`` where segments are not as expected any more.
  @discardableResult
  public func apply(_ changes: SegmentChanges, at time: Int64) throws -> [SegmentVersion] {
    try database.write { db in
      try require(changes.expected, withRuns: !changes.runs.isEmpty, db)
      for name in changes.deleted { try deleteSegment(db, name) }
      let versions = try changes.saved.map { try saveVersion(db, $0.name, $0.definition, time) }
      try publish(
        changes.runs, workspaceFile: changes.workspaceFile, from: changes.dataFile, db)
      return versions
    }
  }

  /// Every segment, by name.
  public func segmentStates() throws -> [SegmentState] { try database.read(fetchStates) }

  /// The current version of every segment, by name.
  public func segments() throws -> [SegmentVersion] {
    try database.read { db in
      try SegmentVersion.fetchAll(
        db, sql: selectVersion + "WHERE v.number = s.version ORDER BY s.name")
    }
  }

  /// The segment's current version; nil where there is no such segment.
  public func segment(_ name: String) throws -> SegmentVersion? {
    try database.read { db in try currentVersion(db, name) }
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

  /// Deletes a segment with its versions and runs.
  ///
  /// - Returns: how many these were; nil where there is no such segment.
  @discardableResult
  public func delete(_ name: String) throws -> (versions: Int, runs: Int)? {
    try database.write { db in try deleteSegment(db, name) }
  }
}

@discardableResult
private func deleteSegment(_ db: Database, _ name: String) throws -> (versions: Int, runs: Int)? {
  let row = try Row.fetchOne(
    db,
    sql: """
      SELECT (SELECT count(*) FROM segmentVersion WHERE segmentId = s.id) AS versions,
        (SELECT count(*) FROM run WHERE segmentId = s.id) AS runs
      FROM segment s WHERE s.name = ?
      """, arguments: [name])
  guard let row else { return nil }
  try db.execute(sql: "DELETE FROM segment WHERE name = ?", arguments: [name])
  return (row["versions"], row["runs"])
}

private func fetchStates(_ db: Database) throws -> [SegmentState] {
  try Row.fetchAll(
    db,
    sql: """
      SELECT s.name, s.version, v.contentHash, (
        SELECT r.id FROM run r WHERE r.segmentId = s.id AND r.status = 'succeeded'
        ORDER BY r.position DESC LIMIT 1) AS lastRun
      FROM segment s JOIN segmentVersion v ON v.segmentId = s.id AND v.number = s.version
      ORDER BY s.name
      """
  ).map {
    SegmentState(
      segment: $0["name"], version: $0["version"], contentHash: $0["contentHash"],
      lastRun: $0["lastRun"])
  }
}

private func require(_ expected: [SegmentState], withRuns: Bool, _ db: Database) throws {
  func relevant(_ states: [SegmentState]) -> Set<SegmentState> {
    Set(
      states.map { state in
        var state = state
        if !withRuns { state.lastRun = nil }
        return state
      })
  }
  let changed = relevant(expected).symmetricDifference(relevant(try fetchStates(db)))
  guard changed.isEmpty else {
    throw SegmentStoreError.changedMeanwhile(Set(changed.map(\.segment)).sorted())
  }
}

extension SegmentVersion: FetchableRecord {
  public init(row: Row) {
    segment = row["name"]
    number = row["number"]
    definition = row["definition"]
    savedAt = row["savedAt"]
    contentHash = row["contentHash"]
  }
}

private let selectVersion = """
  SELECT s.name, v.number, v.definition, v.savedAt, v.contentHash
  FROM segment s JOIN segmentVersion v ON v.segmentId = s.id

  """

func fetchAllVersions(_ db: Database) throws -> [SegmentVersion] {
  try SegmentVersion.fetchAll(db, sql: selectVersion + "ORDER BY s.name, v.number")
}

/// Puts another definition in the place of a saved one, as if it had been saved like that.
func replace(_ version: SegmentVersion, with definition: String, _ db: Database) throws {
  try db.execute(
    sql: """
      UPDATE segmentVersion SET definition = ?, contentHash = ?
      WHERE number = ? AND segmentId = (SELECT id FROM segment WHERE name = ?)
      """,
    arguments: [definition, sha256(definition), version.number, version.segment])
}

private func currentVersion(_ db: Database, _ name: String) throws -> SegmentVersion? {
  try SegmentVersion.fetchOne(
    db, sql: selectVersion + "WHERE s.name = ? AND v.number = s.version", arguments: [name])
}

/// Bytes decide: texts that Swift calls equal by canonical equivalence differ here.
func sha256(_ text: String) -> String {
  SHA256.hash(data: Data(text.utf8)).map { String(format: "%02x", $0) }.joined()
}

private func saveVersion(_ db: Database, _ name: String, _ definition: String, _ time: Int64) throws
  -> SegmentVersion
{
  let hash = sha256(definition)
  let current = try currentVersion(db, name)
  if let current, current.contentHash == hash { return current }

  let number = (current?.number ?? 0) + 1
  try db.execute(
    sql: """
      INSERT INTO segment (name, version) VALUES (:name, :number)
      ON CONFLICT (name) DO UPDATE SET version = :number;
      """, arguments: ["name": name, "number": number])
  try db.execute(
    sql: """
      INSERT INTO segmentVersion (segmentId, number, definition, savedAt, contentHash)
      SELECT id, version, ?, ?, ? FROM segment WHERE name = ?
      """, arguments: [definition, time, hash, name])
  return SegmentVersion(
    segment: name, number: number, definition: definition, savedAt: time, contentHash: hash)
}
