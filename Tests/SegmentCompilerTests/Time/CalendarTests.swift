import Testing

@testable import SegmentCompiler

/// Days, wall clocks and what is relative to them.
@Suite struct CalendarTests {
  // MARK: Days

  @Test(arguments: [-404, -4, 1896, 1996, 2096])
  func `every day of nine years`(first: Int) {
    var date = CivilDate(year: first, month: 1, day: 1)
    var weekday = date.weekday
    for year in first..<first + 9 {
      for month in 1...12 {
        for day in 1...CivilDate.daysInMonth(year: year, month: month) {
          let components = date.components
          guard components == (year, month, day), date.weekday == weekday,
            CivilDate(year: year, month: month, day: day) == date
          else {
            Issue.record("\(year)-\(month)-\(day) is \(components)")
            return
          }
          date.days += 1
          weekday = weekday % 7 + 1
        }
      }
    }
    #expect(CivilDate("2024-03-31")?.weekday == 7)
  }

  @Test func `leap years`() {
    #expect(
      [1900, 2000, 2023, 2024, 2100, 2400].map(CivilDate.isLeap) == [
        false, true, false, true, false, true,
      ])
  }

  @Test(arguments: [
    "", "2024-1-01", "2024-01-1", "24-01-01", "2024-00-01", "2024-13-01", "2024-01-00",
    "2024-01-32",
    "2023-02-29", "1900-02-29", "0000-01-01", "2024-01-01 ", "-024-01-01", "2024/01/01",
  ])
  func `what is no day`(text: String) { #expect(CivilDate(text) == nil) }

  @Test func `days are written with four digits of the year`() {
    #expect(CivilDate("0001-02-03")?.description == "0001-02-03")
    #expect(CivilDate.last.description == "9999-12-31")
    #expect(CivilDate(year: -1, month: 12, day: 31).description == "-0001-12-31")
    #expect(CivilDate(year: 12_345, month: 1, day: 1).description == "12345-01-01")
  }

  @Test(arguments: [
    ("2024-01-31", 1, CalendarUnit.month, "2024-02-29"), ("2023-01-31", 1, .month, "2023-02-28"),
    ("2024-03-31", -1, .month, "2024-02-29"), ("2024-01-15", -1, .month, "2023-12-15"),
    ("2024-02-29", 1, .year, "2025-02-28"), ("2024-02-29", -4, .year, "2020-02-29"),
    ("2024-11-30", 1, .quarter, "2025-02-28"), ("2024-12-31", 1, .day, "2025-01-01"),
    ("2024-01-01", -1, .week, "2023-12-25"),
  ])
  func `steps of the calendar are clamped`(from: String, count: Int, unit: CalendarUnit, to: String)
    throws
  {
    #expect(try #require(CivilDate(from)).moved(by: count, unit).description == to)
  }

  @Test func `months before the year 0`() {
    let date = CivilDate(year: 0, month: 1, day: 31)
    #expect(date.moved(by: -1, .month) == CivilDate(year: -1, month: 12, day: 31))
    #expect(date.moved(by: -11, .month) == CivilDate(year: -1, month: 2, day: 28))
    #expect(date.moved(by: -13, .month) == CivilDate(year: -2, month: 12, day: 31))
  }

  @Test func `the starts of periods`() throws {
    let day = try #require(CivilDate("2024-05-19"))  // a Sunday
    let starts = CalendarUnit.allCases.map { day.start(of: $0, weekStart: .monday).description }
    #expect(starts == ["2024-05-19", "2024-05-13", "2024-05-01", "2024-04-01", "2024-01-01"])
    #expect(day.start(of: .week, weekStart: .sunday) == day)
    #expect(day.start(of: .week, weekStart: .saturday).description == "2024-05-18")
  }

  // MARK: Relative days and durations

  @Test(arguments: [
    ("today", "2024-05-19"), ("today - 1 day", "2024-05-18"), ("today + 2 weeks", "2024-06-02"),
    ("today - 3 months", "2024-02-19"), ("today + 1 years", "2025-05-19"),
    ("start of this week", "2024-05-13"), ("end of this week", "2024-05-19"),
    ("start of last month", "2024-04-01"), ("end of last month", "2024-04-30"),
    ("start of next quarter", "2024-07-01"), ("end of next year", "2025-12-31"),
  ])
  func `relative days`(text: String, day: String) throws {
    let today = try #require(CivilDate("2024-05-19"))
    #expect(RelativeDay(text)?.resolved(today: today, weekStart: .monday).description == day)
  }

  @Test(arguments: [
    "", "Today", "today - 1", "today -1 day", "today - 1 quarter", "today + 1000000 days",
    "start of this day", "start of previous month", "middle of last month", "yesterday",
  ])
  func `what is no relative day`(text: String) { #expect(RelativeDay(text) == nil) }

  @Test func `durations`() {
    #expect(CalendarDuration("90 days")?.count == 90 && CalendarDuration("90 days")?.unit == .day)
    #expect(CalendarDuration("1 month")?.calendarUnit == .month)
    #expect(CalendarDuration("12 hours")?.calendarUnit == nil)
    #expect(CalendarDuration("100000 minutes") != nil)
    for text in [
      "", "90", "0 days", "100001 days", "1000000 days", "-1 days", "1 quarter", "90  days",
      "1.5 days",
    ] {
      #expect(CalendarDuration(text) == nil, "\(text)")
    }
  }

  // MARK: Instants

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:01Z", 1_000_000),
    ("1969-12-31T23:59:59.999999Z", -1),
    ("1970-01-01 00:01Z", 60_000_000), ("1970-01-01T00:00:00.5Z", 500_000),
    ("1970-01-01T01:00:00+01:00", 0), ("1969-12-31T19:30-0430", 0), ("1970-01-01T00:00-00:00", 0),
    ("1970-01-01T00:00:00.000123Z", 123), ("1970-01-01T00:00", 0),
  ])
  func `instants`(text: String, microseconds: Int64) {
    #expect(Instant(text)?.microseconds == microseconds)
  }

  @Test(arguments: [
    "", "1970-01-01", "1970-01-01T", "1970-01-01T24:00Z", "1970-01-01T00:60Z",
    "1970-01-01T00:00:60Z",
    "1970-02-30T00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567Z",
    "1970-01-01T0:00Z",
    "1970-01-01T00:00z", "1970-01-01T00:00+24:00", "1970-01-01T00:00+01:60",
    "1970-01-01T00:00+1:00",
    "1970-01-01T00:00 Z", "1970-01-01T00Z",
  ])
  func `what is no instant`(text: String) { #expect(Instant(text) == nil) }

  @Test func `instants are written in UTC, with fractions where there are any`() {
    #expect(Instant(microseconds: 0).description == "1970-01-01T00:00:00Z")
    #expect(Instant(microseconds: 1_500_000).description == "1970-01-01T00:00:01.5Z")
    #expect(Instant(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    #expect(Instant(microseconds: -86_400_000_000).description == "1969-12-31T00:00:00Z")
    #expect(Instant(microseconds: 10).description == "1970-01-01T00:00:00.00001Z")
  }

  // MARK: Zones

  @Test(arguments: ["UTC", "GMT", "Europe/Oslo", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
  func `time zones by their names`(name: String) { #expect(Zone(name)?.name == name) }

  @Test(arguments: ["", "Oslo", "Europe/Olso", "GMT+3", "+03:00", "europe oslo", "Mars/Olympus"])
  func `what is no time zone`(name: String) { #expect(Zone(name) == nil) }

  @Test func `in a gap the time moves forward, in an overlap it is the earlier one`() throws {
    let zone = try #require(Zone("Europe/Oslo"))
    #expect(Instant("2024-03-31T01:59:59", zone: zone)?.description == "2024-03-31T00:59:59Z")
    #expect(Instant("2024-03-31T02:30", zone: zone)?.description == "2024-03-31T01:30:00Z")
    #expect(Instant("2024-03-31T03:00", zone: zone)?.description == "2024-03-31T01:00:00Z")
    #expect(Instant("2024-10-27T02:30", zone: zone)?.description == "2024-10-27T00:30:00Z")
    #expect(Instant("2024-10-27T03:00", zone: zone)?.description == "2024-10-27T02:00:00Z")
    #expect(Instant("2024-10-27T02:30+01:00", zone: zone)?.description == "2024-10-27T01:30:00Z")
  }

  @Test func `an age reaches back exactly, or to the start of a day`() throws {
    let now = try #require(Instant("2024-03-31T12:30:15Z"))
    func since(_ age: String) throws -> String {
      try #require(CalendarDuration(age)).since(now).description
    }
    #expect(try since("90 minutes") == "2024-03-31T11:00:15Z")
    #expect(try since("13 hours") == "2024-03-30T23:30:15Z")
    #expect(try since("1 day") == "2024-03-30T00:00:00Z")
    #expect(try since("1 month") == "2024-02-29T00:00:00Z")
  }
}
