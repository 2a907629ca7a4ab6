/// Checks types and renders an expression, bottom-up.
struct CalculationCompiler {
  let attributes: [Attribute]
  let timeZone: String

  func compile(_ node: CalculationNode) throws(CalculationProblem) -> CalculationTerm {
    let position = node.position
    switch node.kind {
    case .number(let digits): return number(digits, position)
    case .text(let text):
      return CalculationTerm(
        sql: "CAST(\(bind: .text(text)) AS VARCHAR)", type: .text, position: position,
        isNeverMissing: true, literal: text)
    case .boolean(let value):
      return CalculationTerm(
        sql: value ? "true" : "false", type: .boolean, position: position, isNeverMissing: true)
    case .missing: return CalculationTerm(sql: "NULL", type: nil, position: position)
    case .attribute(let name): return try attribute(name, position)
    case .not(let operand):
      let operand = try boolean(try compile(operand), of: "not")
      return CalculationTerm(
        sql: "(NOT \(operand.sql))", type: .boolean, position: position,
        isNeverMissing: operand.isNeverMissing)
    case .negative(let operand):
      let operand = try self.number(try compile(operand), of: "-")
      return CalculationTerm(
        sql: "(- \(operand.sql))", type: operand.type, position: position,
        isNeverMissing: operand.isNeverMissing)
    case .binary(let sign, let left, let right):
      return try binary(sign, try compile(left), try compile(right), position)
    case .call(let name, let arguments):
      var terms: [CalculationTerm] = []
      for argument in arguments { terms.append(try compile(argument)) }
      return try call(name, terms, position)
    }
  }

  // MARK: - Values

  private func number(_ digits: String, _ position: Int) -> CalculationTerm {
    let parts = digits.drop { $0 == "-" }.split(separator: ".")
    let scale = parts.count == 2 ? parts[1].count : 0
    let whole = max(1, parts[0].drop { $0 == "0" }.count)
    let type: AttributeType =
      scale == 0 && whole <= 18
      ? .integer : .decimal(precision: min(38, whole + scale), scale: scale)
    return CalculationTerm(
      sql: "CAST(\(bind: .decimal(digits)) AS \(type.sql))", type: type, position: position,
      isNeverMissing: true, wholeDigits: whole)
  }

  private func attribute(
    _ name: String, _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    guard let attribute = attributes.first(where: { $0.name == name }) else {
      throw CalculationProblem(
        code: "unknownAttribute", message: "There is no attribute '\(name)' before this one.",
        hint: NearNames.hint(name, among: attributes.map(\.name)), position: position)
    }
    return CalculationTerm(
      sql: "\(identifier: name)", type: attribute.type, position: position)
  }

  // MARK: - Operators

  private func binary(
    _ sign: String, _ left: CalculationTerm, _ right: CalculationTerm, _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    switch sign {
    case "and", "or": try logical(sign, left, right, position)
    case "/": try quotient(left, right, position)
    case "+", "-", "*": try arithmetic(sign, left, right, position)
    default: try comparison(sign, left, right, position)
    }
  }

  /// Missing as soon as one side is, unlike SQL's AND and OR; each side stands once, or a chain of them
  /// would double with every link.
  private func logical(
    _ sign: String, _ left: CalculationTerm, _ right: CalculationTerm, _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    let left = try boolean(left, of: sign)
    let right = try boolean(right, of: sign)
    let isNeverMissing = left.isNeverMissing && right.isNeverMissing
    let sql: SQLQuery =
      switch (sign, isNeverMissing) {
      case ("and", true): "(\(left.sql) AND \(right.sql))"
      case (_, true): "(\(left.sql) OR \(right.sql))"
      case ("and", false): "(CAST(\(left.sql) AS INTEGER) * CAST(\(right.sql) AS INTEGER) = 1)"
      case (_, false): "(CAST(\(left.sql) AS INTEGER) + CAST(\(right.sql) AS INTEGER) > 0)"
      }
    return CalculationTerm(
      sql: sql, type: .boolean, position: position, isNeverMissing: isNeverMissing)
  }

  private func quotient(
    _ left: CalculationTerm, _ right: CalculationTerm, _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    let left = try number(left, of: "/")
    let right = try number(right, of: "/")
    return CalculationTerm(
      sql: "(CAST(\(left.sql) AS DOUBLE) / nullif(CAST(\(right.sql) AS DOUBLE), 0))",
      type: .double, position: position)
  }

  private func arithmetic(
    _ sign: String, _ left: CalculationTerm, _ right: CalculationTerm, _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    let left = try number(left, of: sign)
    let right = try number(right, of: sign)
    let type = try resultType(sign, left, right, position)
    // Decimal arithmetic casts each side first, so that DuckDB's own promotion never loses digits.
    let (a, b): (SQLQuery, SQLQuery) =
      switch (type, sign) {
      case (.decimal, "*"): (asDecimal(left), asDecimal(right))
      case (.decimal, _), (.double, _): (cast(left, to: type), cast(right, to: type))
      default: (left.sql, right.sql)
      }
    let plain: SQLQuery =
      switch sign {
      case "+": "(\(a) + \(b))"
      case "-": "(\(a) - \(b))"
      default: "(\(a) * \(b))"
      }
    let sql: SQLQuery = if case .decimal = type { "CAST(\(plain) AS \(type.sql))" } else { plain }
    return CalculationTerm(
      sql: sql, type: type, position: position,
      isNeverMissing: left.isNeverMissing && right.isNeverMissing)
  }

  /// Integers stay integers, a double makes a double; decimals grow as SQL's do, up to 38 digits.
  private func resultType(
    _ sign: String, _ left: CalculationTerm, _ right: CalculationTerm, _ position: Int
  ) throws(CalculationProblem) -> AttributeType {
    guard left.type != .double, right.type != .double else { return .double }
    guard left.type != .integer || right.type != .integer else { return .integer }
    let (a, b) = (digits(left), digits(right))
    if sign == "*" {
      guard a.scale + b.scale <= 38 else {
        throw CalculationProblem(
          message: "The product has \(a.scale + b.scale) digits behind the point; at most 38 fit.",
          hint: "Round one side first: round(x, 6).", position: position)
      }
      return .decimal(
        precision: min(38, a.whole + a.scale + b.whole + b.scale), scale: a.scale + b.scale)
    }
    let scale = max(a.scale, b.scale)
    return .decimal(precision: min(38, max(a.whole, b.whole) + 1 + scale), scale: scale)
  }

  private func comparison(
    _ sign: String, _ left: CalculationTerm, _ right: CalculationTerm, _ position: Int
  ) throws(CalculationProblem) -> CalculationTerm {
    if left.type == nil || right.type == nil {
      throw CalculationProblem(
        message: "A comparison with a missing value is always false.", hint: "Write isMissing(x).",
        position: position)
    }
    let (type, sides) = try common([left, right], of: sign)
    guard type != .boolean || sign == "=" || sign == "<>" else {
      throw CalculationProblem(message: "Booleans have no order.", position: position)
    }
    let symbol: SQLQuery =
      switch sign {
      case "=": "="
      case "<>": "<>"
      case "<": "<"
      case "<=": "<="
      case ">": ">"
      default: ">="
      }
    return CalculationTerm(
      sql: "coalesce(\(sides[0].sql) \(symbol) \(sides[1].sql), false)", type: .boolean,
      position: position, isNeverMissing: true)
  }
}
