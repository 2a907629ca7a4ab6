import SegmentCompiler

/// When a workspace refreshes by itself: on chosen weekdays at up to four times of the day, by the wall clock
/// of a time zone.
///
/// Every time of every chosen day happens exactly once: one that a change of the clock leaves out is moved
/// forward by the gap, and of two that the clock shows twice the earlier one counts. Two times that a gap
/// makes one instant are one refresh.
public struct SystemSchedule: Sendable, Hashable, Codable {
  public var isOn: Bool
  /// An IANA time zone.
  public var timeZone: String
  /// All seven for daily.
  public var weekdays: Set<Weekday>
  public var times: Set<TimeOfDay>

  public static let mostTimes = 4

  /// What a workspace starts with.
  public static let off = SystemSchedule(
    isOn: false, timeZone: "UTC", weekdays: Set(Weekday.allCases),
    times: [TimeOfDay(hour: 3, minute: 0)])

  public init(isOn: Bool = true, timeZone: String, weekdays: Set<Weekday>, times: Set<TimeOfDay>) {
    self.isOn = isOn
    self.timeZone = timeZone
    self.weekdays = weekdays
    self.times = times
  }

  /// One refresh of the schedule.
  public struct Occurrence: Sendable, Hashable {
    public var instant: Instant
    /// The day it belongs to: of a time that was moved over midnight the day before, unless the schedule has
    /// a time of its own there.
    public var date: CivilDate
  }

  /// Everything that is wrong with it; empty where it can be used.
  public var problems: [Diagnostic] {
    var problems: [Diagnostic] = []
    if Zone(timeZone) == nil {
      problems.append(
        Diagnostic(
          code: "unknownTimeZone", place: "timeZone",
          message: "'\(timeZone)' is no IANA time zone.",
          hint: NearNames.hint(timeZone, among: Zone.knownNames)))
    }
    if weekdays.isEmpty {
      problems.append(
        Diagnostic(
          code: "weekdays", place: "weekdays", message: "At least one weekday is expected."))
    }
    if !(1...SystemSchedule.mostTimes).contains(times.count) {
      problems.append(
        Diagnostic(
          code: "times", place: "times",
          message:
            "One to \(SystemSchedule.mostTimes) times of the day are expected, not \(times.count)."
        ))
    }
    return problems
  }

  /// The first refresh after an instant; nil where the schedule is off or has problems.
  public func next(after instant: Instant) -> Occurrence? {
    guard let zone = usableZone else { return nil }
    let today = zone.localTime(at: instant).date.days
    // Two days back, since a gap may be as long as a day; a week ahead every weekday has come.
    return (today - 2...today + 8).lazy
      .flatMap { occurrences(on: CivilDate(days: $0), in: zone) }
      .filter { $0.instant.microseconds > instant.microseconds }
      .min {
        ($0.instant.microseconds, $1.date.days) < ($1.instant.microseconds, $0.date.days)
      }
  }

  /// Every refresh after `start`, up to and including `end`, in order.
  public func occurrences(after start: Instant, through end: Instant) -> [Occurrence] {
    let (after, through) = (start.microseconds, end.microseconds)
    guard let zone = usableZone, after < through else { return [] }
    let first = zone.localTime(at: start).date.days - 2
    let last = zone.localTime(at: end).date.days + 1
    let all = (first...last).flatMap { occurrences(on: CivilDate(days: $0), in: zone) }
    let wanted = all.filter {
      after < $0.instant.microseconds && $0.instant.microseconds <= through
    }
    let byTime = Dictionary(
      wanted.map { ($0.instant.microseconds, $0) }, uniquingKeysWith: { _, later in later })
    return byTime.keys.sorted().compactMap { byTime[$0] }
  }

  private var usableZone: Zone? { isOn && problems.isEmpty ? Zone(timeZone) : nil }

  private func occurrences(on date: CivilDate, in zone: Zone) -> [Occurrence] {
    guard weekdays.contains(where: { $0.number == date.weekday }) else { return [] }
    return times.map { time in
      let local = LocalTime(date: date, microsecondOfDay: time.microsecondOfDay)
      return Occurrence(instant: zone.instant(of: local), date: date)
    }
  }
}

extension SystemSchedule {
  private enum Key: String, CodingKey { case isOn, timeZone, weekdays, times }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    self.init(
      isOn: try container.decode(Bool.self, forKey: .isOn),
      timeZone: try container.decode(String.self, forKey: .timeZone),
      weekdays: Set(try container.decode([Weekday].self, forKey: .weekdays)),
      times: Set(try container.decode([TimeOfDay].self, forKey: .times)))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(isOn, forKey: .isOn)
    try container.encode(timeZone, forKey: .timeZone)
    try container.encode(weekdays.sorted { $0.number < $1.number }, forKey: .weekdays)
    try container.encode(times.sorted(), forKey: .times)
  }
}

/// Hours and minutes on a wall clock, written `07:30`.
public struct TimeOfDay: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  /// 0 to 1439.
  public let minuteOfDay: Int

  /// nil unless the text is of the form `07:30`.
  public init?(_ text: String) {
    guard let match = text.wholeMatch(of: /([01][0-9]|2[0-3]):([0-5][0-9])/),
      let hour = Int(match.1), let minute = Int(match.2)
    else { return nil }
    self.init(hour: hour, minute: minute)
  }

  public init(hour: Int, minute: Int) {
    precondition((0..<24).contains(hour) && (0..<60).contains(minute))
    minuteOfDay = hour * 60 + minute
  }

  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let time = TimeOfDay(text) else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "'\(text)' is no time from 00:00 to 23:59."))
    }
    self = time
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  var microsecondOfDay: Int64 { Int64(minuteOfDay) * 60_000_000 }

  public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool {
    left.minuteOfDay < right.minuteOfDay
  }

  public var description: String {
    let digits = [minuteOfDay / 60, minuteOfDay % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
    return digits.joined(separator: ":")
  }
}
