import Foundation
import SegmentCompiler
import Synchronization
import Testing

@testable import SegmentStore

/// What is told, and to whom: by the transaction that does it, or not at all.
@Suite struct OutboxTests {
  private let store: SegmentStore

  init() throws { store = try SegmentStore.inMemory(author: .tester) }

  @discardableResult
  private func webhook(
    _ name: String = "crm", _ types: MessageType..., segments: Set<Int64> = [],
    tags: Set<String> = []
  ) throws -> Webhook {
    try store.editWebhooks(at: 0) { edits in
      try edits.create(
        name, url: "https://example.com/hook?token=t0p",
        types: types.isEmpty
          ? Set(MessageType.subscribable) : Set(types), segments: segments, tags: tags,
        secret: Data("s3cret".utf8))
    }
  }

  /// Types with their texts at a path, the first one first.
  private func told(_ name: String = "crm", _ path: String...) throws -> [String] {
    let webhook = try #require(try store.webhook(name))
    return try store.deliveries(to: webhook, limit: 1_000).reversed().map { delivery in
      let value = path.reduce(Document(json: delivery.body)) { $0?[$1] }
      return [delivery.type.rawValue, value?.textValue ?? value?.json].compactMap(\.self)
        .joined(separator: " ")
    }
  }

  private func run(
    _ id: Int64, _ segment: String, _ outcome: RunRecord.Outcome? = nil
  ) -> RunRecord {
    RunRecord(
      id: id, segment: segment, segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0,
      finished: 5,
      outcome: outcome
        ?? .succeeded(
          RunResult(
            members: MembersFile(name: "\(id).members", sha256: ""), count: 12, entered: 3,
            exited: 1)))
  }

