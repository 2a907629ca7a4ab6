import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Every use case that changes something leaves its entry, in the name of who has asked for it.
@Suite struct AuditLogTests {
  @Test func `loads, saves, refreshes, schedules, jobs and housekeeping are told`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let service = shop.service.acting(as: .named("ann"))
    let first = try shop.service.auditEntries(limit: 99)
    #expect(
      first.map(\.action).contains(.dataLoaded) && first.map(\.action).contains(.segmentCreated))

    _ = try await service.refresh(asOf: Shop.asOf)
    try service.change("oslo", [.addTags(["north"])])
    try service.set(
      SystemSchedule(timeZone: "UTC", weekdays: [.monday], times: [TimeOfDay(hour: 3, minute: 0)]))
    _ = try service.makeJob(JobRequest(.all))
    try service.delete("oslo")
    try service.emptyTrash()
    _ = try await service.collectGarbage()
    let log = try service.auditEntries(AuditFilter(author: "ann"), limit: 99)
      .filter { $0.id > first[0].id }.reversed()
    #expect(
      log.map(\.action) == [
        .segmentsRefreshed, .segmentSaved, .settingsChanged, .jobRequested, .segmentTrashed,
        .segmentPurged,
      ])
    let saved = try #require(log.first { $0.action == .segmentSaved })
    #expect(saved.after?["changed"] == .list(["tags"]))
  }

  @Test func `the log is written as CSV and NDJSON, and a cell is no formula`() async throws {
    let shop = try await Shop()
    _ = try shop.service.identity.createAccount("ann", displayName: "=1+1", role: .viewer)
    func text(_ format: TextFormat) throws -> String {
      var (export, bytes) = (shop.service.auditExport(as: format), [UInt8]())
      while let part = try export.next() { bytes += part }
      return String(decoding: bytes, as: UTF8.self)
    }
    let rows = try text(.csv(raw: false)).components(separatedBy: "\r\n")
    #expect(rows[0].hasPrefix("id,time,kind,author,account,") && rows.count == 5)
    #expect(rows[2].contains("account.created,ann,1,,\"{"))
    let lines = try text(.ndjson).split(separator: "\n").map(String.init)
    let created = try #require(try Document.parse(lines[1]).first)
    #expect(created["action"]?.textValue == "account.created")
    #expect(created["after"]?["displayName"]?.textValue == "=1+1")
    #expect(created["author"]?.textValue == "tester")
  }

  @Test func `entries that quote an erased member lose what they quote`() async throws {
    let club = try await Club.withHistory()
    _ = try club.service.save(
      """
      segment: Xantippe Quillfeather
      audience: Member
      rules: [{match: {attribute: Member.City, is: equalTo, value: Oslo}}]
      """)
    try club.service.change("Xantippe Quillfeather", [.owner(Club.key)])
    try club.service.change("Xantippe Quillfeather", [.rename("watch")])
    try club.service.change("watch", [.owner("ann")])
    try await club.erase()
    // The owner stands nowhere else; the name also in a version that only its author can change.
    #expect(try club.files(with: Club.key) == [])
    #expect(
      try club.service.store.auditTexts().allSatisfy {
        $0.texts.allSatisfy { !$0.contains("Quill") }
      })
    let log = try club.service.auditEntries(limit: 99)
    #expect(log.count { $0.isRedacted } >= 4)
    #expect(log.allSatisfy { $0.author == .tester })
    let erased = try #require(log.first { $0.action == .peopleErased })
    #expect(erased.object?.name == "Member" && erased.after?["profiles"] == .number(1))
  }
}
