import SegmentCompiler
import Testing

@Suite struct CalculationTests {
  private let attributes = [
    Attribute(name: "Price", type: .decimal(precision: 18, scale: 6)),
    Attribute(name: "Fee", type: .decimal(precision: 12, scale: 2)),
    Attribute(name: "Quantity", type: .integer),
    Attribute(name: "Ratio", type: .double),
    Attribute(name: "Name", type: .text),
    Attribute(name: "Loyalty Tier", type: .text),
    Attribute(name: "Born", type: .date),
    Attribute(name: "Seen", type: .datetime),
    Attribute(name: "Active", type: .boolean),
  ]

  private func calculation(_ expression: String) throws -> Calculation {
    try Calculation(expression, attributes: attributes, timeZone: "Europe/Oslo", at: "here")
  }

  @Test(arguments: [
    ("1", "integer"), ("-5", "integer"), ("1.50", "decimal(3,2)"), ("0.05", "decimal(3,2)"),
    ("1234567890123456789", "decimal(19,0)"), ("Quantity + 1", "integer"),
    ("Quantity * Quantity", "integer"), ("Price * Quantity", "decimal(37,6)"),
    ("Fee + 1", "decimal(13,2)"), ("Fee - Price", "decimal(19,6)"),
    ("Price * Quantity * (1 - Fee)", "decimal(38,8)"), ("Fee * Ratio", "double"),
    ("Quantity / 2", "double"), ("-Fee", "decimal(12,2)"), ("abs(Fee)", "decimal(12,2)"),
    ("round(Fee, 1)", "decimal(12,1)"), ("round(Fee, 5)", "decimal(12,2)"),
    ("round(Quantity, 0)", "integer"), ("floor(Fee)", "decimal(11,0)"),
    ("ceiling(Quantity / 2)", "double"), ("least(Fee, Quantity, 0.125)", "decimal(22,3)"),
    ("coalesce(Ratio, 0)", "double"), ("coalesce(missing, Name)", "text"),
    ("if(Active, 'a', Name)", "text"), ("if(Quantity > 1, 1, missing)", "integer"),
    ("concat(Name, ' ', Quantity)", "text"), ("length(trim(lower(upper(Name))))", "integer"),
    ("year(Born) * 100 + month(Seen) + day('2024-02-29')", "integer"),
    ("daysBetween(Born, Seen)", "integer"), ("isMissing(Name)", "boolean"),
    ("rowNumber()", "integer"),
    ("Born >= '1980-01-01' and not Active or Name = 'x'", "boolean"),
    ("\"Loyalty Tier\" = 'it''s'", "boolean"), ("greatest(Born, '2000-01-01')", "date"),
  ])
  func `types`(expression: String, type: String) throws {
    #expect(try calculation(expression).type.name == type)
  }

  @Test func `values are bound, names are quoted`() throws {
    let sql = try calculation("\"Loyalty Tier\" = 'x; --' or Quantity > 2").sql
    #expect(
      sql.text
        == #"(coalesce("Loyalty Tier" = CAST(? AS VARCHAR), false) OR coalesce("Quantity" > CAST(? AS BIGINT), false))"#
    )
    #expect(sql.values == [.text("x; --"), .decimal("2")])
  }

  @Test(arguments: [
    ("", 1, "calculation"), ("1 +", 4, "calculation"), ("(1", 3, "calculation"),
    ("1 2", 3, "calculation"), ("Pryce", 1, "unknownAttribute"),
    ("rond(Fee, 1)", 1, "unknownFunction"),
    ("1 + Name", 5, "wrongType"), ("not Quantity", 5, "wrongType"), ("1 < 2 < 3", 7, "calculation"),
    ("Name = 1", 8, "wrongType"), ("Active < true", 8, "calculation"),
    ("Name = missing", 6, "calculation"), ("missing", 1, "calculation"),
    ("'open", 1, "calculation"),
    ("1 ; 2", 3, "calculation"), ("round(Fee, Quantity)", 12, "calculation"),
    ("abs()", 1, "calculation"),
    ("12abc", 1, "calculation"), ("year(Name)", 6, "wrongType"),
    ("Born = '2023-02-29'", 8, "wrongType"),
    ("if(Quantity, 1, 2)", 4, "wrongType"), ("concat(Ratio, 'x')", 8, "wrongType"),
    ("and", 1, "calculation"),
  ])
  func `problems say where`(expression: String, position: Int, code: String) throws {
    let diagnostics = #expect(throws: Diagnostics.self) { try calculation(expression) }
    let problem = try #require(diagnostics?.all.first)
    #expect(problem.place == "here" && problem.code == code)
    #expect(problem.message.hasPrefix("At character \(position): "), "\(problem.message)")
  }

  @Test func `near names are proposed`() {
    let diagnostics = #expect(throws: Diagnostics.self) { try calculation("Pryce * 2") }
    #expect(diagnostics?.all.first?.hint == "Did you mean 'Price'?")
  }

  @Test func `deep nesting and long chains are refused, not a crash`() {
    let deep = String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000)
    #expect(throws: Diagnostics.self) { try calculation(deep) }
    #expect(throws: Diagnostics.self) {
      try calculation(String(repeating: "-", count: 100_000) + "1")
    }
    #expect(throws: Diagnostics.self) {
      try calculation(String(repeating: "not ", count: 100_000) + "Active")
    }
    #expect(throws: Diagnostics.self) {
      try calculation("1" + String(repeating: " + 1", count: 100_000))
    }
  }
}
