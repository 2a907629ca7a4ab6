import GRDB
import Synchronization

/// A segment as a transaction has left it.
public struct SegmentNotice: Sendable, Equatable {
  public var id: Int64
  /// Its name; of one in the trash the one that it had.
  public var name: String
  public var revision: Int
  public var state: SegmentState
  public var isInTrash: Bool
}

extension SegmentStore {
  /// Tells of the segments that transactions have made or changed from now on, after those are told who came before
  /// and ``follow(_:)``. Segments that are purged are not told: they were in the trash before.
  public func observeSegments(_ tell: @escaping @Sendable ([SegmentNotice]) -> Void) {
    let told = Mutex(changes(of: [.records], since: 0).moment)
    follow { store in
      let changes = told.withLock { told in
        let changes = store.changes(of: [.records], since: told)
        told = changes.moment
        return changes
      }
      // A note that is lost is no reason to fail what is committed.
      if let notices = try? store.notices(of: changes.owners), !notices.isEmpty { tell(notices) }
    }
  }

  private func notices(of ids: Set<Int64>) throws -> [SegmentNotice] {
    guard !ids.isEmpty else { return [] }
    return try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT id, coalesce(name, trashedName) AS name, revision, state, trashed FROM segment
          WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
          """, arguments: [json(ids.sorted())]
      ).map { row in
        SegmentNotice(
          id: row["id"], name: row["name"], revision: row["revision"],
          state: try stored(row, "state"), isInTrash: row["trashed"] != nil)
      }
    }
  }
}
