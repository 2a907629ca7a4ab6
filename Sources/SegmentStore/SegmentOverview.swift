import GRDB

/// A segment with what came of it last.
public struct SegmentOverview: Sendable, Equatable {
  public var record: SegmentRecord
  /// The run whose members are in force; nil where it was never refreshed.
  public var lastPublished: RunRecord?
  /// The last run, whatever came of it.
  public var lastRun: RunRecord?
  /// Of the last job that has the segment.
  public var lastTask: SegmentTask?
}

/// Where the task of a segment stands.
public struct SegmentTask: Sendable, Equatable {
  public var job: Int64
  public var status: TaskStatus
  /// Why it failed, is skipped or is retrying.
  public var cause: String?
  /// When it came to its end.
  public var finished: Int64?
}

extension SegmentStore {
  /// Every segment that is not in the trash, drafts too, by name; all of it of one moment.
  ///
  /// - Parameter ids: nil for all segments.
  public func overviews(of ids: Set<Int64>? = nil) throws -> [SegmentOverview] {
    try database.read { db in
      let arguments = try list(of: ids)
      let records = try SegmentRecord.fetchAll(
        db, sql: selectRecord + "WHERE s.name IS NOT NULL AND \(isOne(of: ids)) ORDER BY s.name",
        arguments: arguments)
      var overviews = Dictionary(
        uniqueKeysWithValues: records.map { ($0.id, SegmentOverview(record: $0)) })
      for (segment, run) in try fetchLastRuns(of: ids, db) {
        overviews[segment]?.lastRun = run
        if run.status == .succeeded { overviews[segment]?.lastPublished = run }
      }
      for (segment, task) in try fetchLastTasks(of: ids, db) { overviews[segment]?.lastTask = task }
      return records.compactMap { overviews[$0.id] }
    }
  }

  /// The task of each segment in the last job that has it, by the segment's id; of those that have one.
  public func lastTasks(of ids: Set<Int64>) throws -> [Int64: SegmentTask] {
    try database.read { db in
      Dictionary(try fetchLastTasks(of: ids, db), uniquingKeysWith: { $1 })
    }
  }
}

/// Whether the segment `s` is one of them.
func isOne(of ids: Set<Int64>?) -> String {
  ids == nil ? "true" : "s.id IN (SELECT value FROM json_each(:ids))"
}

/// What ``isOne(of:)`` asks for.
func list(of ids: Set<Int64>?) throws -> StatementArguments {
  try ids.map { ["ids": try json($0.sorted())] } ?? []
}

/// Of each segment the last run that succeeded and the last one, which may be the same, in the order of publication.
private func fetchLastRuns(of ids: Set<Int64>?, _ db: Database) throws -> [(Int64, RunRecord)] {
  try Row.fetchAll(
    db,
    sql: selectRun + """
      WHERE r.position IN (
        SELECT (SELECT max(position) FROM run WHERE segmentId = s.id AND status = 'succeeded')
        FROM segment s WHERE s.name IS NOT NULL AND \(isOne(of: ids))
        UNION
        SELECT (SELECT max(position) FROM run WHERE segmentId = s.id)
        FROM segment s WHERE s.name IS NOT NULL AND \(isOne(of: ids)))
      ORDER BY r.position
      """, arguments: try list(of: ids)
  ).map { ($0["segmentId"], try RunRecord(row: $0)) }
}

private func fetchLastTasks(of ids: Set<Int64>?, _ db: Database) throws -> [(Int64, SegmentTask)] {
  // Left to itself, SQLite looks through all tasks of the job for each segment.
  try Row.fetchAll(
    db,
    sql: """
      SELECT t.segmentId, t.jobId, t.status, t.cause, t.finished
      FROM segment s JOIN task t INDEXED BY taskOfSegment ON t.segmentId = s.id
        AND t.jobId = (SELECT max(jobId) FROM task WHERE segmentId = s.id)
      WHERE s.name IS NOT NULL AND \(isOne(of: ids))
      """, arguments: try list(of: ids)
  ).map { row in
    let task = SegmentTask(
      job: row["jobId"], status: try stored(row, "status"), cause: row["cause"],
      finished: row["finished"])
    return (row["segmentId"], task)
  }
}
