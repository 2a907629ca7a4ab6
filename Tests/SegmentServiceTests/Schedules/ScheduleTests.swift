import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

@Suite struct SystemScheduleTests {
  /// The zones have what clocks do: changes by an hour and by half an hour, at midnight, and a day left out.
  @Test(arguments: [
    ("Europe/Oslo", "01:59 02:00 02:30 03:00"), ("America/Sao_Paulo", "00:00 00:30 23:30"),
    ("Australia/Lord_Howe", "01:45 02:00 02:15 02:30"), ("Pacific/Apia", "00:00 03:30 12:00"),
    ("America/New_York", "02:15 03:15"),
  ])
  func `it agrees with a naive calendar over ten years`(zone: String, times: String) throws {
    for weekdays in [Set(Weekday.allCases), [.friday, .sunday]] {
      let schedule = SystemSchedule(
        timeZone: zone, weekdays: weekdays,
        times: Set(times.split(separator: " ").compactMap { TimeOfDay(String($0)) }))
      let expected = try naiveFirings(of: schedule, first: 2011, end: 2021)
      let start = try #require(Instant("2010-12-31T23:59:59Z"))
      let end = try #require(Instant("2020-12-31T23:59:00Z"))
      #expect(schedule.occurrences(after: start, through: end) == expected)

      var time = start
      for occurrence in expected {
        let next = try #require(schedule.next(after: time))
        #expect(next == occurrence)
        time = next.instant
      }
    }
  }

  private func naiveFirings(of schedule: SystemSchedule, first: Int, end: Int) throws
    -> [SystemSchedule.Occurrence]
  {
    let request: [[String: Any]] = [
      [
        "zone": schedule.timeZone, "weekdays": schedule.weekdays.map(\.number),
        "times": schedule.times.map(\.description), "first": first, "end": end,
      ]
    ]
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", TestFiles.tests.appending(path: "Oracle/schedules.py").path,
    ]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(
      contentsOf: JSONSerialization.data(withJSONObject: request))
    try input.fileHandleForWriting.close()
    let answer = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return try JSONDecoder().decode([[[Int]]].self, from: answer)[0].map { pair in
      SystemSchedule.Occurrence(
        instant: Instant(microseconds: Int64(pair[0]) * 60_000_000), date: CivilDate(days: pair[1]))
    }
  }

  @Test func `times of one instant are one refresh`() throws {
    // 02:30 does not exist on 2024-03-31 in Oslo and becomes 03:30.
    let schedule = SystemSchedule(
      timeZone: "Europe/Oslo", weekdays: [.sunday],
      times: [TimeOfDay(hour: 2, minute: 30), TimeOfDay(hour: 3, minute: 30)])
    let found = schedule.occurrences(
      after: try #require(Instant("2024-03-30T00:00:00Z")),
      through: try #require(Instant("2024-04-01T00:00:00Z")))
    #expect(found.map(\.instant.description) == ["2024-03-31T01:30:00Z"])
  }

  @Test func `nothing comes of a schedule that is off`() {
    #expect(SystemSchedule.off.next(after: Instant(microseconds: 0)) == nil)
  }

  @Test func `every problem is named`() {
    let schedule = SystemSchedule(timeZone: "Europe/Olso", weekdays: [], times: [])
    #expect(schedule.problems.map(\.place) == ["timeZone", "weekdays", "times"])
    #expect(schedule.problems[0].hint?.contains("Europe/Oslo") == true)
    #expect(schedule.next(after: Instant(microseconds: 0)) == nil)
    let five = SystemSchedule(
      timeZone: "UTC", weekdays: [.monday],
      times: Set((0..<5).map { TimeOfDay(hour: $0, minute: 0) }))
    #expect(five.problems.map(\.place) == ["times"])
  }

  @Test func `it is the same after writing and reading`() throws {
    let schedule = SystemSchedule(
      timeZone: "Asia/Kolkata", weekdays: [.sunday, .monday],
      times: [TimeOfDay(hour: 23, minute: 5), TimeOfDay(hour: 0, minute: 0)])
    let data = try JSONEncoder().encode(schedule)
    #expect(try JSONDecoder().decode(SystemSchedule.self, from: data) == schedule)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains(#"["monday","sunday"]"#) && text.contains(#"["00:00","23:05"]"#))
  }

  @Test(arguments: ["24:00", "7:30", "07:60", "", "07:30:00", "0７:30"])
  func `other texts are no time`(_ text: String) {
    #expect(TimeOfDay(text) == nil)
  }
}

