import GRDB

func registerUses(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("uses") { db in
    // Apart from the segment: to be used is no change of it.
    try db.execute(
      sql: """
        CREATE TABLE segmentUse (
          segmentId INTEGER PRIMARY KEY REFERENCES segment(id) ON DELETE CASCADE,
          lastDay INTEGER NOT NULL
        ) STRICT;

        ALTER TABLE segment ADD COLUMN isExemptFromCleanup INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE segment ADD COLUMN autoDeactivated INTEGER
          CHECK (autoDeactivated IS NULL OR state <> 'active');
        """)
  }
}

extension SegmentStore {
  /// Takes note that segments are used on a day, in days since 1970-01-01. A day before the one that is noted
  /// changes nothing.
  public func noteUse(of segments: some Collection<Int64>, on day: Int) throws {
    guard !segments.isEmpty else { return }
    try write { db in
      for segment in segments {
        try db.execute(
          sql: """
            INSERT INTO segmentUse SELECT id, ? FROM segment WHERE id = ?
            ON CONFLICT (segmentId) DO UPDATE SET lastDay = excluded.lastDay
            WHERE excluded.lastDay > lastDay
            """, arguments: [day, segment])
      }
    }
  }

  /// The last day on which each segment was used, in days since 1970-01-01, by the segment's id. One without an entry
  /// was not used since days are noted.
  public func lastUses() throws -> [Int64: Int] {
    try database.read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT segmentId, lastDay FROM segmentUse")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["segmentId"], $0["lastDay"]) })
    }
  }

  public func lastUse(of segment: Int64) throws -> Int? {
    try database.read { db in
      try Int.fetchOne(
        db, sql: "SELECT lastDay FROM segmentUse WHERE segmentId = ?", arguments: [segment])
    }
  }

  /// How many segments are active.
  public func activeSegments() throws -> Int {
    try database.read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM segment WHERE state = 'active' AND name IS NOT NULL") ?? 0
    }
  }
}
