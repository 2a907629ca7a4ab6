import GRDB
import SegmentCompiler

/// A part with what it was made from.
public struct PartRecord: Sendable, Equatable {
  public var part: Part
  /// Hash of everything that decides the part's content but its rows: the table's definition.
  public var definition: String
  /// Hash of ``definition``, the files and the parts that its routes depend on; equal ones need no new part.
  public var fingerprint: String
  /// In the order of their paths; empty for derived tables.
  public var files: [SourceFile]
  /// Stored attributes, calculated ones left out, in the order of the columns.
  public var attributes: [Attribute]
  /// nil for parts that were made before it was recorded.
  public var lineage: Lineage?
  /// nil for parts that were made before it was recorded.
  public var content: TableContent?

  public init(
    part: Part, definition: String, fingerprint: String, files: [SourceFile],
    attributes: [Attribute], lineage: Lineage? = nil, content: TableContent? = nil
  ) {
    self.part = part
    self.definition = definition
    self.fingerprint = fingerprint
    self.files = files
    self.attributes = attributes
    self.lineage = lineage
    self.content = content
  }
}

/// What says whose the rows of a part are, as it was when the part was made.
public struct Lineage: Sendable, Equatable, Codable {
  /// Those of which the table is the source.
  public var relationships: [Relationship]
  /// Of a derived table.
  public var derivation: Derivation?

  /// The key of a derived table and the attribute that its rows are the values of.
  public struct Derivation: Sendable, Equatable, Codable {
    public var key: String
    public var origin: KeyPlace

    public init(key: String, origin: KeyPlace) {
      self.key = key
      self.origin = origin
    }
  }

  public init(relationships: [Relationship], derivation: Derivation? = nil) {
    self.relationships = relationships
    self.derivation = derivation
  }
}

/// A file that rows came from, as it was when they were read.
public struct SourceFile: Sendable, Hashable, Codable {
  /// Never given to another content: row ids are made from it.
  public var id: Int64
  /// Below the workspace.
  public var path: String
  public var size: Int64
  /// Microseconds since 1970-01-01T00:00:00Z.
  public var modified: Int64
  /// In hexadecimal digits.
  public var sha256: String

  public init(id: Int64, path: String, size: Int64, modified: Int64, sha256: String) {
    self.id = id
    self.path = path
    self.size = size
    self.modified = modified
    self.sha256 = sha256
  }
}

func registerLoads(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("loads") { db in
    try db.execute(
      sql: """
        CREATE TABLE dataVersion (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          published INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE part (
          id INTEGER PRIMARY KEY,
          tableName TEXT NOT NULL,
          rows INTEGER NOT NULL,
          routes TEXT NOT NULL,
          definition TEXT NOT NULL,
          fingerprint TEXT NOT NULL,
          files TEXT NOT NULL,
          attributes TEXT NOT NULL
        ) STRICT;

        CREATE TABLE dataVersionPart (
          dataVersionId INTEGER NOT NULL REFERENCES dataVersion(id) ON DELETE CASCADE,
          partId INTEGER NOT NULL REFERENCES part(id),
          PRIMARY KEY (dataVersionId, partId)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX dataVersionOfPart ON dataVersionPart (partId);

        CREATE TABLE attributeType (
          tableName TEXT NOT NULL,
          attribute TEXT NOT NULL,
          type TEXT NOT NULL,
          PRIMARY KEY (tableName, attribute)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE loadSequence (lastPart INTEGER NOT NULL, lastFile INTEGER NOT NULL) STRICT;
        INSERT INTO loadSequence VALUES (0, 0);
        """)
  }
}

extension SegmentStore {
  /// Ids for new parts, for ever theirs, whether they are published or not.
  public func reserveParts(_ count: Int) throws -> Range<Int64> {
    try reserve("lastPart", count)
  }

  /// Ids for the contents of files, for ever theirs.
  public func reserveFiles(_ count: Int) throws -> Range<Int64> {
    try reserve("lastFile", count)
  }

  private func reserve(_ column: String, _ count: Int) throws -> Range<Int64> {
    try write { db in
      let last = try Int64.fetchOne(
        db, sql: "UPDATE loadSequence SET \(column) = \(column) + ? RETURNING \(column)",
        arguments: [count])!
      return (last + 1 - Int64(count))..<(last + 1)
    }
  }

