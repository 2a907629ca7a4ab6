extension CalculationCompiler {
  /// Digits before and behind the point that the exact number `term` may have.
  func digits(_ term: CalculationTerm) -> (whole: Int, scale: Int) {
    if case .decimal(let precision, let scale) = term.type { return (precision - scale, scale) }
    return (term.wholeDigits, 0)
  }

  func asDecimal(_ term: CalculationTerm) -> SQLQuery {
    let (whole, scale) = digits(term)
    return cast(term, to: .decimal(precision: max(1, whole + scale), scale: scale))
  }

  func cast(_ term: CalculationTerm, to type: AttributeType) -> SQLQuery {
    term.type == type ? term.sql : "CAST(\(term.sql) AS \(type.sql))"
  }

  func number(
    _ term: CalculationTerm, of function: String
  ) throws(CalculationProblem) -> CalculationTerm {
    try expect(term, "a number", of: function) { $0.isNumber }
  }

  func boolean(
    _ term: CalculationTerm, of function: String
  ) throws(CalculationProblem) -> CalculationTerm {
    try expect(term, "true or false", of: function) { $0 == .boolean }
  }

  func text(
    _ term: CalculationTerm, of function: String
  ) throws(CalculationProblem) -> CalculationTerm {
    try expect(term, "a text", of: function) { $0 == .text }
  }

  func expect(
    _ term: CalculationTerm, _ expected: String, of function: String,
    _ fits: (AttributeType) -> Bool
  ) throws(CalculationProblem) -> CalculationTerm {
    guard let type = term.type, fits(type) else {
      throw CalculationProblem(
        code: "wrongType",
        message: "'\(function)' takes \(expected), not \(term.type?.name ?? "missing").",
        position: term.position)
    }
    return term
  }

  /// The local day of a date or datetime, or of a text literal that is one.
  func day(
    _ term: CalculationTerm, of function: String
  ) throws(CalculationProblem) -> SQLQuery {
    let term = asDate(term) ?? term
    let checked = try expect(term, "a date or datetime", of: function) {
      $0 == .date || $0 == .datetime
    }
    guard checked.type == .datetime else { return checked.sql }
    let zone: SQLQuery = "\(bind: .text(timeZone))"
    return "CAST(timezone(\(zone), timezone('UTC', \(checked.sql))) AS DATE)"
  }

  /// Terms brought to one type: the same, a common number type, or a date where a text literal is one.
  func common(
    _ terms: [CalculationTerm], of function: String
  ) throws(CalculationProblem) -> (AttributeType, [CalculationTerm]) {
    let hasDate = terms.contains { $0.type == .date }
    let terms = terms.map { hasDate ? asDate($0) ?? $0 : $0 }
    guard let first = terms.first(where: { $0.type != nil }), let firstType = first.type else {
      throw CalculationProblem(
        code: "wrongType", message: "'\(function)' needs a value that is not always missing.",
        position: terms[0].position)
    }
    var type = firstType
    for term in terms {
      guard let next = term.type, next != type else { continue }
      guard next.isNumber, type.isNumber else {
        throw CalculationProblem(
          code: "wrongType",
          message: "'\(function)' takes values of one type, not \(type.name) and \(next.name).",
          position: term.position)
      }
      type = .integer
    }
    if type.isNumber { type = commonNumber(terms) }
    let cast = terms.map { term in
      var result = term
      result.sql = self.cast(term, to: type)
      result.type = type
      return result
    }
    return (type, cast)
  }

  private func commonNumber(_ terms: [CalculationTerm]) -> AttributeType {
    let typed = terms.filter { $0.type != nil }
    if typed.contains(where: { $0.type == .double }) { return .double }
    if typed.allSatisfy({ $0.type == .integer }) { return .integer }
    let sizes = typed.map(digits)
    let scale = sizes.map(\.scale).reduce(0, max)
    let whole = sizes.map(\.whole).reduce(0, max)
    return .decimal(precision: min(38, whole + scale), scale: scale)
  }

  /// A text literal such as `'2024-02-29'` as the date it spells; nil where it spells none.
  private func asDate(_ term: CalculationTerm) -> CalculationTerm? {
    guard let literal = term.literal,
      let match = literal.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/),
      let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
      (1...12).contains(month), year > 0
    else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard (1...lengths[month - 1]).contains(day) else { return nil }
    return CalculationTerm(
      sql: "CAST(\(bind: .text(literal)) AS DATE)", type: .date, position: term.position,
      isNeverMissing: true)
  }
}
