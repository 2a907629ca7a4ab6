import GRDB
import SegmentCompiler

/// How much of something old stays.
public enum Kept: Sendable, Equatable {
  case all
  /// That many, the last ones.
  case last(Int)
  /// Those from that instant on.
  case since(Int64)
}

/// What stays of that which is no longer in force.
///
/// In force are the data version published last, and of each segment the last published run and the one
/// before it, with their members and the data versions that they read.
public struct RetentionRules: Sendable, Equatable {
  public var dataVersions: Kept
  /// Of each segment: runs that keep their members.
  public var members: Kept
  /// Of each segment: runs of which a record stays. One that keeps its members keeps its record.
  public var runs: Kept
  /// Segments in the trash.
  public var trash: Kept
  /// Finished jobs, with their tasks.
  public var jobs: Kept
  /// Entries of the audit log.
  public var audit: Kept

  public init(
    dataVersions: Kept, members: Kept, runs: Kept, trash: Kept = .all, jobs: Kept = .all,
    audit: Kept = .all
  ) {
    self.dataVersions = dataVersions
    self.members = members
    self.runs = runs
    self.trash = trash
    self.jobs = jobs
    self.audit = audit
  }
}

/// What is given up because no rule keeps it.
public struct Expired: Sendable, Equatable {
  public var dataVersions: [Int64] = []
  /// That no other data version has.
  public var parts: [Part] = []
  /// Names of member files.
  public var members: [String] = []
  /// Ids of run records.
  public var runs: [Int64] = []
  /// Segments that were in the trash, with their versions and runs.
  public var trash: [SegmentRecord] = []
  /// Ids of jobs.
  public var jobs: [Int64] = []
  /// How many entries of the audit log.
  public var auditEntries = 0
  /// Those before it go.
  var auditSince: Int64?

  public init() {}

  public var isEmpty: Bool { self == Expired() }
}

func registerRetention(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("retention") { db in
    // `membersGone` is when members were given up. `workspaceFile` is the text that the run was planned with:
    // without it an old run would be read as if the file had always been what it is now.
    try db.execute(
      sql: """
        CREATE TABLE workspaceFile (
          sha256 TEXT NOT NULL PRIMARY KEY,
          text TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        ALTER TABLE run ADD COLUMN membersGone INTEGER;
        ALTER TABLE run ADD COLUMN workspaceFile TEXT REFERENCES workspaceFile(sha256);
        CREATE INDEX runWithMembers ON run (segmentId, position)
          WHERE status = 'succeeded' AND membersGone IS NULL;
        CREATE INDEX runOfWorkspaceFile ON run (workspaceFile);
        """)
  }
}

extension SegmentStore {
  /// What the rules no longer keep.
  ///
  /// - Parameter lent: data versions that are being read; they stay.
  public func expired(by rules: RetentionRules, lent: Set<Int64>) throws -> Expired {
    try database.read { try findExpired(rules, lent, $0) }
  }

  /// Gives up what the rules no longer keep, and returns it: from then on nothing refers to it, and it can be
  /// removed.
  public func expire(by rules: RetentionRules, lent: Set<Int64>, at time: Int64) throws -> Expired {
    guard try !expired(by: rules, lent: lent).isEmpty else { return Expired() }
    return try change(at: time) { change in
      let db = change.db
      let expired = try findExpired(rules, lent, db)
      try db.execute(
        sql: "DELETE FROM segment WHERE id IN (SELECT value FROM json_each(?))",
        arguments: [json(expired.trash.map(\.id))])
      try db.execute(
        sql: """
          UPDATE run SET membersGone = ?
          WHERE membersGone IS NULL AND membersFile IN (SELECT value FROM json_each(?))
          """, arguments: [time, json(expired.members)])
      try db.execute(
        sql: "DELETE FROM run WHERE id IN (SELECT value FROM json_each(?))",
        arguments: [json(expired.runs)])
      try db.execute(
        sql: "DELETE FROM job WHERE id IN (SELECT value FROM json_each(?))",
        arguments: [json(expired.jobs)])
      try db.execute(
        sql: "DELETE FROM dataVersion WHERE id IN (SELECT value FROM json_each(?))",
        arguments: [json(expired.dataVersions)])
      try db.execute(sql: "DELETE FROM part WHERE id NOT IN (SELECT partId FROM dataVersionPart)")
      try db.execute(
        sql: """
          DELETE FROM workspaceFile WHERE NOT EXISTS (
            SELECT 1 FROM run WHERE run.workspaceFile = workspaceFile.sha256)
          """)
      if let since = expired.auditSince { try expireAudit(before: since, db) }
      for record in expired.trash {
        try change.log(.segmentPurged, record.auditObject)
      }
      try change.log(.retentionApplied, after: expired.auditFacts)
      return expired
    }
  }

