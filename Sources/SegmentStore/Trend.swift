import GRDB

/// What a published run did to a segment's members.
public struct TrendRecord: Sendable, Equatable {
  public var run: Int64
  public var asOf: Int64
  public var finished: Int64
  public var count: Int
  public var entered: Int
  public var exited: Int
}

extension SegmentStore {
  /// The published runs of a segment that finished in a time frame, the first one first.
  public func trend(of segment: String, since: Int64, until: Int64) throws -> [TrendRecord] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT r.id, r.asOf, r.finished, r.count, r.entered, r.exited
          FROM run r JOIN segment s ON s.id = r.segmentId
          WHERE s.name = ? AND r.status = 'succeeded' AND r.finished BETWEEN ? AND ?
          ORDER BY r.position
          """, arguments: [segment, since, until]
      ).map { row in
        TrendRecord(
          run: row["id"], asOf: row["asOf"], finished: row["finished"], count: row["count"],
          entered: row["entered"], exited: row["exited"])
      }
    }
  }
}
