import Testing

@testable import SegmentCompiler

/// Texts that want to take the reader's memory, time or stack, or to say one thing and mean another.
@Suite struct HostileTextTests {
  private func problem(_ text: String) throws -> Diagnostic {
    let diagnostics = #expect(throws: Diagnostics.self) { try Document.parse(text) }
    return try #require(diagnostics?.all.first)
  }

  /// Lists (or mappings) that hold the one before them several times.
  private func laughs(levels: Int, _ level: (_ before: String) -> String) -> String {
    let names = (0...levels).map { "a\($0)" }
    var lines = ["\(names[0]): &\(names[0]) x"]
    for (before, name) in zip(names, names.dropFirst()) {
      lines.append("\(name): &\(name) \(level("*\(before) "))")
    }
    return lines.joined(separator: "\n")
  }

  @Test func `aliases that multiply are refused before they are written out`() throws {
    let lists = laughs(levels: 30) { "[\($0), \($0), \($0), \($0)]" }
    let mappings = laughs(levels: 60) { "{p: \($0), q: \($0)}" }
    let merges = laughs(levels: 60) { "{<<: [\($0), \($0)]}" }
    for text in [lists, mappings, merges] { #expect(try problem(text).code == "tooLarge") }
    // Deep by aliases alone.
    let deep = laughs(levels: 1_000) { "[\($0)]" }
    #expect(try problem(deep).message.contains("nested deeper than 900"))
  }

  @Test(arguments: ["a: &a [*a]", "&a {b: *a}", "*a", "a: *b\nb: &b 1", "&a 1\n---\n*a"])
  func `an alias needs its anchor before it, in its own document`(text: String) throws {
    #expect(try problem(text).message.contains("has no anchor before it"))
  }

  @Test(arguments: [
    "!!python/object:os.system x", "!!binary aGVsbG8=", "!!int \"5\"", "! x", "!!set {a}",
    "!local [1]", "[!!str 5]",
  ])
  func `tags are refused: they would change what a value is`(text: String) throws {
    #expect(try problem(text).code == "tag")
  }

  @Test(arguments: [
    #""\ud800""#, #""\udc00""#, #""\udc00\ud800""#, #""\ud83dx""#, #""\ud83d\u0041""#,
    #"{"\ud800":1}"#,
  ])
  func `half a character is refused`(text: String) throws {
    #expect(try problem(text).line == 1)
  }

  @Test func `too much text, too many documents and too many values are refused`() throws {
    let long = "a: " + String(repeating: "x", count: Document.maximumBytes)
    #expect(try problem(long).message.contains("at most \(Document.maximumBytes)"))
    let documents = String(repeating: "---\n", count: Document.maximumDocuments + 1)
    #expect(try problem(documents).code == "tooLarge")
    #expect(try Document.parse(String(repeating: "---\n", count: 1_000)).count == 1_000)
    let values = "[" + String(repeating: "1,", count: 1_000) + "1]"
    #expect(throws: Diagnostics.self) { try Document.parse(values, maximumSize: 1_000) }
  }

  @Test(arguments: [
    ("[", ""), ("{a: ", ""), ("- ", "x"), ("? ", "x"), ("[{a: ", ""), ("{\"a\":", "1"),
  ])
  func `nesting without end is refused`(opening: String, end: String) throws {
    let text = String(repeating: opening, count: 50_000) + end
    let problem = try problem(text)
    #expect(["tooLarge", "syntax"].contains(problem.code))
    #expect(!problem.message.contains("yaml_"), "\(problem)")
  }

  @Test func `of many problems the first ones are told`() throws {
    let keys = (0..<5_000).map { "key\($0): 1" }.joined(separator: "\n")
    let diagnostics = #expect(throws: Diagnostics.self) {
      try SegmentDefinition(decoding: Document.parse(keys)[0])
    }
    let all = try #require(diagnostics?.all)
    #expect(all.count == DocumentReader.maximumProblems + 1)
    #expect(all.last?.message == "There are 4902 more errors.")
  }

  @Test func `errors beyond the warnings that are told still count`() {
    let reader = DocumentReader()
    for _ in 0..<500 { reader.note("w", at: "", "So it is.", severity: .warning) }
    reader.note("e", at: "here", "This is wrong.")
    #expect(reader.diagnostics.contains { $0.severity == .error && $0.place == "here" })
    #expect(reader.diagnostics.last?.message == "There are 400 more warnings.")
  }

