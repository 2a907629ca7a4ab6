import SegmentCompiler

/// What a workspace file should say of one column, and what its reader should know.
struct AttributeAdvice {
  /// nil where inference is right.
  var type: DeclaredType?
  var format: String?
  /// Spellings of missing values that the type needs.
  var missing: [String] = []
  var traps: [Trap] = []
  /// Columns that a load would refuse.
  var isIgnored = false

  /// What a load infers, once ``missing`` is read as missing.
  var inferred: AttributeType

  /// The type that the attribute will have.
  var loaded: AttributeType {
    if case .exactly(let type) = type { type } else { inferred }
  }

  /// - Parameters:
  ///   - order: whether days or months come first where a column leaves it open.
  init(_ column: ColumnProfile, name: ColumnName, order: DateFormat.Order) {
    inferred = column.inferred
    if let unsupported = column.unsupported {
      isIgnored = true
      note(.notLoaded, column, "has the type \(unsupported), which cannot be loaded")
      return
    }
    if NameRule.problem(column.name) != nil {
      isIgnored = true
      note(
        .notLoaded, column,
        column.name.isEmpty ? "a column without a name" : "the name cannot be an attribute's")
      return
    }
    guard !column.isEmpty else {
      note(.empty, column, "empty in every row", summary: "")
      return
    }
    describe(column, name, order)
    filling(column)
  }

  private mutating func note(
    _ kind: Trap.Kind, _ column: ColumnProfile, _ message: String, summary: String? = nil
  ) {
    traps.append(Trap(kind: kind, attribute: column.name, message: message, summary: summary))
  }

  // MARK: - Types

  private mutating func describe(
    _ column: ColumnProfile, _ name: ColumnName, _ order: DateFormat.Order
  ) {
    guard column.natural == nil else {
      if column.natural?.isNumber == true, name.strength == .strong, column.isWhole,
        column.inferred != .integer
      {
        wholeKey(column)
      }
      return sentinel(column, name)
    }
    if !column.dates.isEmpty {
      if dates(column, name, order) { return }
    } else if column.inferred == .text, column.isOnly(.isoDate, .dateLike, .isoMidnight, .isoTime) {
      note(.mixedFormats, column, "dates in a notation that no format reads: text")
      return
    }
    if column.inferred.isNumber, name.strength != .strong,
      name.words.contains(AttributeAdvice.digits), column.isOnly(.whole)
    {
      type = .exactly(.text)
      note(.digits, column, "digits, but no number")
    } else if column.isWhole, column.count(.leadingZero) > 0 {
      type = column.inferred == .text ? nil : .exactly(.text)
      note(
        .leadingZeros, column,
        "leading zeros ('\(column.kinds[.leadingZero]!.example)'): text keeps them",
        summary: "'\(column.kinds[.leadingZero]!.example)'")
    } else if name.strength == .strong, column.isWhole, column.count(.wholeWithPoint) > 0 {
      wholeKey(column)
    } else if column.isOnly(.isoMidnight), column.distinct > 2 || column.present >= 10 {
      type = .exactly(.date)
      note(.midnight, column, "always at 00:00: a date")
    } else if column.inferred == .boolean, column.distinct == 1,
      name.words.contains(AttributeAdvice.codes)
    {
      type = .exactly(.text)
      note(.constant, column, "'\(example(column))' in every row is no truth value here")
    } else if column.inferred == .text, column.isOnly(.boolean), column.distinct == 2 {
      type = .exactly(.boolean)
    } else if column.inferred == .text {
      text(column, name)
    } else {
      sentinel(column, name)
    }
  }

  /// Whole numbers written with a point: as integers they match those of other files.
  private mutating func wholeKey(_ column: ColumnProfile) {
    type = .exactly(.integer)
    let example = column.kinds[.wholeWithPoint]?.example ?? example(column)
    note(.decimalKey, column, "written as \(example): an integer, to match other files")
  }