@Suite struct SegmentScheduleTests {
  let nightly = SystemSchedule(
    timeZone: "UTC", weekdays: Set(Weekday.allCases), times: [TimeOfDay(hour: 3, minute: 0)])

  func days(_ schedule: SegmentSchedule, _ system: SystemSchedule, from start: String, count: Int)
    throws -> [String]
  {
    var time = try #require(Instant(start))
    var days: [String] = []
    for _ in 0..<count {
      guard let next = schedule.next(after: time, in: system) else { break }
      days.append(next.date.description)
      time = next.instant
    }
    return days
  }

  @Test func `every system refresh is its own`() throws {
    #expect(
      try days(.everySystemRefresh, nightly, from: "2024-02-28T03:00:00Z", count: 2)
        == ["2024-02-29", "2024-03-01"])
  }

  @Test func `a day that a month does not have is its last one`() throws {
    #expect(
      try days(.monthly(on: [31]), nightly, from: "2024-01-01T00:00:00Z", count: 5)
        == ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"])
    #expect(
      try days(.monthly(on: [29, 30]), nightly, from: "2023-02-01T00:00:00Z", count: 3)
        == ["2023-02-28", "2023-03-29", "2023-03-30"])
  }

  @Test func `weekdays meet those of the system`() throws {
    let system = SystemSchedule(
      timeZone: "UTC", weekdays: [.monday, .thursday], times: [TimeOfDay(hour: 3, minute: 0)])
    #expect(
      try days(.weekly(on: [.thursday, .friday]), system, from: "2024-03-01T00:00:00Z", count: 2)
        == ["2024-03-07", "2024-03-14"])
  }

  @Test func `never meeting the system is said`() throws {
    let mondays = SystemSchedule(
      timeZone: "UTC", weekdays: [.monday], times: [TimeOfDay(hour: 3, minute: 0)])
    let tuesdays = SegmentSchedule.weekly(on: [.tuesday])
    #expect(tuesdays.conflict(with: mondays)?.contains("monday only") == true)
    #expect(tuesdays.next(after: Instant(microseconds: 0), in: mondays) == nil)
    #expect(tuesdays.conflict(with: nightly) == nil)
    #expect(SegmentSchedule.everySystemRefresh.conflict(with: .off)?.contains("off") == true)
    #expect(SegmentSchedule.off.conflict(with: .off) == nil)
    // The 31st is a Monday now and then.
    #expect(SegmentSchedule.monthly(on: [31]).conflict(with: mondays) == nil)
    #expect(
      try days(.monthly(on: [13]), mondays, from: "2024-01-01T00:00:00Z", count: 2)
        == ["2024-05-13", "2025-01-13"])
  }

  @Test func `every problem is named`() {
    #expect(SegmentSchedule.weekly(on: []).problems.map(\.place) == ["weekdays"])
    #expect(SegmentSchedule.monthly(on: []).problems.map(\.place) == ["days"])
    #expect(SegmentSchedule.monthly(on: [0, 1]).problems.map(\.place) == ["days"])
    #expect(SegmentSchedule.monthly(on: [31]).problems.isEmpty)
    #expect(
      SegmentSchedule.monthly(on: [32]).next(after: Instant(microseconds: 0), in: nightly) == nil)
  }

  @Test(arguments: [
    SegmentSchedule.off, .everySystemRefresh, .weekly(on: [.sunday, .monday]),
    .monthly(on: [1, 15, 31]),
  ])
  func `it is the same after writing and reading`(_ schedule: SegmentSchedule) throws {
    let data = try JSONEncoder().encode(schedule)
    #expect(try JSONDecoder().decode(SegmentSchedule.self, from: data) == schedule)
  }
}
