import SegmentCompiler
import Testing

/// How large a definition may be, and what is said where it is no definition at all.
@Suite struct DefinitionLimitsTests {
  private func problems(_ text: String) -> [String] {
    do {
      _ = try SegmentDefinition.decodeAll(text)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all.map { "\($0.code) \($0.place)" }
    } catch {
      return ["\(error)"]
    }
  }

  private static let leaf = #"{"attribute":"A.B","is":"empty"}"#

  private func definition(match: String) -> String {
    #"{"segment":"s","rules":[{"match":\#(match)}]}"#
  }

  private func nested(_ levels: Int, _ inner: String = leaf) -> String {
    String(repeating: #"{"all":["#, count: levels) + inner + String(repeating: "]}", count: levels)
  }

  @Test func `conditions are nested at most 200 deep`() {
    #expect(problems(definition(match: nested(199))).isEmpty)
    let place = "rules[0].match" + String(repeating: ".all[0]", count: 200)
    #expect(problems(definition(match: nested(200))) == ["tooDeep \(place)"])
    // A has condition is a level, and so are those inside of it.
    let has = #"{"has":{"path":["O.C"],"match":\#(nested(100))}}"#
    #expect(problems(definition(match: nested(97, has))).isEmpty)
    #expect(problems(definition(match: nested(100, has))).count == 1)
  }

  @Test func `a definition has at most 10,000 conditions`() {
    func all(_ count: Int) -> String {
      #"{"all":[\#(Array(repeating: Self.leaf, count: count).joined(separator: ","))]}"#
    }
    // The list is one itself.
    #expect(problems(definition(match: all(9_999))).isEmpty)
    #expect(
      problems(definition(match: all(10_000))) == ["tooManyConditions rules[0].match.all[9999]"])
    #expect(
      problems(definition(match: all(12_000))) == ["tooManyConditions rules[0].match.all[9999]"])
  }

  @Test func `a manual segment has at most 2,000,000 keys`() throws {
    func document(_ count: Int) -> Document {
      .mapping([
        ("segment", .text("s")), ("keys", .list(Array(repeating: .number(1), count: count))),
      ])
    }
    let error = #expect(throws: Diagnostics.self) {
      try SegmentDefinition(decoding: document(SegmentDefinition.maximumKeys + 1))
    }
    #expect(error?.all.map(\.code) == ["tooManyKeys"])
    #expect(error?.all[0].hint?.contains("Load a longer list as a table") == true)
  }

  @Test func `what is no definition`() {
    #expect(problems("[1, 2]") == ["wrongShape "])
    #expect(problems("Oslo") == ["wrongShape "])
    #expect(problems("{}") == ["missingKey ", "missingKey "])
    #expect(problems("{segment: a, keysFile: {column: b}}") == ["missingKey keysFile"])
    #expect(problems("{segment: a, keys: [1]}\n---\n7") == ["wrongShape "])
  }

  @Test func `a definition without a name takes the one that is given`() throws {
    let document = try Document.parse("{keys: [1]}")[0]
    #expect(try SegmentDefinition(decoding: document, defaultName: "vip").name == "vip")
    #expect(throws: Diagnostics.self) { try SegmentDefinition(decoding: document) }
  }
}