  private mutating func text(_ column: ColumnProfile, _ name: ColumnName) {
    if column.inferredTrimmed != .text {
      // Blanks do not count in numbers and dates, but they keep inference from them.
      type = .exactly(column.inferredTrimmed)
      let blank = column.count(.blank)
      note(
        .blanks, column,
        blank > 0 ? "blanks alone in \(blank.rowsText) are missing values" : "blanks around values")
    } else if column.inferredWithoutSentinels != .text {
      inferred = column.inferredWithoutSentinels
      missing = column.odd.map(\.value)
    } else if column.isOnly(.whole, .leadingZero, .number, .wholeWithPoint, .writtenNumber),
      column.count(.writtenNumber) > 0, name.strength == .none,
      !name.words.contains(AttributeAdvice.digits)
    {
      let example = column.kinds[.writtenNumber]?.example ?? ""
      note(
        .writtenNumber, column, "written as \(example): text, until the files have plain numbers")
    } else if let odd = column.odd.first, name.strength == .none, mostlyRegular(column),
      !name.words.contains(AttributeAdvice.digits)
    {
      let values = column.odd.prefix(3).map { "'\($0.value)'" }.joined(separator: ", ")
      let more = column.odd.count > 3 ? ", …" : ""
      note(
        .mixedValues, column,
        "text, as it holds \(values)\(more) among \(regular(column)) (\(odd.rows.rowsText) of the first)"
      )
    }
    if column.padded > 0, column.inferredTrimmed == .text {
      note(
        .blanks, column, "blanks around values in \(column.padded.rowsText)",
        summary: column.padded.rowsText)
    }
    sentinel(column, name)
  }

  private func mostlyRegular(_ column: ColumnProfile) -> Bool {
    let odd =
      column.present
      - max(numbers(column), column.count(.isoDate, .isoMidnight, .isoTime, .dateLike))
    return odd * 10 <= column.present && column.present >= 10
  }

  private func numbers(_ column: ColumnProfile) -> Int {
    column.count(.whole, .wholeWithPoint, .number)
  }

  private func regular(_ column: ColumnProfile) -> String {
    numbers(column) * 2 > column.present ? "numbers" : "dates"
  }

  private func example(_ column: ColumnProfile) -> String {
    column.kinds.filter { $0.key != .blank }.values.max { $0.rows < $1.rows }?.example ?? ""
  }

  // MARK: - Missing values

  private mutating func sentinel(_ column: ColumnProfile, _ name: ColumnName) {
    // Keys and codes hold what they hold: NA is a country. A quantity of -1 is a return.
    let isName = column.isUnique || name.strength != .none
    let isAmount = column.inferred.isNumber && name.words.contains(AttributeAdvice.amounts)
    if column.natural == nil, !isName {
      missing += column.sentinels.map(\.value).filter {
        Sentinels.certain.contains($0.lowercased()) && !missing.contains($0)
      }
    }
    let counted = { (values: [ValueCount]) in
      values.map { "'\($0.value)' in \($0.rows.rowsText)" }.joined(separator: ", ")
    }
    let read = column.sentinels.filter { missing.contains($0.value) }
    let left = column.sentinels.filter { !missing.contains($0.value) }
    if !read.isEmpty { note(.missingSpelling, column, "\(counted(read)): read as missing") }
    if !left.isEmpty, !isName, !isAmount {
      note(.sentinel, column, "\(counted(left)) may stand for no value")
    }
  }

  private mutating func filling(_ column: ColumnProfile) {
    if column.distinct == 1, column.present >= 10, column.missing == 0 {
      note(.constant, column, "'\(example(column))' in every row", summary: "")
    } else if column.rows >= 20, column.missing * 20 >= column.rows * 19 {
      note(
        .mostlyEmpty, column, "missing in \(percentText(column.missing, of: column.rows)) of rows",
        summary: "")
    }
  }

