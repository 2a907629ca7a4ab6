/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
public struct Instant: Sendable, Hashable, Codable, CustomStringConvertible {
  public var microseconds: Int64

  public init(microseconds: Int64) { self.microseconds = microseconds }

  /// ISO 8601 in UTC, such as `2024-03-31T12:00:00Z`; fractions only where there are any.
  public var description: String { LocalTime(wallClock: microseconds).isoText + "Z" }

  /// Parses `2024-03-31T12:00:00Z` or `…+02:00`; a text without zone is read in `zone`.
  public init?(_ text: String, zone: Zone = .utc) {
    guard let parsed = LocalTime.parse(text) else { return nil }
    if let offset = parsed.offsetSeconds {
      self.init(microseconds: parsed.time.wallClock - Int64(offset) * LocalTime.second)
    } else {
      self = zone.instant(of: parsed.time)
    }
  }
}

/// A date of the proleptic Gregorian calendar, in days since 1970-01-01.
public struct CivilDate: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var days: Int

  public init(days: Int) { self.days = days }

  /// Source: Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
  public init(year: Int, month: Int, day: Int) {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    days = era * 146_097 + dayOfEra - 719_468
  }

  /// Source: the same, civil_from_days.
  public var components: (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  /// Parses `2024-02-29`; nil where there is no such day. Years 0001 to 9999.
  public init?(_ text: String) {
    guard let match = text.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/),
      let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
      year >= 1, (1...12).contains(month),
      (1...CivilDate.daysInMonth(year: year, month: month)).contains(day)
    else { return nil }
    self.init(year: year, month: month, day: day)
  }

  public static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  public static func daysInMonth(year: Int, month: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  public static let first = CivilDate(year: 1, month: 1, day: 1)
  public static let last = CivilDate(year: 9999, month: 12, day: 31)

  /// 1 = Monday … 7 = Sunday.
  public var weekday: Int { ((days + 3) % 7 + 7) % 7 + 1 }

  public static func < (left: CivilDate, right: CivilDate) -> Bool { left.days < right.days }

  public var description: String {
    let (year, month, day) = components
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }

  /// Steps by calendar units; months and years are clamped to the month's last day.
  public func moved(by count: Int, _ unit: CalendarUnit) -> CivilDate {
    switch unit {
    case .day: CivilDate(days: days + count)
    case .week: CivilDate(days: days + 7 * count)
    case .month: moved(months: count)
    case .quarter: moved(months: 3 * count)
    case .year: moved(months: 12 * count)
    }
  }

  private func moved(months: Int) -> CivilDate {
    let (year, month, day) = components
    let total = year * 12 + month - 1 + months
    let newYear = total >= 0 ? total / 12 : (total - 11) / 12
    let newMonth = total - newYear * 12 + 1
    let lastDay = CivilDate.daysInMonth(year: newYear, month: newMonth)
    return CivilDate(year: newYear, month: newMonth, day: min(day, lastDay))
  }

  /// The first day of the period that holds this day.
  public func start(of unit: CalendarUnit, weekStart: Weekday) -> CivilDate {
    let (year, month, _) = components
    switch unit {
    case .day: return self
    case .week: return CivilDate(days: days - (weekday - weekStart.number + 7) % 7)
    case .month: return CivilDate(year: year, month: month, day: 1)
    case .quarter: return CivilDate(year: year, month: (month - 1) / 3 * 3 + 1, day: 1)
    case .year: return CivilDate(year: year, month: 1, day: 1)
    }
  }
}

public enum CalendarUnit: String, Sendable, CaseIterable {
  case day, week, month, quarter, year
}

/// A date and time of day on a wall clock, in no particular zone.
public struct LocalTime: Sendable, Hashable {
  static let second: Int64 = 1_000_000
  static let day: Int64 = 86_400 * second

  /// Microseconds since 1970-01-01T00:00 on this clock.
  public var wallClock: Int64

  public init(wallClock: Int64) { self.wallClock = wallClock }

  public init(date: CivilDate, microsecondOfDay: Int64 = 0) {
    wallClock = Int64(date.days) * LocalTime.day + microsecondOfDay
  }

  public var date: CivilDate {
    CivilDate(days: Int(wallClock.floored(by: LocalTime.day)))
  }

  public var microsecondOfDay: Int64 { wallClock - Int64(date.days) * LocalTime.day }

  var isoText: String {
    let seconds = microsecondOfDay / LocalTime.second
    let fraction = microsecondOfDay % LocalTime.second
    var text = "\(date)T\(padded(Int(seconds / 3600), 2)):\(padded(Int(seconds / 60 % 60), 2))"
    text += ":\(padded(Int(seconds % 60), 2))"
    if fraction != 0 {
      text += "." + padded(Int(fraction), 6).trimmingSuffix("0")
    }
    return text
  }

  /// Parses `2024-03-01T10:30[:15[.25]][Z|+02:00]`.
  static func parse(_ text: String) -> (time: LocalTime, offsetSeconds: Int?)? {
    let pattern =
      /([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9:.]+?)(Z|[-+][0-9]{2}:?[0-9]{2})?/
    guard let match = text.wholeMatch(of: pattern), let date = CivilDate(String(match.1)),
      let time = parseTimeOfDay(String(match.2))
    else { return nil }
    let local = LocalTime(date: date, microsecondOfDay: time)
    guard let zone = match.3 else { return (local, nil) }
    guard zone != "Z" else { return (local, 0) }
    let digits = zone.filter(\.isNumber)
    let (hours, minutes) = (Int(digits.prefix(2))!, Int(digits.suffix(2))!)
    guard hours < 24, minutes < 60 else { return nil }
    return (local, (zone.first == "-" ? -60 : 60) * (hours * 60 + minutes))
  }

  /// Parses `22:00`, `22:00:15` or `22:00:15.250` into microseconds since midnight.
  static func parseTimeOfDay(_ text: String) -> Int64? {
    guard
      let match = text.wholeMatch(of: /([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?/),
      let hour = Int64(match.1), let minute = Int64(match.2), hour < 24, minute < 60
    else { return nil }
    let second = match.3.flatMap { Int64($0) } ?? 0
    guard second < 60 else { return nil }
    let fraction = match.4.map { Int64($0.padding(to: 6))! } ?? 0
    return ((hour * 60 + minute) * 60 + second) * LocalTime.second + fraction
  }
}

extension Int64 {
  fileprivate func floored(by divisor: Int64) -> Int64 {
    self >= 0 ? self / divisor : (self - divisor + 1) / divisor
  }
}

extension Substring {
  fileprivate func padding(to length: Int) -> String {
    self + String(repeating: "0", count: length - count)
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var result = self
    while result.last == character { result.removeLast() }
    return result
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(abs(number))
  return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count))
    + digits
}
