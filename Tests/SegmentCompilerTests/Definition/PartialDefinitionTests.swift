import Testing

@testable import SegmentCompiler

/// What can be said of a definition of which not all can be read.
@Suite struct PartialDefinitionTests {
  private static let planner = Planner(
    PlanContext(
      catalog: Catalog(
        workspace: "Shop",
        tables: [
          Table(name: "Customer", key: ["Id"], attributes: [Attribute(name: "Id", type: .integer)])
        ],
        relationships: [],
        audiences: [Audience(name: "Customer", table: "Customer", key: "Id")]),
      asOf: Instant("2024-03-31T12:00:00Z")!))

  private func places(_ yaml: String) throws -> [String] {
    PartialDefinition(decoding: try Document.parse(yaml)[0]).problems(planning: Self.planner)
      .map { "\($0.code) \($0.place)" }
  }

  private static let unknown = "match: {attribute: Customer.City, is: empty}"

  @Test func `names are judged beside what cannot be read`() throws {
    #expect(
      try places("{segment: s, rules: [{\(Self.unknown)}, {combine: union, match: 7}]}") == [
        "wrongShape rules[1].match", "unknownAttribute rules[0].match.attribute",
      ])
    #expect(
      try places("{segment: s, rules: [{\(Self.unknown)}], limit: 7}") == [
        "wrongShape limit", "unknownAttribute rules[0].match.attribute",
      ])
  }

  @Test func `what only follows from it is not said`() throws {
    // The rule that the projected attribute is of cannot be read.
    #expect(
      try places("{segment: s, rules: [7], project: [Order.Total]}") == ["wrongShape rules[0]"])
    // Without an audience every name is unknown.
    #expect(
      try places("{segment: s, audience: [], rules: [{\(Self.unknown)}]}")
        == ["wrongShape audience"])
    #expect(try places("[segment, s]") == ["wrongShape "])
    #expect(
      try places("{segment: s, rules: [{match: {any: []}}, {combine: union, match: {all: [7]}}]}")
        == ["emptyList rules[0].match.any", "wrongShape rules[1].match.all[0]"])
  }

  @Test func `a whole one with a loss of its own is planned as well`() throws {
    let definition = try SegmentDefinition.decodeAll("{segment: s, rules: [{\(Self.unknown)}]}")[0]
    var partial = PartialDefinition(definition)
    #expect(partial.isWhole)
    partial.lose(
      "segment", because: Diagnostics([Diagnostic(code: "twice", place: "segment", message: "")]))
    #expect(
      partial.problems(planning: Self.planner).map(\.code) == ["twice", "unknownAttribute"])
  }
}
