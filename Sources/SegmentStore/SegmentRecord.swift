import GRDB

/// Whether a segment can be refreshed.
public enum SegmentState: String, Sendable, CaseIterable, Codable {
  /// Its definition is not valid yet.
  case draft
  /// It keeps the members that it has, and is not refreshed.
  case inactive
  case active
}

/// Who refreshes a segment.
public enum SegmentType: String, Sendable, CaseIterable, Codable {
  /// Only somebody who asks for it.
  case `static`
  /// The schedule too.
  case dynamic
}

/// A change of state that is to take place in the future.
public struct PlannedChange: Sendable, Hashable, Codable {
  /// Microseconds since 1970-01-01T00:00:00Z.
  public var at: Int64
  /// The time zone it was planned in, for whoever shows it.
  public var timeZone: String

  public init(at: Int64, timeZone: String) {
    self.at = at
    self.timeZone = timeZone
  }
}

/// A segment with all that is stored of it besides earlier versions and runs.
public struct SegmentRecord: Sendable, Equatable {
  public let id: Int64
  /// The current version; a draft's is not valid.
  public internal(set) var version: SegmentVersion
  /// Grows with every change of the segment.
  public internal(set) var revision: Int
  public var state: SegmentState
  public var type: SegmentType
  /// Unique, whatever the case of its letters.
  public var outputName: String
  public var owner: String?
  public internal(set) var created: Int64
  public internal(set) var changed: Int64
  public internal(set) var changedBy: String?
  public var activation: PlannedChange?
  public var deactivation: PlannedChange?
  /// Which of the system's refreshes it takes part in, as JSON; nil for all of them.
  public var schedule: String?
  /// Whether its output table is also kept as a file.
  public var keepsOutputFile: Bool
  /// Whether it stays active however long nobody uses it.
  public var isExemptFromCleanup: Bool
  /// When it was deactivated because nobody used it; nil as soon as it is active again.
  public var autoDeactivated: Int64?
  /// When it was put in the trash; nil of one that is not there.
  public internal(set) var trashed: Int64?

  public var name: String { version.segment }
}

func registerLifecycle(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("lifecycle") { db in
    // Made anew, since SQLite cannot take a constraint away: a segment in the trash has no name, so that
    // others can have it.
    try db.execute(
      sql: """
        CREATE TABLE newSegment (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT UNIQUE COLLATE BINARY,
          version INTEGER NOT NULL,
          revision INTEGER NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('draft', 'inactive', 'active')),
          type TEXT NOT NULL CHECK (type IN ('static', 'dynamic')),
          outputName TEXT UNIQUE COLLATE NOCASE,
          owner TEXT,
          created INTEGER NOT NULL,
          changed INTEGER NOT NULL,
          changedBy TEXT,
          activateAt INTEGER, activateZone TEXT,
          deactivateAt INTEGER, deactivateZone TEXT,
          schedule TEXT,
          trashed INTEGER, trashedName TEXT, trashedOutputName TEXT,
          CHECK ((name IS NULL) = (trashed IS NOT NULL)),
          CHECK ((name IS NULL) = (trashedName IS NOT NULL)),
          CHECK ((outputName IS NULL) = (trashedOutputName IS NOT NULL)),
          CHECK ((outputName IS NULL) = (trashed IS NOT NULL)),
          CHECK ((activateAt IS NULL) = (activateZone IS NULL)),
          CHECK ((deactivateAt IS NULL) = (deactivateZone IS NULL))
        ) STRICT;
        INSERT INTO newSegment (
          id, name, version, revision, state, type, outputName, created, changed)
        SELECT id, name, version, version, 'active', 'dynamic', 'x' || id,
          (SELECT min(savedAt) FROM segmentVersion WHERE segmentId = segment.id),
          (SELECT max(savedAt) FROM segmentVersion WHERE segmentId = segment.id)
        FROM segment;
        DROP TABLE segment;
        ALTER TABLE newSegment RENAME TO segment;

        ALTER TABLE segmentVersion ADD COLUMN isDraft INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE segmentVersion ADD COLUMN author TEXT;
        """)
    let segments = try Row.fetchAll(db, sql: "SELECT id, name FROM segment ORDER BY id")
    for row in segments {
      try db.execute(
        sql: "UPDATE segment SET outputName = ? WHERE id = ?",
        arguments: [try SegmentStore.freeOutputName(for: row["name"], db), row["id"] as Int64])
    }
  }
}

extension SegmentRecord: FetchableRecord {
  public init(row: Row) throws {
    id = row["segmentId"]
    version = SegmentVersion(row: row)
    revision = row["revision"]
    state = try stored(row, "state")
    type = try stored(row, "type")
    outputName = row["outputName"] ?? row["trashedOutputName"]
    owner = row["owner"]
    created = row["created"]
    changed = row["changed"]
    changedBy = row["changedBy"]
    activation = planned(row["activateAt"], row["activateZone"])
    deactivation = planned(row["deactivateAt"], row["deactivateZone"])
    schedule = row["schedule"]
    keepsOutputFile = row["keepsOutputFile"]
    isExemptFromCleanup = row["isExemptFromCleanup"]
    autoDeactivated = row["autoDeactivated"]
    trashed = row["trashed"]
  }
}

func stored<Value: RawRepresentable<String>>(_ row: Row, _ column: String) throws -> Value {
  guard let value = Value(rawValue: row[column]) else {
    throw DatabaseError(
      resultCode: .SQLITE_CORRUPT, message: "\(column) is '\(row[column] as String)'")
  }
  return value
}

private func planned(_ at: Int64?, _ timeZone: String?) -> PlannedChange? {
  guard let at, let timeZone else { return nil }
  return PlannedChange(at: at, timeZone: timeZone)
}
