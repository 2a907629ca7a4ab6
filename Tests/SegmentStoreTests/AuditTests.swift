import GRDB
import Testing

@testable import SegmentStore

/// The audit log cannot be forgotten, nor changed.
@Suite struct AuditTests {
  private let store: SegmentStore

  init() throws { store = try .inMemory(author: .named("ann")) }

  private func entries() throws -> [AuditEntry] { try store.auditEntries(limit: 100).reversed() }

  private func createSegment() throws -> SegmentRecord {
    try store.edit(at: 7) { try $0.create("vip", definition: #"{"a":1}"#, state: .inactive) }
  }

  @Test func `a change without an entry is not committed`() throws {
    #expect(throws: SegmentStoreError.unlogged) {
      try store.change(at: 1) { change in
        try change.db.execute(sql: "INSERT INTO setting VALUES ('a', '1')")
      }
    }
    #expect(try store.setting("a") == nil && entries().isEmpty)
    try store.change(at: 1) { _ in }
    try store.change(at: 1) { change in
      try change.db.execute(sql: "INSERT INTO setting VALUES ('a', '1')")
      try change.log(.settingsChanged, AuditObject("a"), after: ["a": "1"])
    }
    #expect(try store.setting("a") == "1" && entries().count == 1)
  }

  @Test func `what is rolled back leaves no entry`() throws {
    #expect(throws: CancellationError.self) {
      try store.edit(at: 1) { edits in
        _ = try edits.create("vip", definition: "{}", state: .active)
        throw CancellationError()
      }
    }
    #expect(try entries().isEmpty)
  }

  @Test func `entries say who, when, from where, what, before and after`() throws {
    let record = try createSegment()
    let origin = Origin(
      address: "192.0.2.1", userAgent: String(repeating: "x", count: 300), request: "r7")
    let bob = Author(.apiKey, name: "bob", account: 3, apiKey: "k1", origin: origin)
    try store.acting(as: bob).edit(at: 9) { edits in
      var record = try edits.save(#"{"a":1,"keys":["mk","ml"]}"#, isDraft: false, in: record)
      record.state = .active
      record = try edits.update(record)
      try edits.trash(try edits.rename(record, to: "best"))
    }
    let log = try entries()
    #expect(
      log.map(\.action) == [
        .segmentCreated, .segmentSaved, .segmentChanged, .segmentRenamed, .segmentTrashed,
      ])
    #expect(log[0].author == .named("ann") && log[0].time == 7)
    #expect(log[0].object == AuditObject("vip", id: "\(record.id)"))
    #expect(log[1].author.name == "bob" && log[1].author.apiKey == "k1" && log[1].time == 9)
    #expect(log[1].author.origin?.userAgent?.count == 200)
    #expect(log[1].before == ["version": .number(1)])
    #expect(
      log[1].after == ["version": .number(2), "keys": .number(2), "changed": .list(["keys"])],
      "keys are people: only their number is told")
    #expect(log[2].before == ["state": "inactive"] && log[2].after == ["state": "active"])
    #expect(log[3].after == ["name": "best"])
  }

  @Test func `what changes nothing leaves no entry`() throws {
    let record = try createSegment()
    try store.edit(at: 8) { edits in
      _ = try edits.update(try edits.save(#"{"a":1}"#, isDraft: false, in: record))
    }
    #expect(try entries().count == 1)
  }

  @Test func `the schema refuses to change or delete an entry`() throws {
    _ = try createSegment()
    let before = try entries()
    for sql in [
      "UPDATE auditEntry SET author = 'eve'", "UPDATE auditEntry SET time = 0",
      "UPDATE auditEntry SET after = NULL", "UPDATE auditEntry SET object = 'other'",
      "UPDATE auditEntry SET isRedacted = 1", "DELETE FROM auditEntry",
      """
      UPDATE auditEntry SET object = NULL, objectId = NULL, before = NULL, after = NULL,
        isRedacted = 1, author = 'eve'
      """,
    ] {
      #expect(throws: DatabaseError.self, "\(sql)") {
        try store.database.write { try $0.execute(sql: sql) }
      }
    }
    #expect(try entries() == before)
  }

  @Test func `an erasure takes out what quotes people, and nothing else`() throws {
    _ = try createSegment()
    _ = try store.edit(at: 8) { try $0.create("mk-9", definition: "{}", state: .active) }
    try store.database.write { try redact([2], $0) }
    let log = try entries()
    #expect(log[0].object?.name == "vip" && !log[0].isRedacted)
    #expect(log[1].object == nil && log[1].after == nil && log[1].isRedacted)
    #expect(log[1].author == .named("ann") && log[1].action == .segmentCreated)
    #expect(try store.auditTexts().map(\.entry) == [1])
  }

  @Test func `retention gives up old entries and says so`() throws {
    for time: Int64 in [10, 20, 30] { try store.log(.jobCanceled, AuditObject("job"), at: time) }
    func rules(_ audit: Kept) -> RetentionRules {
      RetentionRules(dataVersions: .all, members: .all, runs: .all, audit: audit)
    }
    #expect(try store.expire(by: rules(.since(10)), lent: [], at: 40).isEmpty)
    #expect(try store.expire(by: rules(.since(20)), lent: [], at: 40).auditEntries == 1)
    #expect(try entries().map(\.time) == [20, 30, 40])
    #expect(try entries().last?.action == .retentionApplied)
    #expect(try store.expired(by: rules(.last(1)), lent: []).auditEntries == 2)
    #expect(try store.expire(by: rules(.last(2)), lent: [], at: 50).auditEntries == 1)
    #expect(try entries().map(\.time) == [30, 40, 50])
  }

  @Test func `entries are found by who, when, what and which, page by page`() throws {
    for time: Int64 in 1...5 {
      let author = Author.named(time % 2 == 0 ? "bob" : "ann")
      try store.acting(as: author).log(
        time < 3 ? .jobCanceled : .peopleErased, AuditObject("job \(time)", id: "\(time)"), at: time
      )
    }
    func ids(_ filter: AuditFilter, before: Int64? = nil, limit: Int = 9) throws -> [Int64] {
      try store.auditEntries(filter, before: before, limit: limit).map(\.id)
    }
    #expect(try ids(AuditFilter()) == [5, 4, 3, 2, 1])
    #expect(try ids(AuditFilter(), before: 4, limit: 2) == [3, 2])
    #expect(try ids(AuditFilter(since: 2, until: 4)) == [3, 2])
    #expect(try ids(AuditFilter(author: "BOB")) == [4, 2])
    #expect(try ids(AuditFilter(author: "ann", action: .peopleErased)) == [5, 3])
    #expect(try ids(AuditFilter(object: "job 3")) == [3] && ids(AuditFilter(object: "4")) == [4])
  }
}
