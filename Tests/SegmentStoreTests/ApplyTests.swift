import GRDB
import Testing

@testable import SegmentStore

/// Saving, deleting and publishing in one transaction.
@Suite struct ApplyTests {
  let file: DatabaseFile
  let store: SegmentStore

  init() throws {
    file = try DatabaseFile()
    store = try file.open()
    try store.save(name: "vip", definition: "1", at: 1)
    try store.save(name: "old", definition: "1", at: 1)
  }

  private func run(_ id: Int64, of segment: String, version: Int) -> RunRecord {
    RunRecord(
      id: id, segment: segment, segmentVersion: version, asOf: 0, dataVersion: 1, started: 0,
      finished: 0,
      outcome: .succeeded(
        RunResult(
          members: MembersFile(name: "\(id).members", sha256: ""), count: 0, entered: 0, exited: 0))
    )
  }

  private func changes() throws -> SegmentChanges {
    var changes = SegmentChanges()
    changes.saved = [("vip", "2"), ("new", "1")]
    changes.deleted = ["old"]
    changes.runs = [run(1, of: "vip", version: 2), run(2, of: "new", version: 1)]
    changes.expected = try store.segmentStandings()
    return changes
  }

  @Test func `everything happens at once`() throws {
    let transactions = try transactions {
      let versions = try store.apply(changes(), at: 5)
      #expect(versions.map(\.number) == [2, 1])
    }
    #expect(transactions == 1)
    let states = try store.segmentStandings()
    #expect(states.map(\.segment) == ["new", "vip"])
    #expect(states.map(\.version) == [1, 2] && states.map(\.lastRun) == [2, 1])
  }

  @Test func `where the last step fails nothing has happened`() throws {
    var changes = try changes()
    changes.runs.append(run(3, of: "vip", version: 7))
    let before = try store.segmentStandings()
    #expect(throws: SegmentStoreError.unknownVersion(segment: "vip", number: 7)) {
      try store.apply(changes, at: 5)
    }
    #expect(try store.segmentStandings() == before)
    #expect(try store.versions("vip").count == 1 && store.segment("new") == nil)
    #expect(try store.memberFilesInUse().isEmpty)
  }

  @Test func `what another connection sees is all of it or nothing`() throws {
    let other = try file.open()
    let seen = try other.database.read { db in
      // This reader's snapshot is from before.
      let before = try Int.fetchOne(db, sql: "SELECT count(*) FROM segment")
      try store.apply(changes(), at: 5)
      return [before, try Int.fetchOne(db, sql: "SELECT count(*) FROM segmentVersion")]
    }
    #expect(seen == [2, 2])
    #expect(try other.segmentStandings().map(\.segment) == ["new", "vip"])
  }

  @Test func `segments that are not as expected are named`() throws {
    var changes = try changes()
    try store.save(name: "vip", definition: "3", at: 2)
    try store.delete("old")
    try store.save(name: "third", definition: "1", at: 2)
    #expect(throws: SegmentStoreError.changedMeanwhile(["old", "third", "vip"])) {
      try store.apply(changes, at: 5)
    }
    changes.expected = try store.segmentStandings()
    changes.deleted = []
    changes.runs = []
    // A refresh meanwhile does not matter where nothing is published.
    try store.publish([run(4, of: "vip", version: 2)])
    #expect(try store.apply(changes, at: 5).map(\.number) == [3, 1])
  }

  @Test func `a store opened to read sees what is there, and writes nothing`() throws {
    let reader = try SegmentStore(readingFrom: file.path)
    #expect(try reader.segments().map(\.segment) == ["old", "vip"])
    #expect(throws: (any Error).self) { try reader.save(name: "x", definition: "1", at: 1) }
    let empty = try DatabaseFile()
    _ = try DatabaseQueue(path: empty.path)
    #expect(throws: (any Error).self) { try SegmentStore(readingFrom: empty.path) }
  }

  /// How many transactions `body` commits.
  private func transactions(_ body: () throws -> Void) throws -> Int {
    let counter = CommitCounter()
    store.database.database.add(transactionObserver: counter, extent: .databaseLifetime)
    try body()
    store.database.database.remove(transactionObserver: counter)
    return counter.commits
  }
}

private final class CommitCounter: TransactionObserver {
  private(set) var commits = 0

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseDidCommit(_ db: Database) { commits += 1 }
  func databaseDidRollback(_ db: Database) {}
}
