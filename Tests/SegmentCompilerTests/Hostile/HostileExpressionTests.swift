import Testing

@testable import SegmentCompiler

/// Expressions of calculated attributes that are long, deep, or grow when they are rendered.
@Suite struct HostileExpressionTests {
  private static let attributes = [
    Attribute(name: "B", type: .boolean), Attribute(name: "N", type: .integer),
    Attribute(name: "D", type: .plainDecimal), Attribute(name: "T", type: .text),
  ]

  private func calculation(_ text: String) throws -> Calculation {
    try Calculation(text, attributes: Self.attributes, timeZone: "UTC", at: "tables.C.calculated.X")
  }

  private func problem(_ text: String) throws -> Diagnostic {
    let diagnostics = #expect(throws: Diagnostics.self) { try calculation(text) }
    return try #require(diagnostics?.all.first)
  }

  @Test(arguments: ["and", "or"])
  func `a chain of conditions grows by its links and does not double with each`(sign: String) throws
  {
    let chain = repeatElement("B", count: 150).joined(separator: " \(sign) ")
    #expect(try calculation(chain).sql.text.utf8.count < 10_000)
  }

  @Test(arguments: [
    String(repeating: "(", count: 10_000), String(repeating: "-", count: 10_000) + "1",
    String(repeating: "not ", count: 4_000) + "B",
    String(repeating: "least(N,", count: 2_000) + "N" + String(repeating: ")", count: 2_000),
    "1" + String(repeating: "+1", count: 5_000), "N" + String(repeating: " = N", count: 4_000),
    // Chains in brackets at the start of chains: each is within its limit, their tree is not.
    String(repeating: "(", count: 50) + "N"
      + String(repeating: String(repeating: "+1", count: 150) + ")", count: 50),
  ])
  func `nesting without end is refused with its position`(text: String) throws {
    let problem = try problem(text)
    #expect(problem.place == "tables.C.calculated.X" && problem.message.hasPrefix("At character "))
  }

  @Test func `the longest chain is rendered`() throws {
    for operand in ["N", "D", "1.5", "B = B"] {
      let sign = operand == "B = B" ? " and " : " + "
      let text = repeatElement("(\(operand))", count: 198).joined(separator: sign)
      #expect(throws: Never.self) { try calculation(text) }
    }
  }

  @Test func `an expression has at most 20,000 bytes`() throws {
    #expect(throws: Never.self) { try calculation("'\(String(repeating: "x", count: 19_000))'") }
    let text = "'\(String(repeating: "x", count: 1_000_000))'"
    #expect(try problem(text).message.contains("more than 20000 bytes"))
  }

  @Test(arguments: ["\u{202E}N", "N\0", "\u{1B}[2J", "'", "\"", "٣", "1٣", "N\u{301}", "1e5", "."])
  func `signs without a meaning are named, not obeyed`(text: String) throws {
    let message = try problem(text).message
    #expect(!message.unicodeScalars.contains { $0.isHidden })
  }
}
