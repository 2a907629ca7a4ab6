import GRDB

func registerRuns(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("runs") { db in
    // `position` is the order of publication. Data versions and previous runs may be swept before
    // the runs that name them, so those are plain numbers.
    try db.execute(
      sql: """
        CREATE TABLE run (
          position INTEGER PRIMARY KEY AUTOINCREMENT,
          id INTEGER NOT NULL UNIQUE,
          segmentId INTEGER NOT NULL REFERENCES segment(id) ON DELETE CASCADE,
          segmentVersion INTEGER NOT NULL,
          asOf INTEGER NOT NULL,
          dataVersion INTEGER NOT NULL,
          started INTEGER NOT NULL,
          finished INTEGER NOT NULL,
          "references" TEXT NOT NULL,
          status TEXT NOT NULL CHECK (status IN ('succeeded', 'failed', 'skipped')),
          cause TEXT,
          membersFile TEXT,
          membersSha256 TEXT,
          count INTEGER,
          entered INTEGER,
          exited INTEGER,
          rules TEXT,
          previousRun INTEGER,
          FOREIGN KEY (segmentId, segmentVersion) REFERENCES segmentVersion(segmentId, number),
          CHECK ((status = 'succeeded') = (cause IS NULL)),
          CHECK ((status = 'succeeded') = (membersFile IS NOT NULL AND membersSha256 IS NOT NULL
            AND count IS NOT NULL AND entered IS NOT NULL AND exited IS NOT NULL
            AND rules IS NOT NULL))
        ) STRICT;
        CREATE INDEX runOfSegment ON run (segmentId, segmentVersion, position);
        CREATE INDEX runPublished ON run (segmentId, position) WHERE status = 'succeeded';

        CREATE TABLE runSequence (last INTEGER NOT NULL) STRICT;
        INSERT INTO runSequence (last) VALUES (0);
        """)
  }
}

extension SegmentStore {
  /// Ids for new runs, for ever theirs, whether they are published or not.
  public func reserveRuns(_ count: Int) throws -> Range<Int64> {
    precondition(count >= 0)
    return try write { db in
      let last = try Int64.fetchOne(
        db, sql: "UPDATE runSequence SET last = last + ? RETURNING last", arguments: [count])!
      return (last + 1 - Int64(count))..<(last + 1)
    }
  }

  /// Publishes the runs of a refresh, all or none: its commit point.
  ///
  /// The files with their members must be on disk before.
  ///
  /// - Parameters:
  ///   - workspaceFile: the text whose hash the runs name.
  ///   - dataFile: what they were computed from; nothing is published where another file is in force.
  public func publish(
    _ runs: [RunRecord], workspaceFile: String? = nil, from dataFile: String? = nil
  ) throws {
    try change(at: runs.map(\.finished).max() ?? 0) { change in
      try publish(runs, workspaceFile: workspaceFile, from: dataFile, change.db)
      try Outbox(change.db).tell(of: runs)
      try change.logRefresh(runs)
    }
  }

  func publish(
    _ runs: [RunRecord], workspaceFile: String?, from dataFile: String?, _ db: Database
  ) throws {
    try require(dataFile: dataFile, db)
    if let workspaceFile, !runs.isEmpty {
      try db.execute(
        sql: "INSERT OR IGNORE INTO workspaceFile VALUES (?, ?)",
        arguments: [sha256(workspaceFile), workspaceFile])
    }
    for run in runs { try insert(run, db) }
  }

  public func run(_ id: Int64) throws -> RunRecord? {
    try database.read { db in
      try RunRecord.fetchOne(db, sql: selectRun + "WHERE r.id = ?", arguments: [id])
    }
  }

  /// The runs of a segment, the last published first.
  ///
  /// - Parameter before: only those that were published before this run; none where it is kept no more.
  public func runs(of segment: String, limit: Int = Int.max, before: Int64? = nil) throws
    -> [RunRecord]
  {
    try database.read { db in
      try RunRecord.fetchAll(
        db,
        sql: selectRun + """
          WHERE s.name = ?1 AND (?2 IS NULL OR r.position < (SELECT position FROM run WHERE id = ?2))
          ORDER BY r.position DESC LIMIT ?3
          """, arguments: [segment, before, limit])
    }
  }

  /// The last succeeded run of a segment: the one that says who its members are.
  public func lastPublished(of segment: String) throws -> RunRecord? {
    try database.read { db in
      try RunRecord.fetchOne(
        db,
        sql: selectRun + """
          WHERE s.name = ? AND r.status = 'succeeded' ORDER BY r.position DESC LIMIT 1
          """, arguments: [segment])
    }
  }

