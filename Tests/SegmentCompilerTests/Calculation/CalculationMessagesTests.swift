import SegmentCompiler
import Testing

/// What is said of expressions that cannot be computed, and of some that can.
@Suite struct CalculationMessagesTests {
  private let attributes = [
    Attribute(name: "Price", type: .decimal(precision: 18, scale: 6)),
    Attribute(name: "_unit_2", type: .integer),
    Attribute(name: "Name", type: .text),
    Attribute(name: "Active", type: .boolean),
  ]

  private func problem(_ expression: String) throws -> Diagnostic {
    let diagnostics = #expect(throws: Diagnostics.self) {
      try Calculation(expression, attributes: attributes, timeZone: "UTC")
    }
    return try #require(diagnostics?.all.first)
  }

  @Test(arguments: [
    ("abs(1, 2)", "At character 1: 'abs' takes 1 value, not 2."),
    ("rowNumber(1)", "At character 1: 'rowNumber' takes no values, not 1."),
    ("daysBetween(Name)", "At character 1: 'daysBetween' takes 2 values, not 1."),
    ("least(1)", "At character 1: 'least' takes 2 or more values, not 1."),
    ("abs(missing)", "At character 5: 'abs' takes a number, not missing."),
    ("abs(Name)", "At character 5: 'abs' takes a number, not text."),
    ("greatest(Active, true)", "At character 10: Booleans have no order."),
    (
      "if(Active, missing, missing)",
      "At character 12: 'if' needs a value that is not always missing."
    ),
    ("missing = Name", "At character 9: A comparison with a missing value is always false."),
    ("1 'x'", "At character 3: Expected is an operator or the end, not the text 'x'."),
    ("1 \"x\"", "At character 3: Expected is an operator or the end, not \"x\"."),
    ("abs(1", "At character 6: Expected is ',' or ')', not the end."),
    (
      "Price * Price * Price * Price * Price * Price * Price",
      "At character 47: The product has 42 digits behind the point; at most 38 fit."
    ),
  ])
  func `a problem says what was expected`(expression: String, message: String) throws {
    #expect(try problem(expression).message == message)
  }

  @Test func `what an attribute is computed from is found through others`() {
    func calculated(_ name: String, _ expression: String) -> CalculatedAttribute {
      CalculatedAttribute(name: name, expression: expression)
    }
    let table = TableDefinition(
      name: "T", origin: .files(DataSource(), globs: []),
      calculated: [
        calculated("Sum", "Price + -_unit_2"), calculated("Idle", "not Active"),
        calculated("Text", "if(Idle and Sum > 1, concat(Name, 'x'), missing)"),
        calculated("Wrong", "Price +"), calculated("One", "1"),
      ])
    #expect(table.inputs(of: "Sum") == ["Price", "_unit_2"])
    #expect(table.inputs(of: "Text") == ["Active", "Price", "_unit_2", "Name"])
    for none in ["One", "Wrong", "Price"] { #expect(table.inputs(of: none).isEmpty, "\(none)") }
  }

  @Test(arguments: [
    ("_unit_2 + 1", "integer"), ("floor(_unit_2)", "integer"), ("ceiling(_unit_2)", "integer"),
    ("least(0.5, 0.25)", "decimal(3,2)"), ("coalesce(_unit_2, 0.5)", "decimal(20,1)"),
  ])
  func `what can be computed has a type`(expression: String, type: String) throws {
    let calculation = try Calculation(expression, attributes: attributes, timeZone: "UTC")
    #expect(calculation.type.name == type)
  }
}