  // MARK: Definitions

  private func nested(_ depth: Int, _ inner: String, in wrap: (Int, String) -> String) -> String {
    (0..<depth).reduce(inner) { wrap($1, $0) }
  }

  private static let comparison = "{attribute: C.City, is: equalTo, value: Oslo}"

  @Test func `conditions are 200 deep, and not 201`() throws {
    func definition(_ depth: Int) throws -> SegmentDefinition {
      let tree = nested(depth - 1, Self.comparison) {
        "{\($0 % 2 == 0 ? "all" : "any"): [\($1), \(Self.comparison)]}"
      }
      return try SegmentDefinition.decodeAll("{segment: s, rules: [{match: \(tree)}]}")[0]
    }
    let deepest = try definition(200)
    #expect(try SegmentDefinition.decodeAll(deepest.json) == [deepest])
    #expect(try SegmentDefinition.decodeAll(deepest.yaml) == [deepest])
    let diagnostics = #expect(throws: Diagnostics.self) { try definition(201) }
    let problem = try #require(diagnostics?.all.first)
    #expect(problem.code == "tooDeep")
    #expect(problem.place.hasPrefix("rules[0].match.") && problem.place.hasSuffix(".all[0]"))
    #expect(problem.place.split(separator: ".").count == 202)
    #expect(problem.description.contains(": rules[0].match.any[0]…all[0]: Conditions are"))
  }

  @Test func `groups are 200 deep, and not 201`() throws {
    func decode(_ depth: Int) throws -> [SegmentDefinition] {
      let rule = "{match: \(Self.comparison)}"
      let groups = nested(depth, rule) { "{group: [\($1)]}" }
      return try SegmentDefinition.decodeAll("{segment: s, rules: [\(groups)]}")
    }
    let deepest = try decode(200)
    #expect(try SegmentDefinition.decodeAll(deepest[0].yaml) == deepest)
    let diagnostics = #expect(throws: Diagnostics.self) { try decode(201) }
    #expect(diagnostics?.all.map(\.code) == ["tooDeep"])
  }

  @Test func `a definition has 10,000 conditions, and not one more`() throws {
    func decode(_ count: Int) throws -> [SegmentDefinition] {
      let list = repeatElement(Self.comparison, count: count - 1).joined(separator: ",")
      return try SegmentDefinition.decodeAll("{segment: s, rules: [{match: {any: [\(list)]}}]}")
    }
    #expect(try decode(10_000).count == 1)
    let diagnostics = #expect(throws: Diagnostics.self) { try decode(10_001) }
    #expect(diagnostics?.all.map(\.code) == ["tooManyConditions"])
    #expect(diagnostics?.all.first?.place == "rules[0].match.any[9999]")
  }

  @Test(arguments: [
    "1e999999999", "1e-999999999", "1e9223372036854775807", "1e-9223372036854775808",
    "1e99999999999999999999", String(repeating: "1", count: 201),
    String(repeating: "9", count: 100_000),
  ])
  func `numbers of any size are read or refused`(text: String) {
    #expect(Document.isNumber(text))
    #expect(ExactNumber(text) == nil)
  }

  @Test(arguments: [
    "../../etc/passwd", "/etc/passwd", "Europe/../Europe/Oslo", "Europe/Oslo\0",
    "posix/Europe/Oslo",
    "Europe/Oslo; DROP TABLE x", "", "/", "A/\u{202E}",
  ])
  func `a time zone is a name and no path`(name: String) {
    #expect(Zone(name) == nil)
  }

  @Test func `a chain of 5,000 references is followed, a circle of 5,000 is named`() throws {
    func facts(_ number: Int, _ next: Int?) -> (String, SegmentFacts) {
      (
        "s\(number)",
        SegmentFacts(audience: "C", references: next.map { ["s\($0)"] } ?? [], isAvailable: true)
      )
    }
    func problems(last: Int?) throws -> [Diagnostic] {
      let all = (0..<5_000).map { facts($0, $0 < 4_999 ? $0 + 1 : last) }
      let context = PlanContext(
        catalog: HostileText.catalog, asOf: Instant(microseconds: 0),
        segments: Dictionary(uniqueKeysWithValues: all))
      let definition = try SegmentDefinition.decodeAll(
        "{segment: s0, rules: [{match: {is: memberOf, value: s1}}]}")[0]
      do {
        return try Planner(context).plan(definition).warnings
      } catch let diagnostics as Diagnostics {
        return diagnostics.all
      }
    }
    #expect(try problems(last: nil) == [])
    let circle = try problems(last: 0)
    #expect(circle.map(\.code) == ["referenceCycle"])
    #expect(circle[0].message.contains("circle: s0 → s1 → s2 → s3"))
    #expect(circle[0].message.hasSuffix("s4999 → s0."))
    // A circle further on is another segment's problem.
    #expect(try problems(last: 2_500) == [])
  }