  /// Publishes a data version: the commit point of a load.
  ///
  /// The parts must be on disk before. Those that are published already are kept as they are, but
  /// for where their files are now.
  ///
  /// - Parameters:
  ///   - types: fixed from now on, by table; those of tables without a part are forgotten.
  ///   - suppressed: keys that the load found to be those of erased profiles.
  ///   - dictionaries: how large they are now, by audience.
  ///   - dataFile: where the parts are; nothing is published where another file is in force.
  @discardableResult
  public func publish(
    parts: [PartRecord], types: [String: [Attribute]], suppressed: SuppressionList? = nil,
    dictionaries: [String: DictionarySize] = [:], in dataFile: String? = nil, at time: Int64
  ) throws -> DataVersion {
    try change(at: time) { change in
      let db = change.db
      try require(dataFile: dataFile, db)
      if let suppressed { try suppress(suppressed, db) }
      try note(dictionaries, db)
      try db.execute(sql: "INSERT INTO dataVersion (published) VALUES (?)", arguments: [time])
      let id = db.lastInsertedRowID
      for record in parts {
        try insert(record, db)
        try db.execute(
          sql: "INSERT INTO dataVersionPart VALUES (?, ?)", arguments: [id, record.part.id])
      }
      let tables = Set(parts.map(\.part.table))
      for table in try String.fetchSet(db, sql: "SELECT DISTINCT tableName FROM attributeType")
      where !tables.contains(table) {
        try db.execute(sql: "DELETE FROM attributeType WHERE tableName = ?", arguments: [table])
      }
      for (table, attributes) in types {
        for attribute in attributes {
          try db.execute(
            sql: """
              INSERT INTO attributeType VALUES (?, ?, ?)
              ON CONFLICT DO UPDATE SET type = excluded.type
              """, arguments: [table, attribute.name, attribute.type.name])
        }
      }
      try change.log(
        .dataLoaded, AuditObject("data version \(id)", id: "\(id)"),
        after: [
          "tables": .count(parts.count), "rows": .number(parts.reduce(0) { $0 + $1.part.rows }),
        ])
      return DataVersion(
        id: id, parts: Dictionary(uniqueKeysWithValues: parts.map { ($0.part.table, $0.part) }))
    }
  }

  /// Notes where the files of published parts are now and when they were written to; their contents are the same.
  public func setFiles(of parts: [PartRecord]) throws {
    try write { db in
      for record in parts {
        try db.execute(
          sql: "UPDATE part SET files = ? WHERE id = ?",
          arguments: [json(record.files), record.part.id])
      }
    }
  }

  /// The data version published last; nil before the first load.
  public func currentDataVersion() throws -> DataVersion? {
    try database.read { db in
      try Int64.fetchOne(db, sql: "SELECT max(id) FROM dataVersion").flatMap {
        try fetchDataVersion($0, db)
      }
    }
  }

  /// nil where it was never published or has expired.
  public func dataVersion(id: Int64) throws -> DataVersion? {
    try database.read { try fetchDataVersion(id, $0) }
  }

  /// All that are kept, the first one first.
  public func dataVersionIDs() throws -> [Int64] {
    try database.read { try Int64.fetchAll($0, sql: "SELECT id FROM dataVersion ORDER BY id") }
  }

  /// When a data version was published.
  public func published(dataVersion id: Int64) throws -> Int64? {
    try database.read { db in
      try Int64.fetchOne(
        db, sql: "SELECT published FROM dataVersion WHERE id = ?", arguments: [id])
    }
  }

  /// The parts of a data version with what they were made from, by table.
  public func partRecords(dataVersion id: Int64) throws -> [String: PartRecord] {
    try database.read { db in
      let records = try fetchParts(dataVersion: id, db)
      return Dictionary(uniqueKeysWithValues: records.map { ($0.part.table, $0) })
    }
  }

  /// The parts of all data versions; any other stored one can be swept.
  public func liveParts() throws -> [Part] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM part ORDER BY id").map { try PartRecord($0).part }
    }
  }

  /// The types fixed by loads, by table and attribute.
  public func fixedTypes() throws -> [String: [String: AttributeType]] {
    try database.read { db in
      var types: [String: [String: AttributeType]] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT * FROM attributeType") {
        types[row["tableName"], default: [:]][row["attribute"]] = AttributeType(name: row["type"])
      }
      return types
    }
  }

}

private func insert(_ record: PartRecord, _ db: Database) throws {
  let part = record.part
  try db.execute(
    sql: """
      INSERT INTO part (id, tableName, rows, routes, definition, fingerprint, files, attributes,
        lineage, content)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET files = excluded.files
      """,
    arguments: [
      part.id, part.table, part.rows, json(part.routes), record.definition, record.fingerprint,
      json(record.files), json(record.attributes.map { [$0.name, $0.type.name] }),
      record.lineage.map { try json($0) }, record.content.map { try json($0) },
    ])
}

private func fetchDataVersion(_ id: Int64, _ db: Database) throws -> DataVersion? {
  guard
    try Int64.fetchOne(db, sql: "SELECT id FROM dataVersion WHERE id = ?", arguments: [id]) != nil
  else { return nil }
  let parts = try fetchParts(dataVersion: id, db).map { ($0.part.table, $0.part) }
  return DataVersion(id: id, parts: Dictionary(uniqueKeysWithValues: parts))
}

private func fetchParts(dataVersion id: Int64, _ db: Database) throws -> [PartRecord] {
  try Row.fetchAll(
    db,
    sql: """
      SELECT p.* FROM part p JOIN dataVersionPart v ON v.partId = p.id
      WHERE v.dataVersionId = ? ORDER BY p.id
      """, arguments: [id]
  ).map { try PartRecord($0) }
}

extension PartRecord {
  init(_ row: Row) throws {
    let attributes: [[String]] = try decode(row["attributes"])
    self.init(
      part: Part(
        id: row["id"], table: row["tableName"], rows: row["rows"], routes: try decode(row["routes"])
      ),
      definition: row["definition"], fingerprint: row["fingerprint"],
      files: try decode(row["files"]),
      attributes: attributes.compactMap { pair in
        AttributeType(name: pair[1]).map { Attribute(name: pair[0], type: $0) }
      },
      lineage: try (row["lineage"] as String?).map { try decode($0) },
      content: try (row["content"] as String?).map { try decode($0) })
  }
}
