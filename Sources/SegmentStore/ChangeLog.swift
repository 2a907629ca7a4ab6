import GRDB
import Synchronization

/// What can be kept in memory of a store, as long as nothing of it is changed.
public enum StoredMatter: String, Sendable, CaseIterable {
  /// Segments, their versions and runs, by the segment's id.
  case segments
  /// Segments alone, by their ids.
  case records
  /// The tasks of jobs that refresh segments, by the segment's id.
  case tasks
  /// Data versions and their parts, all together.
  case data
  /// API keys and the accounts that they are of, all together.
  case keys

  /// The tables, each with the column that says whose its rows are.
  fileprivate var tables: [(name: String, owner: String)] {
    switch self {
    case .segments: [("segment", "id"), ("segmentVersion", "segmentId"), ("run", "segmentId")]
    case .records: [("segment", "id")]
    case .tasks: [("task", "segmentId")]
    case .data: [("dataVersion", "NULL"), ("part", "NULL"), ("dataVersionPart", "NULL")]
    case .keys: [("apiKey", "NULL"), ("account", "NULL")]
    }
  }
}

/// What transactions have changed since a moment.
public struct StoredChanges: Sendable, Equatable {
  /// The moment of now: whatever is read from here on holds all changes up to it.
  public var moment: Int
  /// Whose rows; 0 for those of nobody.
  public var owners: Set<Int64>
}

extension SegmentStore {
  /// What was changed after a moment, 0 for when the store was opened. What is told is committed; the other way
  /// round, whatever ``edit(at:_:)`` and all others commit is told when they return.
  public func changes(of matters: [StoredMatter], since moment: Int) -> StoredChanges {
    log.changes(of: matters, since: moment)
  }

  /// Calls `follow` after each transaction that may have changed something, before whoever committed it goes on:
  /// what is brought up to date by it is so for everybody who knows of the change.
  ///
  /// Those who follow are called one at a time, in the order in which they came. They read the store that they are
  /// given; they do not change it, and keep no copy of it, which would never be closed.
  public func follow(_ follow: @escaping @Sendable (SegmentStore) -> Void) {
    log.followers.withLock { $0.append(follow) }
  }

  /// Runs `body` in one transaction, which is rolled back where it throws, and lets those who follow see it.
  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    var before = log.moment
    defer { if log.moment > before { log.tell(self) } }
    return try database.write { db in
      before = log.moment
      return try body(db)
    }
  }
}

/// Notes whose rows the committed transactions change.
///
/// The triggers are those of the one connection that writes, and are not stored: no statement, whoever wrote it, gets
/// past them. SQLite's own notices would leave out tables without row ids.
final class ChangeLog: TransactionObserver, Sendable {
  private struct Row: Hashable {
    var matter: StoredMatter
    var owner: Int64
  }

  private struct State {
    /// Transactions that have changed something.
    var moment = 0
    var last: [StoredMatter: Int] = [:]
    var changed: [Row: Int] = [:]
    /// By the transaction that is open.
    var open: Set<Row> = []
  }

  private let state = Mutex(State())
  let followers = Mutex<[@Sendable (SegmentStore) -> Void]>([])
  /// Of whoever tells those who follow.
  private let turn = Mutex(())

  /// How many transactions have changed something.
  var moment: Int { state.withLock { $0.moment } }

  func tell(_ store: SegmentStore) {
    turn.withLock { _ in
      for follow in followers.withLock({ $0 }) { follow(store) }
    }
  }

  /// Begins to take notes of what a connection writes, whose schema is up to date.
  func observe(_ db: Database) throws {
    db.add(
      function: DatabaseFunction("musterChanged", argumentCount: 2) { [self] values in
        if let matter = StoredMatter.fromDatabaseValue(values[0]) {
          let row = Row(matter: matter, owner: Int64.fromDatabaseValue(values[1]) ?? 0)
          state.withLock { _ = $0.open.insert(row) }
        }
        return nil
      })
    for matter in StoredMatter.allCases {
      for (table, owner) in matter.tables {
        for (event, row) in [("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")] {
          let column = owner == "NULL" ? owner : "\(row).\(owner)"
          try db.execute(
            sql: """
              CREATE TEMP TRIGGER "\(matter.rawValue)\(table)\(event)" AFTER \(event) ON main."\(table)" BEGIN
                SELECT musterChanged('\(matter.rawValue)', \(column));
              END
              """)
        }
      }
    }
    db.add(transactionObserver: self)
  }

  func changes(of matters: [StoredMatter], since moment: Int) -> StoredChanges {
    state.withLock { state in
      var changes = StoredChanges(moment: state.moment, owners: [])
      guard matters.contains(where: { state.last[$0, default: 0] > moment }) else { return changes }
      for (row, changed) in state.changed where changed > moment && matters.contains(row.matter) {
        changes.owners.insert(row.owner)
      }
      return changes
    }
  }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }

  func databaseDidChange(with event: DatabaseEvent) {}

  func databaseDidCommit(_ db: Database) { close() }

  /// A commit that failed may be whole all the same: to read something again in vain does no harm.
  func databaseDidRollback(_ db: Database) { close() }

  private func close() {
    state.withLock { state in
      guard !state.open.isEmpty else { return }
      state.moment += 1
      for row in state.open {
        state.changed[row] = state.moment
        state.last[row.matter] = state.moment
      }
      state.open = []
    }
  }
}

extension StoredMatter: DatabaseValueConvertible {}
