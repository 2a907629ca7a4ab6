import GRDB

/// The members of a segment that are in force: those of its last published run.
public struct MembersInForce: Sendable, Equatable {
  public var segmentID: Int64
  public var segment: String
  public var state: SegmentState
  /// As the definition of the run names it; nil where it names none.
  public var audience: String?
  public var run: Int64
  public var asOf: Int64
  public var finished: Int64
  public var file: MembersFile
}

extension SegmentStore {
  /// The members in force of every segment that has some and is not in the trash, by name.
  ///
  /// - Parameter ids: nil for all segments.
  public func membersInForce(of ids: Set<Int64>? = nil) throws -> [MembersInForce] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT s.id AS segmentId, s.name, s.state,
            json_extract(v.definition, '$.audience') AS audience,
            r.id, r.asOf, r.finished, r.membersFile, r.membersSha256
          FROM segment s
          JOIN run r ON r.position =
            (SELECT max(position) FROM run WHERE segmentId = s.id AND status = 'succeeded')
          JOIN segmentVersion v ON v.segmentId = s.id AND v.number = r.segmentVersion
          WHERE s.name IS NOT NULL AND r.membersGone IS NULL AND \(isOne(of: ids))
          ORDER BY s.name
          """, arguments: try list(of: ids)
      ).map { row in
        MembersInForce(
          segmentID: row["segmentId"], segment: row["name"], state: try stored(row, "state"),
          audience: row["audience"],
          run: row["id"], asOf: row["asOf"], finished: row["finished"],
          file: MembersFile(name: row["membersFile"], sha256: row["membersSha256"]))
      }
    }
  }
}
