import SegmentCompiler

/// Which of the system's refreshes a segment takes part in.
public enum SegmentSchedule: Sendable, Hashable {
  case off
  case everySystemRefresh
  case weekly(on: Set<Weekday>)
  /// Days of the month. In a month without such a day it is the month's last one: the 31st is the 30th in
  /// April and the 28th or 29th in February.
  case monthly(on: Set<Int>)

  /// Everything that is wrong with it; empty where it can be used.
  public var problems: [Diagnostic] {
    switch self {
    case .weekly(on: []):
      [
        Diagnostic(
          code: "weekdays", place: "weekdays", message: "At least one weekday is expected.")
      ]
    case .monthly(let days) where days.isEmpty || !days.isSubset(of: 1...31):
      [
        Diagnostic(
          code: "days", place: "days",
          message: "At least one day of the month is expected, from 1 to 31.")
      ]
    case .off, .everySystemRefresh, .weekly, .monthly: []
    }
  }

  /// Whether the segment takes part in the system refreshes of a day.
  public func includes(_ date: CivilDate) -> Bool {
    switch self {
    case .off: return false
    case .everySystemRefresh: return true
    case .weekly(let days): return days.contains { $0.number == date.weekday }
    case .monthly(let days):
      let (year, month, day) = date.components
      let last = CivilDate.daysInMonth(year: year, month: month)
      return days.contains(day) || (day == last && days.contains { $0 > last })
    }
  }

  /// The first system refresh after an instant that the segment takes part in; nil where there is none.
  public func next(after instant: Instant, in system: SystemSchedule)
    -> SystemSchedule.Occurrence?
  {
    guard problems.isEmpty, conflict(with: system) == nil, self != .off else { return nil }
    var time = instant
    while let occurrence = system.next(after: time) {
      if includes(occurrence.date) { return occurrence }
      time = occurrence.instant
    }
    return nil
  }

  /// Why the segment can never be refreshed by schedule; nil where it can, or need not.
  public func conflict(with system: SystemSchedule) -> String? {
    guard self != .off else { return nil }
    guard system.isOn else {
      return "The system schedule is off, so this schedule never takes effect."
    }
    // Every day of the month falls on every weekday in some month, so monthly schedules meet every system
    // schedule.
    guard case .weekly(let days) = self, days.isDisjoint(with: system.weekdays) else { return nil }
    return
      "The system refreshes on \(list(system.weekdays)) only, so a schedule for \(list(days)) never takes effect."
  }

  private func list(_ days: Set<Weekday>) -> String {
    days.sorted { $0.number < $1.number }.map(\.rawValue).joined(separator: ", ")
  }
}

extension SegmentSchedule: Codable {
  private enum Key: String, CodingKey { case kind, weekdays, days }
  private enum Kind: String, Codable { case off, everySystemRefresh, weekly, monthly }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .off: self = .off
    case .everySystemRefresh: self = .everySystemRefresh
    case .weekly:
      self = .weekly(on: Set(try container.decode([Weekday].self, forKey: .weekdays)))
    case .monthly: self = .monthly(on: Set(try container.decode([Int].self, forKey: .days)))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .off: try container.encode(Kind.off, forKey: .kind)
    case .everySystemRefresh: try container.encode(Kind.everySystemRefresh, forKey: .kind)
    case .weekly(let weekdays):
      try container.encode(Kind.weekly, forKey: .kind)
      try container.encode(weekdays.sorted { $0.number < $1.number }, forKey: .weekdays)
    case .monthly(let days):
      try container.encode(Kind.monthly, forKey: .kind)
      try container.encode(days.sorted(), forKey: .days)
    }
  }
}
