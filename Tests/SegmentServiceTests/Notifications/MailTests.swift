import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

@Suite struct MailTests {
  private let clock = Clock(Shop.asOf)
  private let workspace: TestWorkspace
  private let letters = Guarded<[Letter]>([])
  private static let settings = MailSettings(
    host: "smtp.example.com", from: "muster@example.com", recipients: ["ann@example.com"])

  private var service: SegmentService { workspace.service }

  init() throws {
    let clock = clock
    workspace = try TestWorkspace(now: { clock.now }) { folder in
      try Data(Shop.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    }
    try workspace.service.tellByMail(Self.settings)
  }

  private func sender(failing: Bool = false) -> MailSender {
    MailSender(
      service, settings: Self.settings,
      send: { [letters] letter in
        letters.withLock { $0.append(letter) }
        if failing { throw CocoaError(.fileNoSuchFile) }
      })
  }

  private func advance(_ seconds: Int64) {
    clock.set(Instant(microseconds: clock.now.microseconds + seconds * 1_000_000).description)
  }

  /// The lines of the last letter.
  private func text() throws -> String {
    let letter = try #require(letters.withLock { $0.last })
    let parts = letter.text.components(separatedBy: "\r\n\r\n")
    let data = try #require(Data(base64Encoded: parts[1], options: .ignoreUnknownCharacters))
    return String(decoding: data, as: UTF8.self)
  }

  /// A job with a load and two segments that has failed, but for its end.
  private func failingJob() throws -> JobRecord {
    let ids = try ["a", "b"].map { name in
      try service.store.edit(at: 0) { edits in
        try edits.create(name, definition: "{}", state: .active).id
      }
    }
    var job = try service.store.createJob(
      [
        TaskRecord(id: 1, kind: .load, name: "Order"),
        TaskRecord(id: 2, kind: .segment, name: "a", segmentID: ids[0]),
        TaskRecord(id: 3, kind: .segment, name: "b", segmentID: ids[1], dependsOn: [2]),
      ], trigger: .manual, at: 0)
    for (index, status) in [TaskStatus.failed, .failed, .skipped].enumerated() {
      job.tasks[index].state = TaskState(
        status: status, attempts: 1,
        cause: status == .failed ? "Ada" : "It refers to 'a', which was not refreshed.")
      job.tasks[index].finished = clock.now.microseconds
    }
    return job
  }

  @Test func `what fails in a job is one letter, when it is finished`() async throws {
    var job = try failingJob()
    try service.store.save(job, tasks: [1])
    try service.store.save(job, tasks: [2, 3])
    await sender().sendDue()
    #expect(letters.withLock { $0.isEmpty })
    job.finished = clock.now.microseconds
    try service.store.save(job, tasks: [])
    await sender().sendDue()
    await sender().sendDue()
    #expect(letters.withLock { $0.count } == 1)
    #expect(
      try text() == """
        Job \(job.id) of Shop:

        Not loaded:
        - Order

        Failed:
        - a

        Skipped:
        - b: It refers to 'a', which was not refreshed.

        'muster jobs \(job.id)' says more.

        """)
    #expect(
      letters.withLock { $0[0].text }.contains("\r\nSubject: Shop: 3 failed or were skipped\r\n"))
  }

  @Test func `a letter is tried again with the same id, then given up`() async throws {
    var job = try failingJob()
    job.finished = clock.now.microseconds
    try service.store.save(job, tasks: [1, 2, 3])
    for attempt in 1...9 {
      await sender(failing: true).sendDue()
      #expect(letters.withLock { $0.count } == min(attempt, 8))
      advance(36_000)
    }
    let ids = letters.withLock { letters in
      Set(letters.map { $0.text.components(separatedBy: "Message-ID: ")[1].prefix(40) })
    }
    #expect(ids.count == 1)
    #expect(try service.store.mailTexts().isEmpty)
  }

  @Test func `what happens without a job is gathered for a minute`() async throws {
    try service.tellByMail(
      MailSettings(
        host: "h", from: "m@example.com", recipients: ["a@example.com"], types: [.segmentActivated])
    )
    for name in ["a", "b"] {
      _ = try service.store.edit(at: clock.now.microseconds) { edits in
        try edits.create(name, definition: "{}", state: .active)
      }
      advance(30)
    }
    await sender().sendDue()
    #expect(try letters.withLock { $0.count } == 1 && text().contains("Activated:\n- a\n- b\n"))
  }

  @Test func `nothing is kept for mail that nobody wants`() async throws {
    var job = try failingJob()
    try service.store.save(job, tasks: [1])
    #expect(try service.store.mailTexts().count == 1)
    try service.tellByMail(nil)
    job.finished = clock.now.microseconds
    try service.store.save(job, tasks: [2, 3])
    #expect(try service.store.mailTexts().isEmpty)
  }

  @Test func `no text adds a line to the head of a letter`() throws {
    try service.tellByMail(
      MailSettings(
        host: "h", from: "m@example.com", recipients: ["a@example.com"], types: [.segmentActivated])
    )
    _ = try service.store.edit(at: clock.now.microseconds) { edits in
      try edits.create(
        "å\r\nBcc: eve@example.com\r\n\r\nHello", definition: "{}", state: .active)
    }
    advance(60)
    let mail = try #require(try service.store.dueMail(at: clock.now.microseconds).first)
    let letter = Letter(mail, of: "S\nhop", by: Self.settings, id: "msg_1", date: Shop.asOf)
    let head = letter.text.components(separatedBy: "\r\n\r\n")[0]
    let names = head.components(separatedBy: "\r\n").filter { !$0.hasPrefix(" ") }
      .map { $0.prefix { $0 != ":" } }
    #expect(
      names == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version",
        "Content-Type", "Content-Transfer-Encoding",
      ])
    #expect(!head.contains("Bcc") && letter.text.utf8.allSatisfy { $0 < 0x80 })
    #expect(head.contains("Date: Sun, 31 Mar 2024 12:00:00 +0000"))
    #expect(letter.text.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 78 })
    #expect(!letter.text.replacing("\r\n", with: "").contains { $0 == "\r" || $0 == "\n" })
  }

  @Test(arguments: ["", "a", String(repeating: "é", count: 200), "=?x?=", "a\tb", "👍🏽 ok"])
  func `subjects are encoded in words`(_ text: String) throws {
    let encoded = Letter.encoded(text)
    guard encoded != text else { return }
    let words = encoded.components(separatedBy: "\r\n ")
    #expect(words.allSatisfy { $0.utf8.count <= 75 })
    let bytes = try words.map { word -> Data in
      let middle = word.dropFirst("=?utf-8?B?".count).dropLast(2)
      let data = try #require(Data(base64Encoded: String(middle)))
      #expect(String(validating: data, as: UTF8.self) != nil, "a character is cut")
      return data
    }
    #expect(String(decoding: bytes.reduce(Data(), +), as: UTF8.self) == text)
  }

  @Test func `an address is one and nothing else`() {
    for text in [
      "ann@example.com", "a.b+c@localhost",
      "x@[1.2.3.4]".replacing("[", with: "").replacing("]", with: ""),
    ] {
      #expect(MailSettings.isAddress(text), "\(text)")
    }
    for text in [
      "", "ann", "@example.com", "ann@", "ann@example.com\r\nBcc: eve@example.com",
      "a b@example.com",
      "<ann@example.com>", "ann@example.com, eve@example.com", "å@example.com",
    ] { #expect(!MailSettings.isAddress(text), "\(text)") }
  }
}
