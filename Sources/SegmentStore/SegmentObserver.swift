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
  /// Tells of the segments that each transaction has made or changed from now on, after it is committed. Those that
  /// are purged are not told: they were in the trash before.
  public func observeSegments(_ tell: @escaping @Sendable ([SegmentNotice]) -> Void) {
    database.database.add(
      transactionObserver: SegmentObserver(tell: tell), extent: .databaseLifetime)
  }
}

/// Gathers the segments of a transaction.
private final class SegmentObserver: TransactionObserver, Sendable {
  private let changed = Mutex<Set<Int64>>([])
  private let tell: @Sendable ([SegmentNotice]) -> Void

  init(tell: @escaping @Sendable ([SegmentNotice]) -> Void) { self.tell = tell }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
    eventKind.tableName == "segment"
  }

  func databaseDidChange(with event: DatabaseEvent) {
    changed.withLock { _ = $0.insert(event.rowID) }
  }

  func databaseDidCommit(_ db: Database) {
    let ids = take()
    guard !ids.isEmpty else { return }
    // A note that is lost is no reason to fail what is committed.
    let notices = try? Row.fetchAll(
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
    if let notices, !notices.isEmpty { tell(notices) }
  }

  func databaseDidRollback(_ db: Database) { _ = take() }

  private func take() -> Set<Int64> {
    changed.withLock { changed in
      defer { changed = [] }
      return changed
    }
  }
}
