/// A day told relative to today: `today - 3 months`, `start of last quarter`.
public struct RelativeDay: Sendable, Hashable {
  public enum Anchor: Sendable, Hashable {
    /// Today moved by a number of units.
    case today(offset: Int, unit: CalendarUnit)
    /// The first or last day of a period: -1 last, 0 this, 1 next.
    case period(CalendarUnit, offset: Int, end: Bool)
  }

  public var anchor: Anchor

  /// nil where the text is no relative day.
  public init?(_ text: String) {
    if text == "today" {
      anchor = .today(offset: 0, unit: .day)
    } else if let match = text.wholeMatch(
      of: /today ([-+]) ([0-9]{1,6}) (day|week|month|quarter|year)s?/),
      let unit = CalendarUnit(rawValue: String(match.3)), unit != .quarter, let count = Int(match.2)
    {
      anchor = .today(offset: match.1 == "-" ? -count : count, unit: unit)
    } else if let match = text.wholeMatch(
      of: /(start|end) of (last|this|next) (week|month|quarter|year)/),
      let unit = CalendarUnit(rawValue: String(match.3))
    {
      let offset = ["last": -1, "this": 0, "next": 1][String(match.2)]!
      anchor = .period(unit, offset: offset, end: match.1 == "end")
    } else {
      return nil
    }
  }

  public func resolved(today: CivilDate, weekStart: Weekday) -> CivilDate {
    switch anchor {
    case .today(let offset, let unit):
      return today.moved(by: offset, unit)
    case .period(let unit, let offset, let end):
      let start = today.start(of: unit, weekStart: weekStart).moved(by: offset, unit)
      return end ? CivilDate(days: start.moved(by: 1, unit).days - 1) : start
    }
  }
}

/// A length of time in one unit: `90 days`, `12 hours`.
public struct CalendarDuration: Sendable, Hashable {
  public enum Unit: String, Sendable, CaseIterable {
    case minute, hour, day, week, month, year
  }

  public static let longest = 100_000

  public var count: Int
  public var unit: Unit

  init(count: Int, unit: Unit) {
    self.count = count
    self.unit = unit
  }

  /// nil where the text is no duration of 1 to 100,000 units.
  public init?(_ text: String) {
    guard let match = text.wholeMatch(of: /([0-9]{1,6}) (minute|hour|day|week|month|year)s?/),
      let count = Int(match.1), let unit = Unit(rawValue: String(match.2)),
      (1...CalendarDuration.longest).contains(count)
    else { return nil }
    self.count = count
    self.unit = unit
  }

  /// The calendar's unit; nil for minutes and hours.
  public var calendarUnit: CalendarUnit? { CalendarUnit(rawValue: unit.rawValue) }
}
