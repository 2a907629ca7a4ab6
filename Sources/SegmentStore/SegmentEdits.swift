import GRDB
import SegmentCompiler

extension SegmentStore {
  /// Runs `body` in one transaction over the segments: all that it does is done, or nothing where it throws.
  ///
  /// - Parameter time: when, in microseconds.
  public func edit<Result>(at time: Int64, _ body: (SegmentEdits) throws -> Result) throws
    -> Result
  {
    try change(at: time) { try body(SegmentEdits(change: $0)) }
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

/// What can be done to segments within one transaction. Every change of one is a further revision of it, and an entry
/// of the audit log.
public struct SegmentEdits {
  let change: Change

  var db: Database { change.db }
  public var time: Int64 { change.time }
  /// Who does it.
  public var author: String { change.author.name }

  /// Does all that `body` does, or nothing of it where it throws; the transaction goes on.
  public func attempt<Result>(_ body: () throws -> Result) throws -> Result {
    try change.attempt(body)
  }

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
    let record = try existing(id)
    try change.log(
      .segmentCreated, record.auditObject,
      after: record.auditFacts.merging(VersionFacts(record.version).details) { $1 })
    try Outbox(db).tellState(of: record, before: nil, at: time)
    return record
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
    let saved = try existing(record.id)
    let (before, after) = (VersionFacts(current), VersionFacts(saved.version))
    try change.log(
      .segmentSaved, saved.auditObject, before: before.details,
      after: after.details(changedFrom: before))
    return saved
  }

  /// Writes an entry of the audit log that no other change makes.
  public func log(_ action: AuditAction, _ record: SegmentRecord) throws {
    try change.log(action, record.auditObject)
  }

  /// Stores what was changed of a record besides its versions.
  public func update(_ changed: SegmentRecord) throws -> SegmentRecord {
    var record = changed
    if record.state == .active { record.autoDeactivated = nil }
    let old = try existing(record.id)
    guard record != old else { return record }
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
    let updated = try existing(record.id)
    let (before, after) = (old.auditFacts, updated.auditFacts)
    try change.log(
      .segmentChanged, updated.auditObject, before: before.filter { after[$0.key] != $0.value },
      after: after.filter { before[$0.key] != $0.value })
    try Outbox(db).tellState(of: updated, before: old.state, at: time)
    return updated
  }

  /// Gives a segment another name. Its runs and versions go with it; what refers to it is not changed.
  public func rename(_ record: SegmentRecord, to name: String) throws -> SegmentRecord {
    try touch(record, "name = ?", [name])
    try change.log(
      .segmentRenamed, record.auditObject, before: ["name": .text(record.name)],
      after: ["name": .text(name)])
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
    try change.log(.segmentTrashed, record.auditObject, before: record.auditFacts)
    try Outbox(db).tell(.segmentDeleted, of: record, at: time)
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
    let restored = try existing(record.id)
    try change.log(
      .segmentRestored, restored.auditObject, before: ["name": .text(record.name)],
      after: restored.auditFacts.merging(["name": .text(name)]) { $1 })
    try Outbox(db).tellState(of: restored, before: nil, at: time)
    return restored
  }

  /// Deletes a segment in the trash for good, with its versions and runs.
  public func purge(_ record: SegmentRecord) throws {
    try db.execute(
      sql: "DELETE FROM segment WHERE id = ? AND trashed IS NOT NULL", arguments: [record.id])
    guard db.changesCount > 0 else { return }
    try change.log(.segmentPurged, record.auditObject, before: VersionFacts(record.version).details)
  }

  /// The name of an output table that nobody has, made of a segment's name.
  public func freeOutputName(for name: String) throws -> String {
    try SegmentStore.freeOutputName(for: name, db)
  }

  public func isTaken(outputName: String) throws -> Bool {
    try SegmentStore.isTaken(outputName: outputName, db)
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

extension SegmentStore {
  static func freeOutputName(for name: String, _ db: Database) throws -> String {
    try OutputName.suggestion(for: name) { try isTaken(outputName: $0, db) }
  }

  fileprivate static func isTaken(outputName: String, _ db: Database) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT 1 FROM segment WHERE outputName = ?", arguments: [outputName]) ?? false
  }
}
