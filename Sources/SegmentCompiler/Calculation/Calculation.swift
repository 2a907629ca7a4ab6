/// A calculated attribute, checked: its type and the SQL over the table's attributes.
public struct Calculation: Sendable, Equatable {
  public var type: AttributeType
  /// For DuckDB; attributes are unqualified column names.
  public var sql: SQLQuery

  /// Checks an expression and renders it.
  ///
  /// ```
  /// UnitPrice * Quantity   →   CAST(("UnitPrice" * "Quantity") AS DECIMAL(37, 6))
  /// ```
  /// - Parameters:
  ///   - attributes: what it may use: stored attributes and calculated ones before it.
  ///   - timeZone: in which the day of a datetime is taken.
  ///   - place: of the expression in the workspace file.
  /// - Throws: ``Diagnostics`` with the position in the expression.
  public init(
    _ expression: String, attributes: [Attribute], timeZone: String, at place: String = ""
  ) throws(Diagnostics) {
    do throws(CalculationProblem) {
      let node = try CalculationParser.parse(expression)
      let compiler = CalculationCompiler(attributes: attributes, timeZone: timeZone)
      let term = try compiler.compile(node)
      guard let type = term.type else {
        throw CalculationProblem(
          message: "The expression is always missing, so it has no type.", position: node.position)
      }
      self.type = type
      // Results that are not numbers (infinity less infinity) are missing, as everywhere.
      sql =
        type == .double
        ? "CASE WHEN NOT isnan(\(term.sql)) THEN \(term.sql) END" : term.sql
    } catch {
      throw Diagnostics([
        Diagnostic(
          code: error.code, place: place,
          message: "At character \(error.position): \(error.message)", hint: error.hint)
      ])
    }
  }
}

/// A compiled part of an expression.
struct CalculationTerm {
  var sql: SQLQuery
  /// nil for the word `missing`, which takes the type of what it stands beside.
  var type: AttributeType?
  var position: Int
  /// Whether it has a value in every row.
  var isNeverMissing = false
  /// The text of a text literal, which may stand for a date.
  var literal: String?
  /// Digits before the point of a whole number: less than 19 for literals.
  var wholeDigits = 19
}
