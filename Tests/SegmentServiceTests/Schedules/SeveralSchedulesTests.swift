import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Schedules of several segments at once, and what a list says of each segment's last refresh.
@Suite(.timeLimit(.minutes(30))) struct SeveralSchedulesTests {
  private func schedules(_ set: [ScheduledSegment]) throws -> [String] {
    try set.map { item in
      let now = try item.outcome.get()
      return "\(item.segment) \(now.schedule) \(now.isKept ? "kept" : "set")"
    }
  }

  @Test func `own schedules are kept or overridden, and each outcome is told`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    try shop.service.change("coffee", [.schedule(.monthly(on: [1]))])
    let weekly = SegmentSchedule.weekly(on: [.monday])
    let kept = try shop.service.acting(as: .named("ann")).setSchedule(weekly, keepingOwn: true)
    #expect(
      try schedules(kept) == [
        "coffee \(SegmentSchedule.monthly(on: [1])) kept", "newcomers \(weekly) set",
        "oslo \(weekly) set",
      ])
    #expect(try shop.service.record(of: "coffee").changedBy == "tester")
    #expect(try shop.service.record(of: "oslo").changedBy == "ann")

    let all = try shop.service.setSchedule(
      .everySystemRefresh, of: ["coffee", "oslo", "nobody"], keepingOwn: false)
    #expect(throws: WorkspaceError.self) { try all[2].outcome.get() }
    #expect(
      try schedules(Array(all.dropLast())) == [
        "coffee everySystemRefresh set", "oslo everySystemRefresh set",
      ])
    #expect(try shop.service.record(of: "newcomers").decodedSchedule() == weekly)
  }

  @Test func `the next refresh and what can never meet the system schedule are told`() async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    try shop.service.set(
      SystemSchedule(
        timeZone: "UTC", weekdays: [.tuesday], times: [TimeOfDay(hour: 3, minute: 0)]))
    let never = try shop.service.setSchedule(.weekly(on: [.monday]), keepingOwn: false)[0]
      .outcome.get()
    #expect(never.next == nil && never.conflict?.contains("monday") == true)
    let soon = try shop.service.setSchedule(.weekly(on: [.tuesday]), keepingOwn: false)[0]
      .outcome.get()
    #expect(soon.conflict == nil && soon.next?.instant == Instant("2024-04-02T03:00:00Z"))
  }

  // MARK: Status

  @Test func `a status is of the last task or of a refresh that came later`() async throws {
    let clock = Clock(Shop.asOf)
    let shop = try await Shop(
      now: { clock.now }, segments: Shop.oslo, Shop.coffee, Shop.fans)
    func statuses() throws -> [String] {
      try shop.service.list().map { "\($0.record.name) \($0.status.status)" }
    }
    #expect(try statuses() == ["coffee notStarted", "fans notStarted", "oslo notStarted"])
    let job = try shop.service.makeJob(JobRequest(.named(["oslo", "fans"])))
    #expect(try statuses() == ["coffee notStarted", "fans queued", "oslo queued"])
    #expect(try shop.service.list()[2].status.job == job.id)

    var graph = JobGraph(job)
    graph.cancel(at: shop.service.now())
    try shop.service.store.save(graph.job, tasks: [1, 2])
    #expect(try statuses() == ["coffee notStarted", "fans canceled", "oslo canceled"])

    clock.set("2024-03-31T13:00:00Z")
    try await shop.refresh(["oslo"], asOf: clock.now)
    #expect(try statuses() == ["coffee notStarted", "fans canceled", "oslo successful"])
    #expect(try shop.service.list()[2].status.job == nil)
    try shop.service.change("oslo", [.deactivate])
    clock.set("2024-03-31T14:00:00Z")
    _ = try await shop.finish(try shop.service.makeJob(JobRequest(.all)))
    #expect(try statuses() == ["coffee successful", "fans skipped", "oslo skipped"])
    #expect(try shop.service.list()[2].status.cause?.contains("inactive") == true)
  }
}
