import GRDB
import SegmentCompiler

extension SegmentStore {
  /// Runs `body` in one transaction over the segments: all that it does is done, or nothing where it throws.
  ///
  /// - Parameters:
  ///   - time: when, in microseconds.
  ///   - author: who does it; nil where nobody is known.
  public func edit<Result>(
    at time: Int64, by author: String?, _ body: (SegmentEdits) throws -> Result
  ) throws -> Result {
    try database.write { try body(SegmentEdits(db: $0, time: time, author: author)) }
  }

  /// Every segment that is not in the trash, drafts too, by name.
  public func segmentRecords() throws -> [SegmentRecord] { try database.read(fetchRecords) }

  /// nil where there is no such segment outside of the trash.
  public func segmentRecord(_ name: String) throws -> SegmentRecord? {
    try database.read { try fetchRecord($0, name) }
  }

  /// The segments in the trash, the last one first.
  public func trash() throws -> [SegmentRecord] {
    try database.read(fetchTrash)
  }
}

/// What can be done to segments within one transaction. Every change of one is a further revision of it.
public struct SegmentEdits {
  let db: Database
  public let time: Int64
  public let author: String?

  public func records() throws -> [SegmentRecord] { try fetchRecords(db) }

  public func record(_ name: String) throws -> SegmentRecord? { try fetchRecord(db, name) }

  /// The last valid version, of segments in the trash too; nil where there is none.
  public func versionInForce(of record: SegmentRecord) throws -> SegmentVersion? {
    try fetchVersionInForce(db, record.id)
  }

  /// Those in the trash, the last one first.
  public func trash() throws -> [SegmentRecord] { try fetchTrash(db) }

  /// A new segment with its first version.
  ///
  /// - Parameter outputName: nil for one made of the name.
  public func create(
    _ name: String, definition: String, state: SegmentState, type: SegmentType = .dynamic,
    outputName: String? = nil, owner: String? = nil
  ) throws -> SegmentRecord {
    try db.execute(
      sql: """
        INSERT INTO segment (
          name, version, revision, state, type, outputName, owner, created, changed, changedBy)
        VALUES (?, 1, 1, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        name, state.rawValue, type.rawValue, try outputName ?? freeOutputName(for: name), owner,
        time, time, author,
      ])
    let id = db.lastInsertedRowID
    try insertVersion(1, of: id, definition, isDraft: state == .draft)
    return try existing(id)
  }

  /// Saves a definition as the next version, unless it is the current one.
  public func save(_ definition: String, isDraft: Bool, in record: SegmentRecord) throws
    -> SegmentRecord
  {
    let current = record.version
    guard current.contentHash != sha256(definition) || current.isDraft != isDraft else {
      return record
    }
    try insertVersion(current.number + 1, of: record.id, definition, isDraft: isDraft)
    try db.execute(
      sql: """
        UPDATE segment SET version = version + 1, revision = revision + 1, changed = ?,
          changedBy = ? WHERE id = ?
        """, arguments: [time, author, record.id])
    return try existing(record.id)
  }

  /// Stores what was changed of a record besides its versions.
  public func update(_ changed: SegmentRecord) throws -> SegmentRecord {
    var record = changed
    if record.state == .active { record.autoDeactivated = nil }
    guard record != (try existing(record.id)) else { return record }
    try db.execute(
      sql: """
        UPDATE segment SET state = ?, type = ?, outputName = ?, owner = ?, activateAt = ?,
          activateZone = ?, deactivateAt = ?, deactivateZone = ?, schedule = ?,
          keepsOutputFile = ?, isExemptFromCleanup = ?, autoDeactivated = ?,
          revision = revision + 1, changed = ?, changedBy = ?
        WHERE id = ? AND trashed IS NULL
        """,
      arguments: [
        record.state.rawValue, record.type.rawValue, record.outputName, record.owner,
        record.activation?.at, record.activation?.timeZone, record.deactivation?.at,
        record.deactivation?.timeZone, record.schedule,
        record.keepsOutputFile, record.isExemptFromCleanup, record.autoDeactivated, time, author,
        record.id,
      ])
    return try existing(record.id)
  }

  /// Gives a segment another name. Its runs and versions go with it; what refers to it is not changed.
  public func rename(_ record: SegmentRecord, to name: String) throws -> SegmentRecord {
    try touch(record, "name = ?", [name])
    return try existing(record.id)
  }

  /// Puts a segment in the trash, with its versions, runs and members: its names are free for others.
  public func trash(_ record: SegmentRecord) throws {
    try touch(
      record,
      """
      trashedName = name, trashedOutputName = outputName, trashed = ?, name = NULL,
      outputName = NULL
      """, [time])
  }

  /// Takes a segment out of the trash.
  public func restore(_ record: SegmentRecord, as name: String, outputName: String) throws
    -> SegmentRecord
  {
    try touch(
      record,
      """
      name = ?, outputName = ?, trashed = NULL, trashedName = NULL, trashedOutputName = NULL
      """, [name, outputName])
    return try existing(record.id)
  }

  /// Deletes a segment in the trash for good, with its versions and runs.
  public func purge(_ record: SegmentRecord) throws {
    try db.execute(
      sql: "DELETE FROM segment WHERE id = ? AND trashed IS NOT NULL", arguments: [record.id])
  }

  /// The name of an output table that nobody has, made of a segment's name.
  public func freeOutputName(for name: String) throws -> String {
    try OutputName.suggestion(for: name) { try isTaken(outputName: $0) }
  }

  public func isTaken(outputName: String) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT 1 FROM segment WHERE outputName = ?", arguments: [outputName]) ?? false
  }

  private func insertVersion(
    _ number: Int, of segment: Int64, _ definition: String, isDraft: Bool
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO segmentVersion (
          segmentId, number, definition, savedAt, contentHash, isDraft, author)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [segment, number, definition, time, sha256(definition), isDraft, author])
  }

  private func touch(
    _ record: SegmentRecord, _ assignments: String, _ values: [DatabaseValueConvertible]
  )
    throws
  {
    try db.execute(
      sql: """
        UPDATE segment SET \(assignments), revision = revision + 1, changed = ?, changedBy = ?
        WHERE id = ?
        """, arguments: StatementArguments(values) + [time, author, record.id])
  }

  private func existing(_ id: Int64) throws -> SegmentRecord {
    guard
      let record = try SegmentRecord.fetchOne(
        db, sql: selectRecord + "WHERE s.id = ?", arguments: [id])
    else { throw SegmentStoreError.unknownSegment("\(id)") }
    return record
  }
}

private func fetchTrash(_ db: Database) throws -> [SegmentRecord] {
  try SegmentRecord.fetchAll(
    db, sql: selectRecord + "WHERE s.trashed IS NOT NULL ORDER BY s.trashed DESC, s.id DESC")
}

func freeOutputName(for name: String, _ db: Database) throws -> String {
  try SegmentEdits(db: db, time: 0, author: nil).freeOutputName(for: name)
}
