import GRDB

func registerJobs(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("jobs") { db in
    // Names and segments are those of when the job was made: a job is history, whatever becomes of them.
    try db.execute(
      sql: """
        CREATE TABLE job (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          trigger TEXT NOT NULL,
          author TEXT,
          requested INTEGER NOT NULL,
          asOf INTEGER,
          dataVersion INTEGER,
          finished INTEGER
        ) STRICT;
        CREATE INDEX jobUnfinished ON job (id) WHERE finished IS NULL;

        CREATE TABLE task (
          jobId INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE,
          id INTEGER NOT NULL,
          kind TEXT NOT NULL CHECK (kind IN ('load', 'segment')),
          name TEXT NOT NULL,
          segmentId INTEGER,
          dependsOn TEXT NOT NULL,
          status TEXT NOT NULL,
          attempts INTEGER NOT NULL,
          retryAt INTEGER,
          cause TEXT,
          started INTEGER,
          finished INTEGER,
          run INTEGER,
          PRIMARY KEY (jobId, id),
          CHECK ((status IN ('successful', 'failed', 'skipped', 'canceled')) = (finished IS NOT NULL)),
          CHECK ((status = 'failureRetrying') = (retryAt IS NOT NULL))
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX taskOfSegment ON task (segmentId, jobId);

        CREATE TABLE setting (
          name TEXT NOT NULL PRIMARY KEY,
          value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """)
  }
}

extension SegmentStore {
  /// Stores a new job with its tasks.
  ///
  /// - Parameter also: done by the same transaction.
  public func createJob(
    _ tasks: [TaskRecord], trigger: JobTrigger, at time: Int64,
    also: (StoreSettings) throws -> Void = { _ in }
  ) throws -> JobRecord {
    try change(at: time) { change in
      let db = change.db
      try also(StoreSettings(db: db))
      try db.execute(
        sql: "INSERT INTO job (trigger, author, requested) VALUES (?, ?, ?)",
        arguments: [trigger.rawValue, author.name, time])
      let id = db.lastInsertedRowID
      for task in tasks { try writeTask(task, of: id, db) }
      let counts = Dictionary(grouping: tasks, by: \.kind).mapValues(\.count)
      try change.log(
        .jobRequested, AuditObject("job \(id)", id: "\(id)"),
        after: .facts([
          "trigger": .text(trigger.rawValue), "segments": .count(counts[.segment] ?? 0),
          "tables": .several(counts[.load] ?? 0),
        ]))
      return JobRecord(
        id: id, trigger: trigger, author: author.name, requested: time, tasks: tasks)
    }
  }

  /// Stores where a job stands, with the tasks that have changed, and publishes runs: all of it or nothing.
  ///
  /// - Parameters:
  ///   - changed: numbers of tasks.
  ///   - runs: what they have computed; their members are on disk.
  public func save(
    _ job: JobRecord, tasks changed: Set<Int>, runs: [RunRecord] = [],
    workspaceFile: String? = nil, from dataFile: String? = nil
  ) throws {
    try write { db in
      try publish(runs, workspaceFile: workspaceFile, from: dataFile, db)
      try db.execute(
        sql: "UPDATE job SET asOf = ?, dataVersion = ?, finished = ? WHERE id = ?",
        arguments: [job.asOf, job.dataVersion, job.finished, job.id])
      let outbox = try Outbox(db)
      let endedBefore = outbox.isClosed ? [] : try endedTasks(of: job.id, db)
      for task in job.tasks where changed.contains(task.id) { try writeTask(task, of: job.id, db) }
      try outbox.tell(of: job, ended: changed.subtracting(endedBefore), runs: runs)
    }
  }

  public func job(_ id: Int64) throws -> JobRecord? {
    try database.read { db in try fetchJobs(db, "WHERE id = ?", [id]).first }
  }

  /// Jobs that have tasks to do, the first one first.
  public func unfinishedJobs() throws -> [JobRecord] {
    try database.read { db in try fetchJobs(db, "WHERE finished IS NULL ORDER BY id", []) }
  }

  // MARK: Settings

  /// The value of a setting, as JSON.
  public func setting(_ name: String) throws -> String? {
    try database.read { try StoreSettings(db: $0)[name] }
  }

  /// Sets what somebody chose.
  ///
  /// - Parameters:
  ///   - object: what the audit log calls it.
  ///   - also: done by the same transaction.
  public func changeSetting(
    _ name: String, to value: String, called object: String, at time: Int64,
    also: (StoreSettings) throws -> Void = { _ in }
  ) throws {
    try change(at: time) { change in
      let settings = StoreSettings(db: change.db)
      let before = try settings[name]
      try settings.set(name, to: value)
      try also(settings)
      try change.log(
        .settingsChanged, AuditObject(object), before: .facts([object: before.map { .text($0) }]),
        after: [object: .text(value)])
    }
  }

  /// Notes in one transaction what is nobody's choice: how far something has come.
  public func noteSettings(_ body: (StoreSettings) throws -> Void) throws {
    try write { try body(StoreSettings(db: $0)) }
  }
}

/// What the workspace keeps besides its segments, by name, within one transaction. Values are JSON.
public struct StoreSettings {
  let db: Database

  public subscript(name: String) -> String? {
    get throws {
      try String.fetchOne(db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
    }
  }

  public func set(_ name: String, to value: String) throws {
    try db.execute(
      sql:
        "INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      arguments: [name, value])
  }
}

extension SegmentEdits {
  /// Of the same transaction.
  public var settings: StoreSettings { StoreSettings(db: db) }
}

private func writeTask(_ task: TaskRecord, of job: Int64, _ db: Database) throws {
  try db.execute(
    sql: "INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    arguments: [
      job, task.id, task.kind.rawValue, task.name, task.segmentID, json(task.dependsOn),
      task.state.status.rawValue, task.state.attempts, task.state.retryAt, task.state.cause,
      task.started, task.finished, task.run,
    ])
}

/// Numbers of the tasks to which nothing can happen any more.
private func endedTasks(of job: Int64, _ db: Database) throws -> Set<Int> {
  try Int.fetchSet(
    db, sql: "SELECT id FROM task WHERE jobId = ? AND finished IS NOT NULL", arguments: [job])
}

private func fetchJobs(_ db: Database, _ condition: String, _ arguments: StatementArguments) throws
  -> [JobRecord]
{
  try Row.fetchAll(db, sql: "SELECT * FROM job \(condition)", arguments: arguments).map { row in
    let tasks = try Row.fetchAll(
      db, sql: "SELECT * FROM task WHERE jobId = ? ORDER BY id", arguments: [row["id"] as Int64])
    return try fetchJob(row, tasks: tasks.map(fetchTask))
  }
}

func fetchJob(_ row: Row, tasks: [TaskRecord]) throws -> JobRecord {
  JobRecord(
    id: row["id"], trigger: try stored(row, "trigger"), author: row["author"],
    requested: row["requested"], asOf: row["asOf"], dataVersion: row["dataVersion"],
    finished: row["finished"], tasks: tasks)
}

private func fetchTask(_ row: Row) throws -> TaskRecord {
  var task = TaskRecord(
    id: row["id"], kind: try stored(row, "kind"), name: row["name"], segmentID: row["segmentId"],
    dependsOn: try decode(row["dependsOn"]),
    state: TaskState(
      status: try stored(row, "status"), attempts: row["attempts"], retryAt: row["retryAt"],
      cause: row["cause"]))
  task.started = row["started"]
  task.finished = row["finished"]
  task.run = row["run"]
  return task
}
