import SegmentCompiler
import Testing

@testable import SegmentEngines

/// What calculated attributes give on DuckDB.
@Suite struct CalculationEvaluationTests {
  private let attributes: [(Attribute, SQLQuery)] = [
    (Attribute(name: "price", type: .decimal(precision: 18, scale: 6)), "19.990000"),
    (Attribute(name: "fee", type: .decimal(precision: 12, scale: 2)), "0.15"),
    (Attribute(name: "n", type: .integer), "3"),
    (Attribute(name: "big", type: .integer), "9223372036854775807"),
    (Attribute(name: "ratio", type: .double), "0.1"),
    (Attribute(name: "name", type: .text), "' Åse '"),
    (Attribute(name: "born", type: .date), "'2000-02-29'"),
    (Attribute(name: "seen", type: .datetime), "'2024-01-31 23:30:00'"),
    (Attribute(name: "yes", type: .boolean), "true"),
    (Attribute(name: "noInteger", type: .integer), "NULL"),
    (Attribute(name: "noText", type: .text), "NULL"),
    (Attribute(name: "noBoolean", type: .boolean), "NULL"),
    (Attribute(name: "noDouble", type: .double), "NULL"),
  ]

  private func evaluate(_ expression: String) async throws -> DuckDBValue {
    let calculation = try Calculation(
      expression, attributes: attributes.map(\.0), timeZone: "Europe/Oslo")
    let columns = attributes.map {
      "CAST(\($0.1) AS \($0.0.type.sql)) AS \(identifier: $0.0.name)" as SQLQuery
    }
    let connection = try DuckDBDatabase(path: nil).connect()
    let rows = try await connection.rows(
      """
      SELECT v, typeof(v) FROM (SELECT \(calculation.sql) AS v FROM (SELECT \(columns.joined(", "))))
      """)
    let type = try await connection.rows("SELECT typeof(CAST(NULL AS \(calculation.type.sql)))")
    #expect(rows[0][1] == type[0][0], "the stated type is the engine's: \(expression)")
    return rows[0][0]
  }

  @Test(arguments: [
    ("price * n * (1 - fee)", DuckDBValue.decimal("50.97450000")),
    ("1 - fee - fee", .decimal("0.70")), ("n + 1", .integer(4)), ("-n - -2", .integer(-1)),
    ("n / 2", .double(1.5)), ("n / 0", .null), ("n / (fee - fee)", .null),
    ("ratio * n", .double(0.1 * 3)), ("round(price, 1)", .decimal("20.0")),
    ("round(2.5, 0)", .decimal("3")), ("round(-2.5, 0)", .decimal("-3")),
    ("floor(-0.5)", .decimal("-1")), ("ceiling(price)", .decimal("20")),
    ("floor(n / 2)", .double(1)), ("abs(-fee)", .decimal("0.15")),
    ("least(n, noInteger, 2)", .integer(2)), ("greatest(noInteger, n)", .integer(3)),
    ("coalesce(noInteger, 7)", .integer(7)),
    ("coalesce(noInteger, missing, fee)", .decimal("0.15")),
    ("if(noBoolean, 1, 2)", .integer(2)), ("if(yes, missing, 2)", .null),
    ("concat(name, '-', noText, n, born)", .text(" Åse -32000-02-29")),
    ("upper(trim(name))", .text("ÅSE")), ("length(name)", .integer(5)),
    ("year(born) * 10000 + month(born) * 100 + day(born)", .integer(20_000_229)),
    ("month(seen)", .integer(2)), ("day(seen)", .integer(1)),
    ("daysBetween(born, '2000-03-01')", .integer(1)),
    ("daysBetween('2024-02-01', seen)", .integer(0)),
    ("isMissing(noText)", .boolean(true)), ("isMissing(n)", .boolean(false)),
    ("noInteger = 1", .boolean(false)), ("noInteger <> 1", .boolean(false)),
    ("not (noInteger = 1)", .boolean(true)), ("noInteger + 1", .null),
    ("noBoolean and false", .null), ("noBoolean or true", .null), ("not noBoolean", .null),
    ("yes and n = 3", .boolean(true)), ("false or yes", .boolean(true)),
    ("length(noText)", .null), ("n = 3.0", .boolean(true)), ("n < ratio", .boolean(false)),
    ("born > '1999-12-31'", .boolean(true)), ("'b' > 'a'", .boolean(true)),
    ("1 + 2 * 3 - 4", .integer(3)), ("(1 + 2) * 3", .integer(9)), ("10 - 3 - 2", .integer(5)),
    ("8 / 4 / 2", .double(1)), ("true or false and false", .boolean(true)),
    ("noDouble / 2", .null), ("ratio / ratio", .double(1)),
  ])
  func `values`(expression: String, value: DuckDBValue) async throws {
    #expect(try await evaluate(expression) == value, "\(expression)")
  }

  @Test(arguments: ["big + 1", "big * 2", "-big - 2", "big * 10000000000.0 * big * big"])
  func `overflow is an error`(expression: String) async throws {
    let error = await #expect(throws: DuckDBError.self) { try await evaluate(expression) }
    #expect(
      error?.message.lowercased().contains("overflow") == true || error?.category == .outOfRange,
      "\(error!)")
  }
}