  // MARK: - Dates

  /// Whether the column is settled.
  private mutating func dates(
    _ column: ColumnProfile, _ name: ColumnName, _ order: DateFormat.Order
  ) -> Bool {
    let whole = column.dates.filter { $0.rows == column.present }
    if column.isOnly(.whole) {
      // Eight digits may be a number as well: the name decides.
      guard !whole.isEmpty, name.words.contains(AttributeAdvice.dates) else { return false }
    }
    guard let first = whole.first else { return mixed(column, name) }
    let dayFirst = whole.first { $0.format.order == .dayFirst }
    let monthFirst = whole.first { $0.format.order == .monthFirst }
    let isOpen = dayFirst != nil && monthFirst != nil
    let chosen = (isOpen ? (order == .dayFirst ? dayFirst : monthFirst) : first) ?? first
    type = .exactly(chosen.format.hasTime ? .datetime : .date)
    format = chosen.format.pattern
    if isOpen {
      let (taken, other) = order == .dayFirst ? ("days", "months") : ("months", "days")
      note(
        .ambiguousDate, column,
        "\(taken) are taken to come first, but no value is over 12: check, \(other) may come first")
    }
    return true
  }

  /// No format reads all values.
  private mutating func mixed(_ column: ColumnProfile, _ name: ColumnName) -> Bool {
    let odd = column.odd.filter { !Sentinels.texts.contains($0.value.lowercased()) }
    let spelled = column.odd.filter { Sentinels.texts.contains($0.value.lowercased()) }
    if odd.isEmpty, !spelled.isEmpty,
      let best = column.dates.first(where: {
        $0.rows + spelled.reduce(0) { $0 + $1.rows } == column.present
      })
    {
      type = .exactly(best.format.hasTime ? .datetime : .date)
      format = best.format.pattern
      missing = spelled.map(\.value)
      sentinel(column, name)
      return true
    }
    let iso = column.count(.isoDate, .isoMidnight, .isoTime)
    let others = column.dates.filter { iso == 0 || !$0.format.pattern.hasPrefix("%Y-%m-%d") }
    let counts = others.prefix(3).map { "\($0.rows.rowsText) as \($0.format.pattern)" }
    let all = counts + (iso > 0 ? ["\(iso.rowsText) as ISO 8601"] : [])
    note(
      .mixedFormats, column,
      "dates in several notations, so text: \(all.joined(separator: ", ")) of \(column.present.rowsText)"
    )
    return true
  }

  /// Names of digits that are no numbers.
  private static let digits: Set = [
    "zip", "postal", "postcode", "plz", "phone", "telephone", "mobile", "fax", "tel", "iban", "ssn",
    "ean",
    "isbn", "barcode", "upc", "vat",
  ]
  private static let dates: Set = [
    "date", "day", "on", "at", "dob", "birthday", "birth", "datum", "dt", "time",
  ]
  /// Numbers that may well be negative or full of nines.
  private static let amounts: Set = [
    "quantity", "qty", "amount", "price", "total", "balance", "change", "discount", "cost",
    "revenue",
    "temperature", "tax", "fee",
  ]
  /// Where `F` and `NO` are no truth values.
  private static let codes: Set = [
    "gender", "sex", "country", "state", "region", "language", "code", "title", "initial", "grade",
    "size",
  ]
}

extension Int {
  /// `1 row`, `1,204 rows`.
  var rowsText: String { counted("row") }
}

/// A share for people; never 100 % nor 0 % of what is not all or nothing.
public func percentText(_ part: Int, of whole: Int) -> String {
  guard whole > 0, part != whole else { return part == 0 ? "0 %" : "100 %" }
  let tenths = min(999, Int((Double(part) / Double(whole) * 1000).rounded()))
  guard tenths > 0 else { return "under 0.1 %" }
  return "\(tenths / 10).\(tenths % 10) %"
}
