extension CalculationCompiler {
  /// Name → fewest and most arguments.
  static let functions: [(name: String, arguments: ClosedRange<Int>)] = [
    ("abs", 1...1), ("round", 2...2), ("floor", 1...1), ("ceiling", 1...1),
    ("least", 2...100), ("greatest", 2...100), ("coalesce", 2...100), ("if", 3...3),
    ("concat", 2...100), ("lower", 1...1), ("upper", 1...1), ("trim", 1...1), ("length", 1...1),
    ("year", 1...1), ("month", 1...1), ("day", 1...1), ("daysBetween", 2...2), ("isMissing", 1...1),
    ("rowNumber", 0...0),
  ]

  func call(
    _ name: String, _ arguments: [CalculationTerm], _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    guard let function = Self.functions.first(where: { $0.name == name }) else {
      throw CalculationProblem(
        code: "unknownFunction", message: "There is no function '\(name)'.",
        hint: NearNames.hint(name, among: Self.functions.map(\.name)), position: position)
    }
    guard function.arguments.contains(arguments.count) else {
      let (low, high) = (function.arguments.lowerBound, function.arguments.upperBound)
      let expected =
        switch (low, high) {
        case (0, 0): "no values"
        case (1, 1): "1 value"
        case (low, low): "\(low) values"
        default: "\(low) or more values"
        }
      throw CalculationProblem(
        message: "'\(name)' takes \(expected), not \(arguments.count).",
        position: position)
    }
    var term = try apply(name, arguments)
    term.position = position
    return term
  }

  private func apply(
    _ name: String, _ arguments: [CalculationTerm]
  ) throws(CalculationProblem) -> CalculationTerm {
    switch name {
    case "least", "greatest", "coalesce": try choice(name, arguments)
    case "if": try conditional(arguments)
    case "concat": try concatenation(arguments)
    case "isMissing":
      term("(\(arguments[0].sql) IS NULL)", .boolean, isNeverMissing: true)
    case "daysBetween":
      term(
        "date_diff('day', \(try day(arguments[0], of: name)), \(try day(arguments[1], of: name)))",
        .integer)
    case "year": term("year(\(try day(arguments[0], of: name)))", .integer)
    case "month": term("month(\(try day(arguments[0], of: name)))", .integer)
    case "day": term("day(\(try day(arguments[0], of: name)))", .integer)
    case "rowNumber":
      term(
        "(\(identifier: Part.rowColumn) & \(number: 1 << Part.rowNumberBits - 1))", .integer,
        isNeverMissing: true)
    case "lower", "upper", "trim", "length": try ofText(name, arguments[0])
    default: try ofNumber(name, arguments)
    }
  }

  private func term(
    _ sql: SQLQuery, _ type: AttributeType, isNeverMissing: Bool = false
  ) -> CalculationTerm {
    CalculationTerm(sql: sql, type: type, position: 0, isNeverMissing: isNeverMissing)
  }

  /// `least`, `greatest` and `coalesce` skip what is missing.
  private func choice(
    _ name: String, _ arguments: [CalculationTerm]
  ) throws(CalculationProblem) -> CalculationTerm {
    let (type, values) = try common(arguments, of: name)
    if name != "coalesce", type == .boolean {
      throw CalculationProblem(message: "Booleans have no order.", position: arguments[0].position)
    }
    let list = values.map(\.sql).joined(", ")
    let isNeverMissing = values.contains(where: \.isNeverMissing)
    switch name {
    case "least": return term("least(\(list))", type, isNeverMissing: isNeverMissing)
    case "greatest": return term("greatest(\(list))", type, isNeverMissing: isNeverMissing)
    default: return term("coalesce(\(list))", type, isNeverMissing: isNeverMissing)
    }
  }

  /// A missing condition counts as false.
  private func conditional(
    _ arguments: [CalculationTerm]
  ) throws(CalculationProblem) -> CalculationTerm {
    let condition = try boolean(arguments[0], of: "if")
    let (type, values) = try common(Array(arguments[1...]), of: "if")
    return term(
      "CASE WHEN \(condition.sql) THEN \(values[0].sql) ELSE \(values[1].sql) END", type,
      isNeverMissing: values.allSatisfy(\.isNeverMissing))
  }

  private func concatenation(
    _ arguments: [CalculationTerm]
  ) throws(CalculationProblem) -> CalculationTerm {
    var parts: [SQLQuery] = []
    for argument in arguments where argument.type != nil {
      let part = try expect(argument, "texts, exact numbers and dates", of: "concat") {
        ![.double, .boolean, .datetime].contains($0)
      }
      parts.append("CAST(\(part.sql) AS VARCHAR)")
    }
    return term("concat('', \(parts.joined(", ")))", .text, isNeverMissing: true)
  }

  private func ofText(
    _ name: String, _ argument: CalculationTerm
  ) throws(CalculationProblem) -> CalculationTerm {
    let value = try text(argument, of: name).sql
    return switch name {
    case "lower": term("lower(\(value))", .text, isNeverMissing: argument.isNeverMissing)
    case "upper": term("upper(\(value))", .text, isNeverMissing: argument.isNeverMissing)
    case "trim": term("trim(\(value))", .text, isNeverMissing: argument.isNeverMissing)
    default: term("length(\(value))", .integer, isNeverMissing: argument.isNeverMissing)
    }
  }

  private func ofNumber(
    _ name: String, _ arguments: [CalculationTerm]
  ) throws(CalculationProblem) -> CalculationTerm {
    let value = try number(arguments[0], of: name)
    var type = value.type!
    if name == "round" {
      let places = try decimalPlaces(arguments[1])
      if case .decimal(let precision, let scale) = type, places < scale {
        type = .decimal(precision: min(38, precision - scale + 1 + places), scale: places)
      }
      return typed("round(\(value.sql), \(number: places))", type, value)
    }
    if name == "abs" { return typed("abs(\(value.sql))", type, value) }
    if type == .integer { return value }
    if case .decimal(let precision, let scale) = type {
      type = .decimal(precision: min(38, precision - scale + 1), scale: 0)
    }
    return name == "floor"
      ? typed("floor(\(value.sql))", type, value) : typed("ceil(\(value.sql))", type, value)
  }

  private func typed(
    _ sql: SQLQuery, _ type: AttributeType, _ value: CalculationTerm
  ) -> CalculationTerm {
    term("CAST(\(sql) AS \(type.sql))", type, isNeverMissing: value.isNeverMissing)
  }

  private func decimalPlaces(_ term: CalculationTerm) throws(CalculationProblem) -> Int {
    if term.type == .integer, case .decimal(let digits)? = term.sql.values.first,
      term.isNeverMissing, let places = Int(digits), (0...18).contains(places)
    {
      return places
    }
    throw CalculationProblem(
      message: "'round' takes the number of digits as a whole number from 0 to 18.",
      position: term.position)
  }
}