  @Test func `states are told by the transaction that changes them`() throws {
    try webhook()
    try store.edit(at: 1) { edits in
      var record = try edits.create("a", definition: "{}", state: .inactive)
      record.state = .active
      record = try edits.update(record)
      record = try edits.update(record)
      record.owner = "ann"
      record = try edits.update(record)
      record.state = .inactive
      record = try edits.update(record)
      try edits.trash(record)
    }
    try store.save(name: "b", definition: "{}", at: 2)
    #expect(
      try told("crm", "data", "segment", "name") == [
        "segment.activated a", "segment.deactivated a", "segment.deleted a", "segment.activated b",
      ])
    let webhook = try #require(try store.webhook("crm"))
    let last = try #require(try store.deliveries(to: webhook, limit: 1).first)
    #expect(last.body.contains(#""timestamp":"1970-01-01T00:00:00.000002Z""#))
    #expect(last.state == .pending && last.nextAttempt == 2 && last.message.hasPrefix("msg_"))
  }

  @Test func `what is rolled back is not told`() throws {
    try webhook()
    #expect(throws: CancellationError.self) {
      try store.edit(at: 1) { edits in
        _ = try edits.create("a", definition: "{}", state: .active)
        throw CancellationError()
      }
    }
    try store.edit(at: 1) { edits in
      _ = try? edits.attempt {
        _ = try edits.create("b", definition: "{}", state: .active)
        throw CancellationError()
      }
    }
    #expect(throws: SegmentStoreError.unknownSegment("nobody")) {
      try store.publish([run(1, "nobody")])
    }
    #expect(try told().isEmpty && store.messageTexts().isEmpty)
  }

  @Test func `a refresh tells of what it has published`() throws {
    _ = try store.save([("a", "{}"), ("b", "{}"), ("c", "{}"), ("d", "{}")], at: 0)
    try store.edit(at: 0) { edits in
      var record = try #require(try edits.record("d"))
      record.state = .inactive
      _ = try edits.update(record)
    }
    try webhook()
    try store.publish([
      run(1, "a"), run(2, "b", .failed(cause: "'Ada' is no number")),
      run(3, "c", .skipped(cause: "It refers to 'b', which was not refreshed.")),
      run(4, "d", .skipped(cause: "It is inactive.")),
    ])
    #expect(
      try told("crm", "data", "run") == [
        "segment.refreshed 1", "segment.failed 2", "segment.skipped 3",
      ])
    let bodies = try store.deliveries(to: try #require(try store.webhook("crm")), limit: 9)
      .map(\.body)
    #expect(bodies[2].contains(#""entered":3,"exited":1,"members":12"#))
    // What an engine says may quote data.
    #expect(!bodies.joined().contains("Ada") && bodies[0].contains("refers to 'b'"))
  }

  @Test func `a job tells of what fails for good, and of what depends on it, once`() throws {
    _ = try store.save([("a", "{}"), ("b", "{}"), ("c", "{}"), ("d", "{}"), ("e", "{}")], at: 0)
    func id(_ name: String) throws -> Int64 { try #require(try store.segmentRecord(name)).id }
    func task(_ number: Int, _ name: String, _ dependsOn: [Int] = []) throws -> TaskRecord {
      TaskRecord(
        id: number, kind: .segment, name: name, segmentID: try id(name), dependsOn: dependsOn)
    }
    try webhook()
    var job = try store.createJob(
      [
        TaskRecord(id: 1, kind: .load, name: "Order"), try task(2, "a"), try task(3, "b", [2]),
        try task(4, "c", [3]), try task(5, "d"), try task(6, "e", [5]),
      ], trigger: .manual, at: 0)
    func end(_ number: Int, _ status: TaskStatus, cause: String? = nil) {
      job.tasks[number - 1].state = TaskState(status: status, attempts: 2, cause: cause)
      job.tasks[number - 1].finished = 7
    }
    job.tasks[1].state = TaskState(
      status: .failureRetrying, attempts: 1, retryAt: 5, cause: "Ada again")
    try store.save(job, tasks: [2])
    #expect(try told().isEmpty)
    end(1, .failed, cause: "Ada")
    end(2, .failed, cause: "Ada once more")
    end(3, .skipped, cause: "It refers to 'a', which was not refreshed.")
    end(4, .skipped, cause: "It refers to 'b', which was skipped.")
    end(5, .canceled)
    end(6, .skipped, cause: "It refers to 'd', which was canceled.")
    for _ in 1...2 { try store.save(job, tasks: [1, 2, 3, 4, 5, 6]) }
    #expect(
      try told("crm", "data", "segment", "name") == [
        "load.failed", "segment.failed a", "segment.skipped b", "segment.skipped c",
      ])
    #expect(try told("crm", "data", "job").allSatisfy { $0.hasSuffix(" \(job.id)") })
    #expect(try told("crm", "data", "table").first == "load.failed Order")
    let texts = try store.deliveries(to: try #require(try store.webhook("crm")), limit: 9)
    #expect(!texts.map(\.body).joined().contains("Ada"))

    let other = try store.createJob([try task(1, "a")], trigger: .manual, at: 0)
    var done = other
    done.tasks[0].state = TaskState(status: .successful, attempts: 1)
    done.tasks[0].finished = 9
    try store.save(done, tasks: [1], runs: [run(8, "a")])
    #expect(try told("crm", "data", "job").last == "segment.refreshed \(other.id)")
  }

  @Test func `only those are told who want to know`() throws {
    let tagged = #"{"tags":["vip"]}"#
    _ = try store.save([("a", tagged), ("b", "{}")], at: 0)
    let a = try #require(try store.segmentRecord("a")).id
    try webhook("types", .segmentDeleted)
    try webhook("one", segments: [a])
    try webhook("tag", tags: ["vip", "x"])
    try webhook("other", tags: ["x"])
    try webhook("off")
    try store.editWebhooks(at: 1) { edits in
      var off = try #require(try edits.webhook("OFF"))
      off.state = .disabled
      _ = try edits.update(off)
    }
    try store.publish([run(1, "a"), run(2, "b")])
    var job = try store.createJob(
      [TaskRecord(id: 1, kind: .load, name: "T")], trigger: .manual, at: 0)
    job.tasks[0].state = TaskState(status: .failed)
    job.tasks[0].finished = 1
    try store.save(job, tasks: [1])
    #expect(try told("one", "data", "run") == ["segment.refreshed 1"])
    #expect(try told("tag", "data", "run") == ["segment.refreshed 1"])
    for name in ["types", "other", "off"] { #expect(try told(name).isEmpty, "\(name)") }
    // Nobody is told what nobody wants to know.
    #expect(try store.messageTexts().count == 1)
  }

  @Test func `no secret is in the audit log`() throws {
    let webhook = try webhook()
    try store.editWebhooks(at: 1) { edits in
      _ = try edits.rotate(Data("n3w".utf8), oldExpires: 9, of: webhook)
      _ = try edits.test(webhook)
      try edits.delete(webhook)
    }
    let entries = try store.auditEntries(limit: 99)
    #expect(
      entries.map(\.action) == [
        .webhookDeleted, .webhookTested, .webhookSecretRotated, .webhookCreated,
      ])
    for secret in ["s3cret", "n3w", "t0p"] {
      let texts = [secret, Data(secret.utf8).base64EncodedString()]
      #expect(!texts.contains { "\(entries)".contains($0) }, "\(secret)")
    }
    #expect("\(entries)".contains("example.com"))
    #expect(try store.messageTexts().isEmpty)
  }

  @Test func `whoever waits is woken by what is committed`() throws {
    let wakes = Mutex(0)
    store.observeDeliveries { wakes.withLock { $0 += 1 } }
    try webhook()
    try store.save(name: "a", definition: "{}", at: 1)
    #expect(wakes.withLock { $0 } == 1)
  }
}