  /// Data versions that only segments keep, with these by name: their runs in force have read them.
  public func dataVersionsKeptBySegments(beyond rule: Kept) throws -> [Int64: [String]] {
    try database.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT DISTINCT r.dataVersion, coalesce(s.name, s.trashedName) AS name
          FROM run r JOIN segment s ON s.id = r.segmentId JOIN dataVersion d ON d.id = r.dataVersion
          WHERE r.id IN (\(runsInForceSQL)) AND d.id < (SELECT max(id) FROM dataVersion)
            AND NOT (\(rule.condition("d.id", published: "d.published")))
          ORDER BY r.dataVersion, name
          """)
      return rows.reduce(into: [:]) { $0[$1["dataVersion"], default: []].append($1["name"]) }
    }
  }

  public func dataVersions() throws -> Set<Int64> {
    try database.read { try Int64.fetchSet($0, sql: "SELECT id FROM dataVersion") }
  }

  /// The texts of all workspace files that runs were planned with.
  public func workspaceFiles() throws -> [String] {
    try database.read { try String.fetchAll($0, sql: "SELECT text FROM workspaceFile") }
  }

  /// The text of a workspace file that runs were planned with.
  public func workspaceFile(sha256: String) throws -> String? {
    try database.read { db in
      try String.fetchOne(
        db, sql: "SELECT text FROM workspaceFile WHERE sha256 = ?", arguments: [sha256])
    }
  }
}

/// Of each segment the last published run and the one before it.
let runsInForceSQL = """
  SELECT r.id FROM segment s JOIN run r ON r.position =
    (SELECT max(position) FROM run WHERE segmentId = s.id AND status = 'succeeded')
  UNION
  SELECT r.previousRun FROM segment s JOIN run r ON r.position =
    (SELECT max(position) FROM run WHERE segmentId = s.id AND status = 'succeeded')
  WHERE r.previousRun IS NOT NULL
  """

private func findExpired(_ rules: RetentionRules, _ lent: Set<Int64>, _ db: Database) throws
  -> Expired
{
  var expired = Expired()
  if rules.trash != .all { expired.trash = try expiredTrash(rules.trash, db) }
  if rules.members != .all { expired.members = try expiredMembers(rules.members, db) }
  expired.members += try String.fetchAll(
    db,
    sql: """
      SELECT membersFile FROM run
      WHERE membersFile IS NOT NULL AND membersGone IS NULL
        AND segmentId IN (SELECT value FROM json_each(?))
        AND membersFile NOT IN (SELECT value FROM json_each(?))
      ORDER BY id
      """, arguments: [json(expired.trash.map(\.id)), json(expired.members)])
  if rules.runs != .all { expired.runs = try expiredRuns(rules.runs, expired.members, db) }
  if rules.jobs != .all { expired.jobs = try expiredJobs(rules.jobs, db) }
  if rules.audit != .all {
    (expired.auditEntries, expired.auditSince) = try expiredAudit(rules.audit, db)
  }
  expired.dataVersions = try expiredDataVersions(rules.dataVersions, lent, db)
  expired.parts = try Row.fetchAll(
    db,
    sql: """
      SELECT * FROM part WHERE id NOT IN (
        SELECT partId FROM dataVersionPart
        WHERE dataVersionId NOT IN (SELECT value FROM json_each(?)))
      ORDER BY id
      """, arguments: [json(expired.dataVersions)]
  ).map { try PartRecord($0).part }
  return expired
}

private func expiredTrash(_ rule: Kept, _ db: Database) throws -> [SegmentRecord] {
  let kept =
    switch rule {
    case .all: "true"
    case .last(let count):
      "s.id IN (SELECT id FROM segment WHERE trashed IS NOT NULL ORDER BY trashed DESC, id DESC LIMIT \(count))"
    case .since(let time): "s.trashed >= \(time)"
    }
  // What is in force of others needs the runs that it has read.
  return try SegmentRecord.fetchAll(
    db,
    sql: selectRecord + """
      WHERE s.trashed IS NOT NULL AND NOT (\(kept)) AND s.id NOT IN (
        SELECT read.segmentId FROM run user
        JOIN segment owner ON owner.id = user.segmentId AND owner.trashed IS NULL,
          json_each(CASE WHEN json_valid(user."references") THEN user."references" ELSE '[]' END) AS r
        JOIN run read ON read.id = json_extract(r.value, '$.run')
        WHERE user."references" <> '[]' AND user.id IN (\(runsInForceSQL)))
      ORDER BY s.id
      """)
}

private func expiredJobs(_ rule: Kept, _ db: Database) throws -> [Int64] {
  try Int64.fetchAll(
    db,
    sql: """
      WITH ended AS (
        SELECT id, finished, row_number() OVER (ORDER BY finished DESC, id DESC) AS age
        FROM job WHERE finished IS NOT NULL
      )
      SELECT id FROM ended WHERE NOT (\(rule.condition(age: "age", finished: "finished"))) ORDER BY id
      """)
}

/// How many entries go, and before which instant.
private func expiredAudit(_ rule: Kept, _ db: Database) throws -> (Int, Int64?) {
  let since: Int64? =
    switch rule {
    case .all: nil
    case .since(let time): time
    // Those of one instant stay together.
    case .last(let count):
      try Int64.fetchOne(
        db, sql: "SELECT time FROM auditEntry ORDER BY time DESC LIMIT 1 OFFSET ?",
        arguments: [max(0, count - 1)])
    }
  guard let since else { return (0, nil) }
  let count =
    try Int.fetchOne(
      db, sql: "SELECT count(*) FROM auditEntry WHERE time < ?", arguments: [since]) ?? 0
  return count == 0 ? (0, nil) : (count, since)
}

private func expiredMembers(_ rule: Kept, _ db: Database) throws -> [String] {
  // A run that stays needs the members of the runs that it refers to, but not what those referred to.
  try String.fetchAll(
    db,
    sql: """
      WITH held AS (
        SELECT id, membersFile, "references", finished,
          row_number() OVER (PARTITION BY segmentId ORDER BY position DESC) AS age
        FROM run WHERE status = 'succeeded' AND membersGone IS NULL
      ), kept AS (
        SELECT id, "references" FROM held
        WHERE \(rule.condition(age: "age", finished: "finished")) OR id IN (\(runsInForceSQL))
      )
      SELECT membersFile FROM held
      WHERE id NOT IN (
        SELECT id FROM kept
        UNION
        SELECT coalesce(json_extract(r.value, '$.run'), 0) FROM kept,
          json_each(CASE WHEN json_valid("references") THEN "references" ELSE '[]' END) AS r
        WHERE "references" <> '[]')
      ORDER BY id
      """)
}

private func expiredRuns(_ rule: Kept, _ members: [String], _ db: Database) throws -> [Int64] {
  try Int64.fetchAll(
    db,
    sql: """
      WITH every AS (
        SELECT id, status, membersFile, membersGone, finished,
          row_number() OVER (PARTITION BY segmentId ORDER BY position DESC) AS age FROM run
      )
      SELECT id FROM every
      WHERE NOT (\(rule.condition(age: "age", finished: "finished"))) AND age > 1
        AND (status <> 'succeeded' OR membersGone IS NOT NULL
          OR membersFile IN (SELECT value FROM json_each(?)))
      ORDER BY id
      """, arguments: [json(members)])
}

private func expiredDataVersions(_ rule: Kept, _ lent: Set<Int64>, _ db: Database) throws
  -> [Int64]
{
  try Int64.fetchAll(
    db,
    sql: """
      SELECT id FROM dataVersion
      WHERE NOT (\(rule.condition("id", published: "published")))
        AND id < (SELECT max(id) FROM dataVersion)
        AND id NOT IN (SELECT dataVersion FROM run WHERE id IN (\(runsInForceSQL)))
        AND id NOT IN (SELECT value FROM json_each(?))
      ORDER BY id
      """, arguments: [json(lent.sorted())])
}

extension Expired {
  fileprivate var auditFacts: AuditDetails {
    .facts([
      "dataVersions": .several(dataVersions.count), "parts": .several(parts.count),
      "members": .several(members.count), "runs": .several(runs.count),
      "trash": .several(trash.count), "jobs": .several(jobs.count),
      "auditEntries": .several(auditEntries),
    ])
  }
}

extension Kept {
  /// Of runs or jobs that are numbered from the last one, counted from 1.
  fileprivate func condition(age: String, finished: String) -> String {
    switch self {
    case .all: "true"
    case .last(let count): "\(age) <= \(count)"
    case .since(let time): "\(finished) >= \(time)"
    }
  }

  /// Of data versions.
  fileprivate func condition(_ id: String, published: String) -> String {
    switch self {
    case .all: "true"
    case .last(let count):
      "\(id) IN (SELECT id FROM dataVersion ORDER BY id DESC LIMIT \(count))"
    case .since(let time): "\(published) >= \(time)"
    }
  }
}
