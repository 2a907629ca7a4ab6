import GRDB

/// Where a job stands as a whole.
public enum JobState: String, Sendable, Codable, CaseIterable {
  /// Nobody has begun with it.
  case waiting
  case running
  /// Finished, and nothing failed or was canceled; tasks may have been skipped.
  case successful
  /// Finished, and a task failed.
  case failed
  /// Somebody has ended it.
  case canceled
}

extension JobRecord {
  public var state: JobState {
    guard finished != nil else { return asOf == nil ? .waiting : .running }
    let statuses = Set(tasks.map(\.state.status))
    return statuses.contains(.canceled)
      ? .canceled : statuses.contains(.failed) ? .failed : .successful
  }
}

/// Which jobs a list shows.
public struct JobFilter: Sendable, Equatable {
  /// Empty for any.
  public var states: Set<JobState>
  /// Empty for any.
  public var triggers: Set<JobTrigger>
  /// Only jobs with a task of it.
  public var segment: Int64?
  /// Only jobs with a smaller id.
  public var before: Int64?

  public init(
    states: Set<JobState> = [], triggers: Set<JobTrigger> = [], segment: Int64? = nil,
    before: Int64? = nil
  ) {
    self.states = states
    self.triggers = triggers
    self.segment = segment
    self.before = before
  }
}

/// A job in short.
public struct JobSummary: Sendable, Equatable {
  /// Without its tasks.
  public var job: JobRecord
  public var state: JobState
  /// How many tasks have which status; none that no task has.
  public var counts: [TaskStatus: Int]
}

func registerJobList(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("jobList") { db in
    try db.execute(
      sql: """
        CREATE INDEX taskStatus ON task (jobId, status);
        """)
  }
}

extension SegmentStore {
  /// Jobs without their tasks, the last one first, with how many tasks have which status.
  public func jobSummaries(_ filter: JobFilter = JobFilter(), limit: Int) throws -> [JobSummary] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT * FROM (SELECT j.*, \(state) AS state FROM job j)
          WHERE (:before IS NULL OR id < :before)
            AND (:states = '[]' OR state IN (SELECT value FROM json_each(:states)))
            AND (:triggers = '[]' OR trigger IN (SELECT value FROM json_each(:triggers)))
            AND (:segment IS NULL OR id IN (SELECT jobId FROM task WHERE segmentId = :segment))
          ORDER BY id DESC LIMIT :limit
          """,
        arguments: [
          "before": filter.before, "segment": filter.segment, "limit": limit,
          "states": try json(filter.states.map(\.rawValue)),
          "triggers": try json(filter.triggers.map(\.rawValue)),
        ]
      ).map { row in
        let job = try fetchJob(row, tasks: [])
        let counts = try Row.fetchAll(
          db, sql: "SELECT status, count(*) AS tasks FROM task WHERE jobId = ? GROUP BY status",
          arguments: [job.id]
        ).map { (try stored($0, "status") as TaskStatus, $0["tasks"] as Int) }
        return JobSummary(
          job: job, state: try stored(row, "state"),
          counts: Dictionary(uniqueKeysWithValues: counts))
      }
    }
  }

  public func unfinishedJobCount() throws -> Int {
    try database.read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM job WHERE finished IS NULL") ?? 0
    }
  }

}

/// Of a job `j`, as ``JobRecord/state`` has it.
private let state = """
  CASE
    WHEN j.finished IS NULL AND j.asOf IS NULL THEN 'waiting'
    WHEN j.finished IS NULL THEN 'running'
    WHEN EXISTS (SELECT 1 FROM task WHERE jobId = j.id AND status = 'canceled') THEN 'canceled'
    WHEN EXISTS (SELECT 1 FROM task WHERE jobId = j.id AND status = 'failed') THEN 'failed'
    ELSE 'successful'
  END
  """
