import Foundation
import GRDB
import Testing

@testable import SegmentStore

/// What is stored of a segment besides its rules, and the trash.
@Suite struct LifecycleTests {
  private let file: DatabaseFile
  private let store: SegmentStore

  init() throws {
    file = try DatabaseFile()
    store = try file.open()
  }

  private func edit<Result>(
    at time: Int64 = 5, by author: String = "ann", _ body: (SegmentEdits) throws -> Result
  ) throws -> Result {
    try store.acting(as: .named(author)).edit(at: time, body)
  }

  @discardableResult
  private func create(_ name: String, state: SegmentState = .active, output: String? = nil) throws
    -> SegmentRecord
  {
    try edit { try $0.create(name, definition: "{}", state: state, outputName: output) }
  }

  private func run(_ id: Int64, _ segment: String, version: Int = 1) throws {
    try store.publish([
      RunRecord(
        id: id, segment: segment, segmentVersion: version, asOf: 0, dataVersion: 1, started: 0,
        finished: 0,
        outcome: .succeeded(
          RunResult(
            members: MembersFile(name: "\(id).members", sha256: ""), count: 1, entered: 1,
            exited: 0)))
    ])
  }

  // MARK: Revisions

  @Test func `every change of a segment is a revision, with who and when`() throws {
    var record = try create("vip")
    #expect(record.revision == 1 && record.version.number == 1 && record.version.author == "ann")
    #expect(record.state == .active && record.type == .dynamic && record.outputName == "Vip")

    record.type = .static
    record.owner = "Bo"
    record.activation = PlannedChange(at: 9, timeZone: "Europe/Oslo")
    let changed = try edit(at: 6, by: "bo") { try $0.update(record) }
    #expect(changed.revision == 2 && changed.changed == 6 && changed.changedBy == "bo")
    #expect(changed.type == .static && changed.owner == "Bo")
    #expect(changed.activation == PlannedChange(at: 9, timeZone: "Europe/Oslo"))
    #expect(changed.created == 5 && changed.version == record.version)

    let saved = try edit { try $0.save(#"{"a":1}"#, isDraft: false, in: changed) }
    #expect(saved.revision == 3 && saved.version.number == 2)
    #expect(try edit { try $0.save(#"{"a":1}"#, isDraft: false, in: saved) } == saved)
    #expect(try edit { try $0.update(saved) } == saved)
    #expect(try store.segmentRecord("vip") == saved)
  }

  @Test func `what throws in between changes nothing`() throws {
    struct Stop: Error {}
    try create("vip")
    #expect(throws: Stop.self) {
      try edit { edits in
        try edits.trash(#require(try edits.record("vip")))
        throw Stop()
      }
    }
    #expect(try store.segmentRecord("vip")?.revision == 1)
  }

  // MARK: Drafts

  @Test func `a draft is not in force, the valid version before it is`() throws {
    let first = try create("vip")
    let draft = try edit { edits in
      var record = try edits.save("{broken", isDraft: true, in: first)
      record.state = .draft
      return try edits.update(record)
    }
    #expect(draft.state == .draft && draft.version.number == 2 && draft.version.isDraft)
    #expect(try store.segment("vip") == first.version)
    #expect(try store.segments() == [first.version])
    #expect(try edit { try $0.versionInForce(of: draft) } == first.version)

    try create("idea", state: .draft)
    #expect(try store.segment("idea") == nil)
    #expect(try store.segmentRecords().map(\.name) == ["idea", "vip"])
    #expect(try store.segmentStandings().map(\.segment) == ["idea", "vip"])
    #expect(try store.segmentStandings().map(\.version) == [nil, 1])
    #expect(try store.segmentStandings().map(\.newest) == [1, 2])

    // Saved as a valid one, a draft becomes active.
    #expect(try store.save(name: "vip", definition: "{}", at: 7).number == 3)
    #expect(try store.segmentRecord("vip")?.state == .active)
  }

  // MARK: Names

  @Test func `a renamed segment keeps its runs and versions`() throws {
    let vip = try create("vip")
    try run(1, "vip")
    let renamed = try edit { try $0.rename(vip, to: "gold") }
    #expect(renamed.id == vip.id && renamed.name == "gold" && renamed.revision == 2)
    #expect(try store.segmentRecord("vip") == nil)
    #expect(try store.lastPublished(of: "gold")?.segment == "gold")
    #expect(try store.versions("gold").map(\.segment) == ["gold"])
    #expect(throws: DatabaseError.self) {
      try edit { edits in
        _ = try edits.rename(edits.create("new", definition: "", state: .active), to: "gold")
      }
    }
  }

  @Test func `output names are unique whatever the case of their letters`() throws {
    #expect(try create("loyal customers").outputName == "LoyalCustomers")
    #expect(try create("Loyal, customers!").outputName == "LoyalCustomers2")
    #expect(try create("2024").outputName == "Segment2024")
    #expect(try edit { try $0.isTaken(outputName: "LOYALCUSTOMERS") })
    #expect(throws: DatabaseError.self) { try create("other", output: "loyalcustomers") }
    #expect(try store.segmentRecord("other") == nil)
  }

  // MARK: Trash

  @Test func `the trash keeps a segment whole, and its names are free`() throws {
    var vip = try create("vip")
    try run(1, "vip")
    vip = try #require(try store.segmentRecord("vip"))
    try edit(at: 8) { try $0.trash(vip) }
    #expect(try store.segmentRecords().isEmpty && store.segments().isEmpty)
    #expect(try store.lastPublished(of: "vip") == nil && store.overviews().isEmpty)
    let trashed = try #require(try store.trash().first)
    #expect(trashed.name == "vip" && trashed.outputName == "Vip" && trashed.trashed == 8)
    #expect(try store.run(1)?.segment == "vip")
    #expect(try store.memberFilesInUse() == ["1.members"])
    #expect(try store.version(of: #require(try store.run(1)))?.segmentID == vip.id)

    // Another one of that name in between.
    let other = try create("vip")
    #expect(other.id != vip.id && other.outputName == "Vip")
    #expect(try store.allVersions().map(\.segmentID) == [vip.id, other.id])

    let restored = try edit { try $0.restore(trashed, as: "vip 2", outputName: "Vip2") }
    #expect(restored.id == vip.id && restored.trashed == nil && restored.state == .active)
    #expect(try store.lastPublished(of: "vip 2")?.id == 1)
    #expect(try store.trash().isEmpty)
  }

  @Test func `what is purged is gone with its runs`() throws {
    let vip = try create("vip")
    try run(1, "vip")
    try edit { try $0.purge(vip) }
    #expect(try store.segmentRecord("vip") != nil, "only what is in the trash can be purged")
    try edit { edits in
      try edits.trash(vip)
      try edits.purge(vip)
    }
    #expect(try store.trash().isEmpty && store.run(1) == nil)
  }

  @Test func `retention empties the trash`() throws {
    for (index, name) in ["a", "b", "c"].enumerated() {
      let record = try create(name)
      try run(Int64(index), name)
      try edit(at: Int64(index) * 10) { try $0.trash(record) }
    }
    func rules(_ trash: Kept) -> RetentionRules {
      RetentionRules(dataVersions: .all, members: .all, runs: .all, trash: trash)
    }
    #expect(try store.expired(by: rules(.all), lent: []).isEmpty)
    #expect(try store.expired(by: rules(.last(1)), lent: []).trash.map(\.name) == ["a", "b"])
    let expired = try store.expire(by: rules(.since(10)), lent: [], at: 99)
    #expect(expired.trash.map(\.name) == ["a"] && expired.members == ["0.members"])
    #expect(try store.trash().map(\.name) == ["c", "b"])
    #expect(try store.run(0) == nil)
  }

  @Test func `what others in force have read stays in the trash`() throws {
    let vip = try create("vip")
    try create("friends")
    try run(1, "vip")
    try store.publish([
      RunRecord(
        id: 2, segment: "friends", segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0,
        finished: 0, references: [RunReference(segment: "vip", run: 1)],
        outcome: .succeeded(
          RunResult(
            members: MembersFile(name: "2.members", sha256: ""), count: 1, entered: 1, exited: 0)))
    ])
    try edit { try $0.trash(vip) }
    let rules = RetentionRules(dataVersions: .all, members: .all, runs: .all, trash: .since(99))
    #expect(try store.expired(by: rules, lent: []).trash.isEmpty)
    try edit { edits in try edits.trash(#require(try edits.record("friends"))) }
    #expect(try store.expired(by: rules, lent: []).trash.map(\.name) == ["vip", "friends"])
  }

  @Test func `a run belongs to its segment, whatever that is called by now`() throws {
    let vip = try create("vip")
    try edit { _ = try $0.rename(vip, to: "gold") }
    let other = try create("vip")
    func run(_ id: Int64, version: Int = 1, isDone: Bool = true) -> RunRecord {
      RunRecord(
        id: id, segment: "vip", segmentID: vip.id, segmentVersion: version, asOf: 0,
        dataVersion: 1, started: 0, finished: 0,
        outcome: isDone
          ? .succeeded(
            RunResult(
              members: MembersFile(name: "\(id)", sha256: ""), count: 1, entered: 1, exited: 0))
          : .failed(cause: "x"))
    }
    try store.publish([run(1)])
    #expect(try store.run(1)?.segment == "gold" && store.lastPublished(of: "vip") == nil)
    // A draft has no members.
    try edit { _ = try $0.save("{", isDraft: true, in: other) }
    var draft = run(2, version: 2)
    draft.segmentID = other.id
    #expect(throws: SegmentStoreError.unknownVersion(segment: "vip", number: 2)) {
      try store.publish([draft])
    }
    draft.outcome = .skipped(cause: "a draft")
    try store.publish([draft])
  }

  // MARK: Earlier workspaces

  @Test func `segments of before have a state, a type and an output table`() throws {
    let old = try DatabaseFile()
    let queue = try DatabaseQueue(path: old.path)
    try migrator.migrate(queue, upTo: "contents")
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO segment (id, name, version) VALUES (1, 'big spenders', 2), (7, 'Big-Spenders', 1);
          INSERT INTO segmentVersion VALUES (1, 1, '{}', 10, 'x'), (1, 2, '[]', 20, 'y'), (7, 1, '', 30, 'z');
          """)
    }
    try queue.close()
    let store = try old.open()
    let records = try store.segmentRecords()
    #expect(records.map(\.id) == [7, 1])
    #expect(records.map(\.outputName) == ["BigSpenders2", "BigSpenders"])
    #expect(records.allSatisfy { $0.state == .active && $0.type == .dynamic })
    #expect(records.map(\.created) == [30, 10] && records.map(\.changed) == [30, 20])
    #expect(try store.versions("big spenders").map(\.definition) == ["[]", "{}"])
    #expect(try store.save(name: "new", definition: "", at: 0).segmentID == 8)
  }
}
