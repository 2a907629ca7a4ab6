import GRDB
import SegmentCompiler

/// Something wrong in the store.
public struct StoreProblem: Sendable, Equatable {
  public enum Cause: Sendable, Equatable {
    /// SQLite's own structure; an index can be made anew.
    case structure
    /// A counter is behind what it has given out.
    case sequence
    /// What a row says cannot be known any more.
    case row
  }

  public var cause: Cause
  /// Such as `run 7`.
  public var about: String
  public var problem: String
}

extension SegmentStore {
  /// Verifies everything that the store can tell by itself: SQLite's structure, references, documents in
  /// columns, hashes and counters.
  public func check() throws -> [StoreProblem] {
    try database.read { db in
      var check = StoreCheck(db: db)
      try check.structure()
      guard check.problems.isEmpty else { return check.problems }
      try check.segments()
      try check.runs()
      try check.data()
      try check.sequences()
      return check.problems
    }
  }

  /// Makes every index anew.
  public func reindex() throws {
    try write { try $0.execute(sql: "REINDEX") }
  }

  /// Sets the counters behind everything that they have given out.
  public func raiseSequences() throws {
    try write { db in
      try db.execute(
        sql: """
          UPDATE runSequence SET last = max(last, (SELECT coalesce(max(id), 0) FROM run));
          UPDATE loadSequence SET
            lastPart = max(lastPart, (SELECT coalesce(max(id), 0) FROM part)),
            lastFile = max(lastFile, (
              SELECT coalesce(max(json_extract(f.value, '$.id')), 0) FROM part,
                json_each(CASE WHEN json_valid(files) THEN files ELSE '[]' END) AS f))
          """)
    }
  }

  /// How many rows of each kind there are, for reports.
  public func counts() throws -> (segments: Int, versions: Int, runs: Int, dataVersions: Int) {
    try database.read { db in
      let count = { (table: String) in
        try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
      }
      return (
        try count("segment"), try count("segmentVersion"), try count("run"),
        try count("dataVersion")
      )
    }
  }

  /// Succeeded runs whose members are kept, in the order of publication.
  public func runsWithMembers() throws -> [RunRecord] {
    try runs(succeeded: true).filter { $0.result?.members.gone == nil }
  }

  /// The ids of the last published run of each segment, and of the one before it.
  public func runsInForce() throws -> Set<Int64> {
    try database.read { try Int64.fetchSet($0, sql: runsInForceSQL) }
  }
}

private struct StoreCheck {
  let db: Database
  var problems: [StoreProblem] = []

  private mutating func note(
    _ about: String, _ problem: String, _ cause: StoreProblem.Cause = .row
  ) {
    problems.append(StoreProblem(cause: cause, about: about, problem: problem))
  }

  mutating func structure() throws {
    for line in try String.fetchAll(db, sql: "PRAGMA integrity_check") where line != "ok" {
      note("the database", line, .structure)
    }
    for row in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check") {
      let table: String = row["table"]
      let parent: String = row["parent"]
      note("table \(table)", "A row refers to one of \(parent) that does not exist.")
    }
    let files = try Int.fetchOne(db, sql: "SELECT count(*) FROM dataFile") ?? 0
    if files != 1 { note("the data file", "Its name is stored \(files) times.") }
  }

  mutating func segments() throws {
    let lost = try Row.fetchAll(
      db,
      sql: """
        SELECT coalesce(name, trashedName) AS name, version FROM segment AS s WHERE NOT EXISTS (
          SELECT 1 FROM segmentVersion WHERE segmentId = s.id AND number = s.version)
        """)
    for row in lost {
      let (name, version): (String, Int) = (row["name"], row["version"])
      note("segment '\(name)'", "Its current version \(version) does not exist.")
    }
    for version in try fetchAllVersions(db) where version.contentHash != sha256(version.definition)
    {
      note(
        "version \(version.number) of segment '\(version.segment)'",
        "The definition does not match its hash.")
    }
    for row in try Row.fetchAll(db, sql: "SELECT sha256, text FROM workspaceFile") {
      let (hash, text): (String, String) = (row["sha256"], row["text"])
      if hash != sha256(text) {
        note("workspace file \(hash)", "The text does not match its hash.")
      }
    }
  }

  mutating func runs() throws {
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT id, \"references\", rules, workspaceFile FROM run")
    while let row = try cursor.next() {
      let id: Int64 = row["id"]
      read([RunReference].self, row["references"], of: "run \(id)", "references")
      if let rules: String = row["rules"] {
        read([RuleCount].self, rules, of: "run \(id)", "rules")
      }
    }
  }

  mutating func data() throws {
    for row in try Row.fetchAll(db, sql: "SELECT * FROM part ORDER BY id") {
      let (id, table): (Int64, String) = (row["id"], row["tableName"])
      let about = "part \(table)@\(id)"
      read([Route].self, row["routes"], of: about, "routes")
      read([SourceFile].self, row["files"], of: about, "files")
      let attributes = read([[String]].self, row["attributes"], of: about, "attributes") ?? []
      for pair in attributes where pair.count != 2 || AttributeType(name: pair[1]) == nil {
        note(about, "The attribute \(pair.first ?? "?") has no known type.")
      }
      if let text: String = row["content"] { read(TableContent.self, text, of: about, "content") }
      if let text: String = row["lineage"] { read(Lineage.self, text, of: about, "lineage") }
    }
    let doubled = try Row.fetchAll(
      db,
      sql: """
        SELECT v.dataVersionId AS version, p.tableName AS name
        FROM dataVersionPart v JOIN part p ON p.id = v.partId GROUP BY 1, 2 HAVING count(*) > 1
        """)
    for row in doubled {
      let (version, name): (Int64, String) = (row["version"], row["name"])
      note("data version \(version)", "It has more than one part of \(name).")
    }
    for row in try Row.fetchAll(db, sql: "SELECT tableName, attribute, type FROM attributeType") {
      let (table, attribute, type): (String, String, String) = (row[0], row[1], row[2])
      if AttributeType(name: type) == nil {
        note("the type of \(table).\(attribute)", "'\(type)' is no type.")
      }
    }
  }

  mutating func sequences() throws {
    let behind = [
      ("runs", "SELECT (SELECT last FROM runSequence) < (SELECT max(id) FROM run)"),
      ("parts", "SELECT (SELECT lastPart FROM loadSequence) < (SELECT max(id) FROM part)"),
      (
        "files",
        """
        SELECT (SELECT lastFile FROM loadSequence) < (SELECT max(json_extract(f.value, '$.id'))
          FROM part, json_each(CASE WHEN json_valid(files) THEN files ELSE '[]' END) AS f)
        """
      ),
    ]
    for (what, sql) in behind where try Bool.fetchOne(db, sql: sql) == true {
      note("the counter of \(what)", "It is behind numbers that are given.", .sequence)
    }
  }

  @discardableResult
  private mutating func read<Value: Decodable>(
    _ type: Value.Type, _ text: String, of about: String, _ column: String
  ) -> Value? {
    if let value: Value = try? decode(text) { return value }
    note(about, "Its \(column) cannot be read.")
    return nil
  }
}