  @Test(arguments: [
    "123456789012345678901", "0.1234567890123456789", "1e38", "1e-19",
  ])
  func `an average is compared with what engines can multiply`(number: String) throws {
    let text = """
      {segment: s, rules: [{from: O, quantifier: {aggregate: average, of: O.Amount, is: lessThan, value: \(number)}}]}
      """
    let planner = Planner(
      PlanContext(catalog: HostileText.catalog, asOf: Instant(microseconds: 0)))
    let diagnostics = #expect(throws: Diagnostics.self) {
      try planner.plan(SegmentDefinition.decodeAll(text)[0])
    }
    #expect(diagnostics?.all.map(\.place) == ["rules[0].quantifier.value"])
  }

  // MARK: Messages

  @Test func `messages cannot command the terminal, and quote no megabytes`() {
    let evil = "a\u{1B}[2J\u{202E}b\nerror: c\u{200B}\0"
    let diagnostic = Diagnostic(code: "c", place: evil, message: "'\(evil)'", hint: evil)
    let safe = #"a\u{1B}[2J\u{202E}b\nerror: c\u{200B}\u{0}"#
    #expect(diagnostic.place == safe && diagnostic.hint == safe)
    #expect(diagnostic.message == "'\(safe)'")
    #expect("👩‍👩‍👧 می‌خواهم".printable == "👩‍👩‍👧 می‌خواهم")

    let long = Diagnostic(
      code: "c", place: "", message: String(repeating: "x", count: 1_000_000) + " is wrong.")
    #expect(long.message.utf8.count < 3_000 && long.message.hasSuffix("x is wrong."))
    #expect("abcdef".excerpt(6) == "abcdef" && "abcdefg".excerpt(6) == "abcd…fg")
  }

  @Test func `hidden characters of a document are written as escapes`() throws {
    let text = "\u{202E}evil\u{200B}\u{2066}\u{1B}"
    let document = Document.mapping([(text, .text(text))])
    for written in [document.yaml.escapingHidden, document.json.escapingHidden] {
      #expect(!written.unicodeScalars.contains { $0.isHidden && $0 != "\n" })
      #expect(try Document.parse(written)[0].json == document.json)
    }
  }

  @Test func `sentences stay short enough to be read`() throws {
    let values = (0..<5_000).map { "v\($0)" }.joined(separator: ", ")
    let long = String(repeating: "x", count: 1_000_000)
    let definition = try SegmentDefinition.decodeAll(
      """
      {segment: s, rules: [{match: {any: [
        {attribute: C.City, is: anyOf, value: [\(values)]},
        {attribute: C.City, is: equalTo, value: \(long)}]}}]}
      """)[0]
    let sentence = Sentence.definition(definition, catalog: HostileText.catalog)
    #expect(sentence.utf8.count < 2_000)
    #expect(sentence.contains("'v99', 4900 more or C.City is equal to 'xxx"))
  }
}

/// What the definitions of these tests speak of.
enum HostileText {
  static let catalog = Catalog(
    workspace: "W",
    tables: [
      Table(
        name: "C", key: ["Id"],
        attributes: [
          Attribute(name: "Id", type: .integer), Attribute(name: "City", type: .text),
        ]),
      Table(
        name: "O", key: [],
        attributes: [
          Attribute(name: "Cid", type: .integer), Attribute(name: "Amount", type: .plainDecimal),
        ]),
    ],
    relationships: [
      Relationship(
        name: RelationshipName(table: "O", name: "C"), foreignKey: "Cid", target: "C",
        targetKey: "Id")
    ],
    audiences: [Audience(name: "C", table: "C", key: "Id")])
}
