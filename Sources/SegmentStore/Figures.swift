import GRDB

/// What the store holds, counted.
public struct StoreFigures: Sendable {
  public var segments: [SegmentState: Int]
  public var unfinishedJobs: Int
  /// The end of the last succeeded run.
  public var lastPublished: Int64?
}

extension SegmentStore {
  public func figures() throws -> StoreFigures {
    try database.read { db in
      var segments = Dictionary(uniqueKeysWithValues: SegmentState.allCases.map { ($0, 0) })
      let rows = try Row.fetchAll(
        db,
        sql: "SELECT state, count(*) AS count FROM segment WHERE name IS NOT NULL GROUP BY state")
      for row in rows { segments[try stored(row, "state")] = row["count"] }
      return StoreFigures(
        segments: segments,
        unfinishedJobs: try Int.fetchOne(
          db, sql: "SELECT count(*) FROM job WHERE finished IS NULL") ?? 0,
        lastPublished: try Int64.fetchOne(
          db,
          sql:
            "SELECT finished FROM run WHERE status = 'succeeded' ORDER BY position DESC LIMIT 1"))
    }
  }
}
