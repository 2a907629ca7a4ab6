import SegmentCompiler

/// A notation of dates, for `strptime`.
struct DateFormat: Hashable {
  var pattern: String

  init(_ pattern: String) { self.pattern = pattern }

  var hasTime: Bool { pattern.contains("%H") || pattern.contains("%I") }

  enum Order { case dayFirst, monthFirst }

  /// nil where the year comes first or months have names.
  var order: Order? {
    guard let day = pattern.range(of: "%d")?.lowerBound,
      let month = pattern.range(of: "%m")?.lowerBound,
      let year = (pattern.range(of: "%Y") ?? pattern.range(of: "%y"))?.lowerBound, year > day
    else { return nil }
    return day < month ? .dayFirst : .monthFirst
  }

  /// Whether the format reads a text; a year of two digits is none of four.
  func reads(_ value: SQLQuery) -> SQLQuery {
    let parsed: SQLQuery = "try_strptime(\(value), \(.literal(pattern)))"
    return pattern.contains("%Y") ? "\(parsed) >= TIMESTAMP '1000-01-01'" : "\(parsed) IS NOT NULL"
  }

  /// The formats that a text may be written in.
  static func candidates(for text: String) -> [DateFormat] {
    let text = text.trimming { $0 == " " }
    if let match = text.wholeMatch(
      of: /(\d{1,4})([-\/. ])(\d{1,2}|[A-Za-z]{3,9})[-\/. ](\d{1,4})(.*)/)
    {
      let (first, separator, middle, last) = (match.1, match.2, match.3, match.4)
      guard let time = time(String(match.5)) else { return [] }
      let isNamed = middle.first?.isLetter == true
      let month = isNamed ? (middle.count > 3 ? "%B" : "%b") : "%m"
      if first.count == 4 { return [DateFormat("%Y\(separator)\(month)\(separator)%d\(time)")] }
      guard first.count <= 2, last.count == 4 || last.count == 2 else { return [] }
      let year = last.count == 4 ? "%Y" : "%y"
      let dayFirst = DateFormat("%d\(separator)\(month)\(separator)\(year)\(time)")
      let monthFirst = DateFormat("%m\(separator)%d\(separator)\(year)\(time)")
      return isNamed ? [dayFirst] : [dayFirst, monthFirst]
    }
    if let match = text.wholeMatch(of: /([A-Za-z]{3,9})(\.?) \d{1,2}(,?) \d{4}(.*)/),
      let time = time(String(match.4))
    {
      let month = match.1.count > 3 ? "%B" : "%b"
      return [DateFormat("\(month)\(match.2) %d\(match.3) %Y\(time)")]
    }
    return []
  }

  /// The format of what follows a date; nil where it is no time.
  private static func time(_ text: String) -> String? {
    if text.isEmpty { return "" }
    guard
      let match = text.wholeMatch(
        of: /([T ,]+)\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?)([AaPp][Mm])?( ?)([-+]\d{2}:?\d{2}|Z)?/)
    else { return nil }
    let isHalf = match.5 != nil
    return "\(match.1)\(isHalf ? "%I" : "%H"):%M" + (match.2 == nil ? "" : ":%S")
      + (match.3 == nil ? "" : ".%f") + (isHalf ? "\(match.4)%p" : "")
      + (match.7 == nil ? "" : "\(match.6)%z")
  }
}

extension StringProtocol {
  /// Without what stands at both ends.
  func trimming(_ isIn: (Character) -> Bool) -> String {
    var rest = self[...]
    while let first = rest.first, isIn(first) { rest.removeFirst() }
    while let last = rest.last, isIn(last) { rest.removeLast() }
    return String(rest)
  }
}

/// Values that are written where there is none.
enum Sentinels {
  /// In lower case.
  static let texts = [
    "n/a", "na", "#n/a", "null", "(null)", "<null>", "\\n", "nil", "none", "nan", "-", "--", "?",
    ".",
    "unknown", "unspecified", "undefined", "not available", "not applicable", "missing", "tbd",
    "n.a.",
  ]
  /// Those that nobody writes for anything else.
  static let certain: Set<String> = ["#n/a", "null", "(null)", "<null>", "\\n", "n/a"]

  static let dates: Set<String> = [
    "0001-01-01", "1753-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01",
    "2099-12-31",
    "2199-12-31", "2999-12-31", "2999-01-01", "9999-12-31", "9999-01-01",
  ]
  private static let high: Set<Double> = [
    99, 999, 9_999, 99_999, 999_999, 9_999_999, 99_999_999, 999_999_999,
  ]
  private static let low: Set<Double> = [-1, -9, -99, -999, -9_999, -99_999, -999_999]

  static func mayHold(_ range: ClosedRange<Double>) -> Bool {
    high.contains(range.upperBound) || low.contains(range.lowerBound)
  }

  /// The ends of a column that are far from all else and stand in several rows.
  ///
  /// - Parameters:
  ///   - low: the smallest number and its rows, `next` the one above it.
  ///   - high: the largest number and its rows, `before` the one below it.
  static func numbers(
    low: (value: Double, rows: Int), next: Double, high: (value: Double, rows: Int), before: Double
  ) -> [ValueCount] {
    var found: [ValueCount] = []
    let others = max(abs(next), abs(before))
    if Sentinels.low.contains(low.value), low.rows > 1, next >= 0 {
      found.append(ValueCount(value: String(Int(low.value)), rows: low.rows))
    }
    let lowest = found.isEmpty ? low.value : next
    if Sentinels.high.contains(high.value), high.rows > 1, before <= 0.7 * high.value,
      lowest >= 0 || others < high.value
    {
      found.append(ValueCount(value: String(Int(high.value)), rows: high.rows))
    }
    return found
  }
}
