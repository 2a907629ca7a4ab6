import GRDB
import Synchronization

/// Counts the committed transactions that changed segments or runs.
final class ChangeCounter: TransactionObserver, Sendable {
  private let state = Mutex<(count: Int, isChanging: Bool)>((0, false))

  var count: Int { state.withLock { $0.count } }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
    ["segment", "run"].contains(eventKind.tableName)
  }

  func databaseDidChange(with event: DatabaseEvent) { state.withLock { $0.isChanging = true } }

  func databaseDidCommit(_ db: Database) {
    state.withLock { state in
      if state.isChanging { state.count += 1 }
      state.isChanging = false
    }
  }

  func databaseDidRollback(_ db: Database) { state.withLock { $0.isChanging = false } }
}
