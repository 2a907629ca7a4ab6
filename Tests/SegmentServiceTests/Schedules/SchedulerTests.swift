import Foundation
import SegmentCompiler
import SegmentStore
import Synchronization
import Testing

@testable import SegmentService

/// What is submitted when, with a clock that the test moves.
@Suite(.timeLimit(.minutes(30))) struct SchedulerTests {
  private func shop(_ segments: String) async throws -> (Shop, Clock) {
    let clock = Clock(Shop.asOf)
    let shop = try await Shop(now: { clock.now }, segments: segments)
    return (shop, clock)
  }

  private func look(_ shop: Shop) async throws -> [JobRecord] {
    let submitted = Guarded<[JobRecord]>([])
    let scheduler = Scheduler(
      shop.service, runner: JobRunner(shop.service),
      note: { note in
        if case .submitted(let job) = note { submitted.withLock { $0.append(job) } }
      })
    try await scheduler.look()
    return submitted.withLock { $0 }
  }

  private func names(_ job: JobRecord) -> [String] {
    job.tasks.filter { $0.kind == .segment }.map(\.name)
  }

  @Test func `a refresh is submitted once, at its time`() async throws {
    let (shop, clock) = try await shop(Shop.oslo + "---\n" + Shop.coffee)
    // Noon of Sunday, the 31st of March 2024: the clocks have just changed.
    try shop.service.set(
      SystemSchedule(
        timeZone: "Europe/Oslo", weekdays: Set(Weekday.allCases),
        times: [TimeOfDay(hour: 15, minute: 0), TimeOfDay(hour: 3, minute: 0)]))
    #expect(try await look(shop).isEmpty)
    clock.set("2024-03-31T12:59:59Z")
    #expect(try await look(shop).isEmpty)
    clock.set("2024-03-31T13:00:10Z")
    let jobs = try await look(shop)
    #expect(jobs.map(\.trigger) == [.schedule] && jobs.map(\.author) == ["schedule"])
    #expect(jobs[0].tasks.map(\.kind) == [.load, .load, .segment, .segment])
    #expect(try await look(shop).isEmpty)

    // Down for two days: made up for once, and said so.
    clock.set("2024-04-02T10:00:00Z")
    #expect(try await look(shop).map(\.trigger) == [.late])
    clock.set("2024-04-02T13:05:00Z")
    #expect(try await look(shop).map(\.trigger) == [.late])

    var off = try shop.service.schedule()
    off.isOn = false
    try shop.service.set(off)
    clock.set("2024-05-01T00:00:00Z")
    #expect(try await look(shop).isEmpty)
    // Switched on again, it does not make up for the time that it was off.
    off.isOn = true
    try shop.service.set(off)
    #expect(try await look(shop).isEmpty)
  }

  @Test func `a refresh is due until there is a job for it`() async throws {
    let (shop, clock) = try await shop(Shop.oslo)
    try shop.service.set(
      SystemSchedule(
        timeZone: "UTC", weekdays: Set(Weekday.allCases), times: [TimeOfDay(hour: 18, minute: 0)]))
    clock.set("2024-03-31T18:00:00Z")
    let due = try shop.service.dueOccurrences()
    #expect(try due.count == 1 && shop.service.dueOccurrences() == due)
    #expect(throws: CancellationError.self) {
      try shop.service.makeJob(JobRequest(.all)) { settings in
        try settings.noteOccurrence(due[0])
        throw CancellationError()
      }
    }
    #expect(try shop.service.dueOccurrences() == due)
    #expect(try await look(shop).count == 1)
    #expect(try shop.service.dueOccurrences().isEmpty)
  }

  @Test func `a clock that was ahead does not keep refreshes from being due`() async throws {
    let (shop, clock) = try await shop(Shop.oslo)
    clock.set("2030-01-01T00:00:00Z")
    try shop.service.set(
      SystemSchedule(
        timeZone: "UTC", weekdays: Set(Weekday.allCases), times: [TimeOfDay(hour: 18, minute: 0)]))
    clock.set("2024-03-31T12:00:00Z")
    #expect(try await look(shop).isEmpty)
    clock.set("2024-03-31T18:00:00Z")
    #expect(try await look(shop).count == 1)
    // Put right by a little, it does not make a refresh happen twice.
    clock.set("2024-03-31T17:59:30Z")
    #expect(try await look(shop).isEmpty)
    clock.set("2024-03-31T18:00:05Z")
    #expect(try await look(shop).isEmpty)
  }

  @Test func `segments take part by schedules of their own`() async throws {
    let (shop, clock) = try await shop(
      [Shop.oslo, Shop.coffee, Shop.newcomers, Shop.heavy].joined(separator: "---\n"))
    try shop.service.change("coffee", [.schedule(.weekly(on: [.tuesday]))])
    try shop.service.change("newcomers", [.schedule(.monthly(on: [31]))])
    try shop.service.change("heavy", [.schedule(.off)])
    try shop.service.set(
      SystemSchedule(
        timeZone: "UTC", weekdays: Set(Weekday.allCases), times: [TimeOfDay(hour: 18, minute: 0)]))
    func submitted(_ time: String) async throws -> [[String]] {
      clock.set(time)
      return try await look(shop).map(names)
    }
    #expect(try await submitted("2024-03-31T18:00:00Z") == [["newcomers", "oslo"]])
    #expect(try await submitted("2024-04-01T18:00:00Z") == [["oslo"]])
    #expect(try await submitted("2024-04-02T18:00:00Z") == [["coffee", "oslo"]])
    // The days that were missed count together; April has no 31st.
    #expect(try await submitted("2024-05-01T18:00:00Z") == [["coffee", "newcomers", "oslo"]])

    let records = try shop.service.list().map(\.record)
    let next = try records.map { try shop.service.nextRefresh(of: $0)?.instant.description }
    #expect(
      next == ["2024-05-07T18:00:00Z", nil, "2024-05-31T18:00:00Z", "2024-05-02T18:00:00Z"])
    try shop.service.set(
      SystemSchedule(
        timeZone: "UTC", weekdays: [.monday], times: [TimeOfDay(hour: 18, minute: 0)]))
    #expect(
      try records.map { try shop.service.scheduleConflict(of: $0) != nil } == [
        true, false, false, false,
      ])
  }

  @Test func `planned activations are refreshed when their time has come`() async throws {
    let (shop, clock) = try await shop(Shop.oslo + "---\n" + Shop.coffee)
    let hour: Int64 = 3_600_000_000
    func planned(_ hours: Int64) -> PlannedChange {
      PlannedChange(at: Shop.asOf.microseconds + hours * hour, timeZone: "UTC")
    }
    try shop.service.change("oslo", [.deactivate, .planActivation(planned(1))])
    try shop.service.change("coffee", [.planDeactivation(planned(1))])
    #expect(try await look(shop).isEmpty)
    clock.set("2024-03-31T13:30:00Z")
    // Whoever makes the change: the scheduler refreshes what it has activated.
    try shop.service.makePlannedChanges()
    #expect(try await look(shop).map(names) == [["oslo"]])
    #expect(try shop.service.list().map(\.record.state) == [.inactive, .active])
    #expect(try await look(shop).isEmpty)
  }

  @Test func `a schedule with problems is refused`() async throws {
    let (shop, _) = try await shop(Shop.oslo)
    let error = #expect(throws: Diagnostics.self) {
      try shop.service.set(SystemSchedule(timeZone: "Oslo", weekdays: [], times: []))
    }
    #expect(error?.all.map(\.place) == ["timeZone", "weekdays", "times"])
    #expect(throws: Diagnostics.self) {
      try shop.service.change("oslo", [.schedule(.monthly(on: [0]))])
    }
    #expect(try shop.service.schedule() == .off)
  }
}