  /// The last succeeded run of every segment that has one and is not in the trash, by name.
  public func allLastPublished() throws -> [RunRecord] {
    try database.read { db in
      try RunRecord.fetchAll(
        db,
        sql: selectRun + """
          WHERE r.position IN (
            SELECT max(position) FROM run WHERE status = 'succeeded' GROUP BY segmentId)
            AND s.name IS NOT NULL
          ORDER BY s.name
          """)
    }
  }

  /// The ids of the segments that were published once, those in the trash too.
  public func publishedSegments() throws -> Set<Int64> {
    try database.read { db in
      try Int64.fetchSet(
        db,
        sql: """
          SELECT id FROM segment s
          WHERE EXISTS (SELECT 1 FROM run WHERE segmentId = s.id AND status = 'succeeded')
          """)
    }
  }

  /// All runs that succeeded, or all that did not, in the order of publication.
  public func runs(succeeded: Bool) throws -> [RunRecord] {
    try database.read { db in
      try RunRecord.fetchAll(
        db, sql: selectRun + "WHERE (r.status = 'succeeded') = ? ORDER BY r.position",
        arguments: [succeeded])
    }
  }

  /// Names of the member files that are kept; every other one can be swept.
  public func memberFilesInUse() throws -> Set<String> {
    try database.read { db in
      try String.fetchSet(
        db,
        sql: "SELECT membersFile FROM run WHERE status = 'succeeded' AND membersGone IS NULL")
    }
  }
}

let selectRun = """
  SELECT r.*, coalesce(s.name, s.trashedName) AS segment FROM run r JOIN segment s ON s.id = r.segmentId

  """

private func insert(_ run: RunRecord, _ db: Database) throws {
  let found =
    try run.segmentID
    ?? Int64.fetchOne(db, sql: "SELECT id FROM segment WHERE name = ?", arguments: [run.segment])
  guard let segment = found else { throw SegmentStoreError.unknownSegment(run.segment) }
  let isDraft = try Bool.fetchOne(
    db, sql: "SELECT isDraft FROM segmentVersion WHERE segmentId = ? AND number = ?",
    arguments: [segment, run.segmentVersion])
  guard isDraft == false || (isDraft == true && run.result == nil) else {
    throw SegmentStoreError.unknownVersion(segment: run.segment, number: run.segmentVersion)
  }
  let result = run.result
  try db.execute(
    sql: """
      INSERT INTO run (id, segmentId, segmentVersion, asOf, dataVersion, started, finished,
        "references", status, cause, membersFile, membersSha256, count, entered, exited, rules,
        previousRun, workspaceFile)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
    arguments: [
      run.id, segment, run.segmentVersion, run.asOf, run.dataVersion, run.started, run.finished,
      json(run.references), run.status.rawValue, run.cause, result?.members.name,
      result?.members.sha256, result?.count, result?.entered, result?.exited,
      result.map { try json($0.rules) }, result?.previousRun,
      run.workspaceFile,
    ])
}

extension RunRecord: FetchableRecord {
  public init(row: Row) throws {
    let outcome: Outcome
    switch RunStatus(rawValue: row["status"]) {
    case .failed: outcome = .failed(cause: row["cause"])
    case .skipped: outcome = .skipped(cause: row["cause"])
    case .succeeded, nil:
      var members = MembersFile(name: row["membersFile"], sha256: row["membersSha256"])
      members.gone = row["membersGone"]
      outcome = .succeeded(
        RunResult(
          members: members, count: row["count"], entered: row["entered"], exited: row["exited"],
          erased: row["erased"], rules: try decode(row["rules"]), previousRun: row["previousRun"]))
    }
    self.init(
      id: row["id"], segment: row["segment"], segmentID: row["segmentId"],
      segmentVersion: row["segmentVersion"],
      asOf: row["asOf"], dataVersion: row["dataVersion"], started: row["started"],
      finished: row["finished"], references: try decodeReferences(row["references"]),
      outcome: outcome,
      workspaceFile: row["workspaceFile"])
  }
}

/// Most runs have none, which needs no decoder.
private func decodeReferences(_ json: String) throws -> [RunReference] {
  json == "[]" ? [] : try decode(json)
}

extension Change {
  /// An entry about a refresh that no job tells of.
  func logRefresh(_ runs: [RunRecord]) throws {
    guard let first = runs.first else { return }
    let counts = Dictionary(grouping: runs, by: \.status).mapValues(\.count)
    let facts = counts.map { ($0.key.rawValue, AuditValue.count($0.value)) }
    try log(
      .segmentsRefreshed,
      after: Dictionary(uniqueKeysWithValues: facts).merging([
        "runs": .list(runs.map { "\($0.id)" }), "dataVersion": .number(first.dataVersion),
      ]) { $1 })
  }
}
