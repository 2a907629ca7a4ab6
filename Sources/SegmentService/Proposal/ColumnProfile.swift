import SegmentCompiler
import SegmentEngines

/// What the values of one column are, counted over all rows of a table.
struct ColumnProfile {
  var name: String
  /// Of a file that brings types along; nil for text.
  var natural: AttributeType?
  /// DuckDB's name of the type, where ``natural`` is nil although the file brings types along.
  var unsupported: String?
  /// Rows of the table.
  var rows: Int
  /// Rows by what the value looks like, blanks around it aside.
  var kinds: [ValueKind: Tally] = [:]
  /// What a load infers.
  var inferred: AttributeType = .text
  /// What it would infer were there no blanks around values.
  var inferredTrimmed: AttributeType = .text
  /// What it would infer without the values that are spellings of a missing one.
  var inferredWithoutSentinels: AttributeType = .text
  /// Rows with blanks around a value.
  var padded = 0
  /// Distinct values that are written where there is none.
  var sentinelTexts = 0
  var shortest = 0
  var longest = 0
  /// The greatest whole number, however it is written.
  var greatest: Int64?
  /// Of numbers.
  var range: ClosedRange<Double>?
  /// Of ISO dates and datetimes, as text.
  var firstDate: String?
  var lastDate: String?

  /// Filled where what the counts say asks for it.
  var odd: [ValueCount] = []
  var dates: [DateFormatCount] = []
  var sentinels: [ValueCount] = []

  struct Tally: Equatable {
    /// Distinct values.
    var values: Int
    var rows: Int
    var example: String
  }

  /// Rows with a value.
  var present: Int { kinds.filter { $0.key != .blank }.values.reduce(0) { $0 + $1.rows } }
  var missing: Int { rows - present }
  var distinct: Int { kinds.filter { $0.key != .blank }.values.reduce(0) { $0 + $1.values } }
  /// Every row has a value and no other row has it.
  var isUnique: Bool { rows > 0 && present == rows && distinct == rows }
  var isEmpty: Bool { present == 0 }

  func count(_ kinds: ValueKind...) -> Int { kinds.reduce(0) { $0 + (self.kinds[$1]?.rows ?? 0) } }

  /// Whether all values are among these.
  func isOnly(_ kinds: ValueKind...) -> Bool {
    present > 0 && kinds.reduce(0) { $0 + count($1) } == present
  }

  /// Whole numbers, however they are written.
  var isWhole: Bool { isOnly(.whole, .leadingZero, .wholeWithPoint) }
}

extension ColumnProfile {
  /// Takes the counts of the column, one entry for each kind of values.
  mutating func take(_ counts: [(TableProfiler.Count) -> DuckDBValue]) {
    var inference = TypeInference()
    for count in counts {
      let number = { Int(count($0).integer ?? 0) }
      guard let kind = ValueKind(rawValue: number(.kind)) else { continue }
      kinds[kind] = Tally(
        values: number(.values), rows: number(.rows), example: count(.first).string ?? "")
      inference.add(count(.types).integer)
      guard kind != .blank else { continue }
      sentinelTexts += number(.sentinels)
      shortest = min(shortest == 0 ? .max : shortest, number(.shortest))
      longest = max(longest, number(.longest))
      padded += number(.padded)
      takeRange(of: kind, count)
    }
    inferred = natural ?? inference.type(number: false)
    inferredTrimmed = inferred
  }

  private mutating func takeRange(
    of kind: ValueKind, _ count: (TableProfiler.Count) -> DuckDBValue
  ) {
    switch kind {
    case .whole, .wholeWithPoint, .number:
      guard let low = count(.least).double, let high = count(.greatest).double else { break }
      range = min(low, range?.lowerBound ?? low)...max(high, range?.upperBound ?? high)
    case .isoDate, .isoMidnight, .isoTime:
      guard let first = count(.first).string, let last = count(.last).string else { break }
      firstDate = min(first, firstDate ?? first)
      lastDate = max(last, lastDate ?? last)
    default: break
    }
    if [.whole, .leadingZero, .wholeWithPoint].contains(kind),
      let value = count(.greatestWhole).integer
    {
      greatest = max(value, greatest ?? value)
    }
  }
}

/// What a text looks like.
enum ValueKind: Int {
  case blank, whole, leadingZero, wholeWithPoint, number, longNumber, isoDate, isoMidnight, isoTime
  /// A date in another notation, perhaps.
  case dateLike
  /// A number with a comma, a currency or a percent sign.
  case writtenNumber
  case boolean, other
}

struct ValueCount: Equatable {
  var value: String
  var rows: Int
}

/// How many rows a date format reads.
struct DateFormatCount: Equatable {
  var format: DateFormat
  var rows: Int
}

/// A table whose files were read.
struct TableProfile {
  var group: FileGroup
  /// Where its rows are, every column as text `c0`, `c1` …, and the file's number `f`
  var relation: SQLQuery
  /// Tells its columns' values from those of other tables.
  var id: Int
  var rows: Int
  var columns: [ColumnProfile]

  var name: String { group.name }

  func column(_ name: String) -> ColumnProfile? { columns.first { $0.name == name } }

  /// The distinct values `v` of all columns `c`, by number, with their rows `n`.
  var allValues: SQLQuery { "\(identifier: "v\(id)")" }

  /// The distinct values `v` of a column with their rows `n`; nil where it was not read.
  func values(_ column: String) -> SQLQuery? {
    guard let index = index(column), columns[index].unsupported == nil else { return nil }
    return "(SELECT v, n FROM \(allValues) WHERE c = \(number: index))"
  }

  func index(_ column: String) -> Int? { columns.firstIndex { $0.name == column } }
}
