import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Saving, validating, deleting and explaining definitions.
@Suite struct DefinitionServiceTests {
  private static let followers =
    "{segment: followers, rules: [{match: {is: memberOf, value: oslo}}]}"

  // MARK: Saving

  @Test func `all definitions are saved or none, with the problems of every one`() async throws {
    let shop = try await Shop()
    let error = try #require(
      #expect(throws: DefinitionErrors.self) {
        try shop.save(
          [
            Shop.oslo,
            "{segment: b, rules: [{match: {attribute: Customer.Citty, is: empty}}, {combine: union, match: {attribute: Order.Day, is: empty}}]}",
            "{segment: c, rules: [{match: {attribute: Customer.City, is: greaterThan, value: 1}}]}",
          ].joined(separator: "\n---\n"))
      })
    let found = error.all.map { segment, diagnostics in
      "\(segment): " + diagnostics.all.map { "\($0.code) \($0.place)" }.joined(separator: ", ")
    }
    #expect(
      found == [
        "b: unknownAttribute rules[0].match.attribute, attributeNotOnPath rules[1].match.attribute",
        "c: operatorNotForType rules[0].match.is",
      ])
    #expect(try shop.service.segments().isEmpty)
    #expect(error.description.hasPrefix("b:\nerror: "))
  }

  @Test func `documents that cannot be decoded are all reported, with their lines`() async throws {
    let shop = try await Shop()
    let error = try #require(
      #expect(throws: DefinitionErrors.self) {
        try shop.save("segment: a\nrulez: []\n---\n" + Shop.oslo + "---\nsegment: b\nrules: 7\n")
      })
    #expect(error.all.map(\.segment) == ["a", "b"])
    #expect(error.all.allSatisfy { $0.diagnostics.all.allSatisfy { $0.line != nil } })
    #expect(try shop.service.segments().isEmpty)
  }

  @Test func `what did not change makes no version, however it is written`() async throws {
    let shop = try await Shop()
    let ways = [
      Shop.coffee,
      #"{"rules":[{"match":{"value":"coffee","is":"equalTo","attribute":"Order.Product"},"path":["Order.Customer"]}],"audience":"Customer","segment":"coffee"}"#,
      """
      # coffee, at last
      segment: coffee
      rules:
        - quantifier: any
          from: Order
          match: {attribute: Order.Product, is: equalTo, value: coffee}
      """,
    ]
    for way in ways {
      #expect(try shop.service.save(way).map(\.version) == [1], "\(way)")
    }
    #expect(
      try shop.service.save(Shop.coffee.replacing("coffee}", with: "tea}")).map(\.version) == [2])
    #expect(try shop.service.save(Shop.coffee).map(\.version) == [3])
    #expect(try shop.service.segment("coffee").version == 3)
  }

  @Test func `names that look the same are one segment`() async throws {
    let shop = try await Shop(
      segments: Shop.oslo.replacing("segment: oslo", with: "segment: caf\u{E9}"),
      "{segment: guests, rules: [{match: {is: memberOf, value: cafe\u{301}}}]}")
    let saved = try shop.service.save(
      Shop.oslo.replacing("segment: oslo", with: "segment: cafe\u{301}"))
    #expect(saved.map(\.version) == [1])
    #expect(
      try shop.service.segments().map { Text($0.definition.name) } == [
        Text("caf\u{E9}"), Text("guests"),
      ])
    for name in ["caf\u{E9}", "cafe\u{301}"] {
      #expect(try await shop.service.refresh([name]).map(\.run.result?.count) == [2])
      #expect(try await shop.keys(name) == ["1", "2"])
      #expect(try shop.service.segment(name).version == 1)
      #expect(throws: SegmentInUse.self) { try shop.service.delete(name) }
    }
    #expect(try await shop.result("guests").count == 2)
  }

  @Test func `a name twice in one text is refused`() async throws {
    let shop = try await Shop()
    let twice =
      Shop.oslo + "---\n" + Shop.coffee.replacing("segment: coffee", with: "segment: oslo")
    let error = #expect(throws: DefinitionErrors.self) { try shop.save(twice) }
    #expect(error?.all.map(\.segment) == ["oslo"])
    #expect(error?.all.first?.diagnostics.all.map(\.code) == ["duplicateSegment"])
  }

  @Test func `a saved definition names its paths`() async throws {
    let shop = try await Shop(
      segments: """
        segment: s
        rules:
          - {from: Order, match: {attribute: Order.Product, is: equalTo, value: tea}}
          - combine: union
            group:
              - match: {any: [{has: {from: Order, quantifier: none}}, {attribute: Customer.City, is: empty}]}
              - {combine: union, from: Customer, match: {attribute: Customer.City, is: empty}}
        """)
    let saved = try shop.service.segment("s").definition
    #expect(saved.audience == "Customer")
    let json = saved.json
    #expect(!json.contains("\"from\""))
    #expect(json.components(separatedBy: #""path":["Order.Customer"]"#).count == 3, "\(json)")
    #expect(try SegmentDefinition.decodeAll(json) == [saved])
  }

  @Test func `a definition may refer to one saved with it, and to none that is unknown`()
    async throws
  {
    let shop = try await Shop()
    let error = #expect(throws: DefinitionErrors.self) { try shop.save(Self.followers) }
    #expect(error?.all[0].diagnostics.all.map(\.code) == ["unknownSegment"])
    try shop.save(Self.followers + "\n---\n" + Shop.oslo)
    #expect(try shop.service.segments().map(\.definition.name) == ["followers", "oslo"])
  }

  // MARK: Validating

  @Test func `a definition that refers to a segment never refreshed is not valid yet`() async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    let error = try #require(
      #expect(throws: DefinitionErrors.self) { try shop.service.validate(Self.followers) })
    let problem = try #require(error.all.first?.diagnostics.all.first)
    #expect(problem.code == "segmentNeverRun" && problem.place == "rules[0].match.value")
    #expect(
      problem.message == "The segment 'oslo' was never refreshed, so its members are not known.")

    #expect(try shop.service.validate(Self.followers + "\n---\n" + Shop.oslo).count == 2)
    try await shop.result("oslo")
    let valid = try shop.service.validate(Self.followers)
    #expect(valid.map(\.version) == [nil])
    #expect(valid[0].sentence == "Customer where it is a member of 'oslo'.")
    #expect(try shop.service.segments().count == 1)
  }

  @Test func `warnings do not keep a definition from being saved`() async throws {
    let shop = try await Shop()
    let saved = try shop.service.save(
      """
      segment: s
      rules: [{from: Order, quantifier: none, match: {attribute: Customer.City, is: equalTo, value: Oslo}}]
      """)
    #expect(saved[0].version == 1)
    #expect(saved[0].warnings.map(\.code) == ["profileConditionInsideNone"])
  }

  @Test func `problems of shape and of names are told together, over all definitions`() async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    let text = """
      segment: s
      colour: red
      rules:
        - match:
            all:
              - {attribute: Customer.Town, is: equalTo, value: Oslo}
              - {attribute: Customer.City, iz: equalTo, value: Oslo}
              - any:
                  - {attribute: Customer.City, is: equalTo, value: {}}
                  - {is: memberOf, value: olso}
        - combine: union
          from: Order
          quantifier: {first: 7}
          match: {attribute: Order.Produkt, is: equalTo, value: tea}
        - combine: unoin
          from: Ordr
          match: {attribute: Order.Product, is: equalTo, value: tea}
        - combine: union
          from: 7
          match: {attribute: Nowhere.Product, is: equalTo, value: tea}
      project: [Order.Product]
      ---
      segment: t
      rules: [{match: {attribute: Customer.City, is: older, value: tea}}]
      """
    let error = #expect(throws: DefinitionErrors.self) { try shop.save(text) }
    let places = error?.all.map {
      [$0.segment] + $0.diagnostics.all.map { "\($0.line ?? 0) \($0.place)" }
    }
    #expect(
      places == [
        [
          "s", "2 colour", "6 rules[0].match.all[0].attribute", "7 rules[0].match.all[1].iz",
          "7 rules[0].match.all[1]", "9 rules[0].match.all[2].any[0].value",
          "9 rules[0].match.all[2].any[0].value", "10 rules[0].match.all[2].any[1].value",
          "13 rules[1].quantifier.first", "14 rules[1].match.attribute", "15 rules[2].combine",
          "16 rules[2].from", "19 rules[3].from",
        ],
        ["t", "24 rules[0].match.is"],
      ])
    #expect(try shop.service.segments().count == 1)
  }

  // MARK: Listing and deleting

  @Test func `the list shows each segment with the run in force`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    let run = try #require(try await shop.refresh(["oslo"])["oslo"])
    let list = try shop.service.segments()
    #expect(list.map(\.definition.name) == ["coffee", "oslo"])
    #expect(list.map(\.lastRun) == [nil, run])
    #expect(list.allSatisfy { $0.version == 1 && $0.savedAt == Shop.asOf })
  }

  @Test func `a segment that others use is not deleted`() async throws {
    let shop = try await Shop(
      segments: Shop.oslo, Self.followers,
      Self.followers.replacing("segment: followers", with: "segment: others"))
    let error = #expect(throws: SegmentInUse.self) { try shop.service.delete("oslo") }
    #expect(
      error?.description
        == "The segment 'oslo' is used by 'followers', 'others', which could not be refreshed any more. Change these first, or delete it all the same (--force)."
    )
    try await shop.refresh()
    for name in ["followers", "others", "oslo"] { try shop.service.delete(name) }
    #expect(try shop.service.segments().isEmpty)
    #expect(throws: WorkspaceError.unknownSegment("oslo", hint: nil)) {
      try shop.service.delete("oslo")
    }
  }

  @Test func `a segment saved again under a deleted name starts anew`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try await shop.result("oslo")
    try shop.service.delete("oslo")
    try shop.save(Shop.oslo)
    #expect(try shop.service.segment("oslo").lastRun == nil)
    let result = try await shop.result("oslo")
    #expect(result.entered == 2 && result.previousRun == nil)
  }

  // MARK: Explaining

  @Test func `an explanation has the sentence, the set algebra and the queries`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.followers)
    try await shop.refresh()
    let explained = try shop.service.explain(
      """
      segment: s
      timeZone: Europe/Oslo
      rules:
        - {name: in town, match: {attribute: Customer.City, is: equalTo, value: "O'slo"}}
        - {combine: except, from: Order, quantifier: none, match: {attribute: Order.Product, is: equalTo, value: tea}}
        - combine: union
          group:
            - {match: {is: memberOf, value: oslo}}
            - {combine: exclusive, match: {attribute: Customer.City, is: equalTo, value: "O'slo"}}
      """, asOf: Shop.asOf)
    let explanation = try #require(explained.first)
    #expect(explanation.rules.map(\.sets) == ["1", "¬2", "(members of 'oslo' △ 1)"])
    #expect(explanation.rules.map(\.text) == ["in town", "rules[1]", "rules[2]"])
    #expect(explanation.rules.map(\.combine) == [nil, .except, .union])
    #expect(explanation.asOf == Shop.asOf && explanation.timeZone == "Europe/Oslo")
    #expect(explanation.sentence.hasPrefix("Customer where "))
    #expect(explanation.queries.count == 2)
    #expect(explanation.queries[0].values == [.text("O'slo")])
    #expect(
      explanation.queries[0].sql.contains("\"City\"") && !explanation.queries[0].sql.contains("O'"))
    // They can be run as they are.
    let connection = try shop.service.database.connect()
    for query in explanation.queries {
      var sql: SQLQuery = ""
      for (index, piece) in query.sql.components(separatedBy: "?").enumerated() {
        if index > 0 { sql += "\(bind: query.values[index - 1])" }
        sql += SQLQuery(stringLiteral: piece)
      }
      let members = try await connection.members(sql)
      #expect(members.count == (query.values == [.text("tea")] ? 2 : 0))
    }
    #expect(
      try shop.service.explain(segment: "followers").rules.map(\.sets) == ["members of 'oslo'"])
  }
}
