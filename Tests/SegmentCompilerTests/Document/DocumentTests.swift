import Testing

@testable import SegmentCompiler

/// Reading YAML and JSON, and writing them so that they read back.
@Suite struct DocumentTests {
  private func problem(_ text: String) throws -> Diagnostic {
    let diagnostics = #expect(throws: Diagnostics.self) { try Document.parse(text) }
    return try #require(diagnostics?.all.first)
  }

  @Test(arguments: [
    ("7", Scalar.number("7")), ("-0.50", .number("-0.50")), ("1e6", .number("1e6")),
    ("007", .text("007")), (".5", .text(".5")), ("0x1F", .text("0x1F")), ("1_000", .text("1_000")),
    ("yes", .text("yes")), ("on", .text("on")), ("True", .boolean(true)),
    ("FALSE", .boolean(false)),
    ("'true'", .text("true")), ("\"7\"", .text("7")), ("2024-01-01", .text("2024-01-01")),
    ("'~'", .text("~")), (#""\ud83d\ude00""#, .text("😀")), (#""\\ud83d\ude00"#, nil),
    (#""a\\\ud83d\ude00""#, .text("a\\😀")),
  ])
  func `plain scalars are what YAML's core schema says`(text: String, scalar: Scalar?) throws {
    guard let scalar else {
      #expect(throws: Diagnostics.self) { try Document.parse(text) }
      return
    }
    #expect(try Document.parse(text).map(\.value) == [.scalar(scalar)])
  }

  @Test(arguments: ["", "~", "null", "Null", "NULL"])
  func `nothing is read as nothing`(text: String) throws {
    #expect(
      try Document.parse("a: \(text)")[0].value
        == .mapping([.init(key: "a", value: Document(.null, line: 1))]))
  }

  @Test(
    arguments: [
      ("a: [1, 2", 2), ("a: 1\nb: \"open", 2), ("a: 1\n  b: 2", 2), ("a: *nobody", 1),
      ("x:\n  a: 1\n  b: 2\n  a: 3", 4), ("x: {1: a, \"1\": b}", 1),
      ("ok: 1\n? [no, text]\n: 2", 2),
      ("\tx: 1", 1), ("b: 1\na: \u{1}", 2),
    ])
  func `a syntax error names its line`(text: String, line: Int) throws {
    let problem = try problem(text)
    #expect(problem.code == "syntax" && problem.place.isEmpty)
    #expect(problem.line == line, "\(problem)")
  }

  @Test func `a byte-order mark stands at the start of a file only`() throws {
    #expect(try Document.parse("\u{FEFF}a: 1")[0].json == #"{"a":1}"#)
    for text in ["a: \u{FEFF}b", "a: b\u{FEFF}", #"{"a":"\uFEFFb"}"#, #"{"a":"b\ufeff"}"#] {
      #expect(try problem(text).message.contains("U+FEFF"), "\(text.debugDescription)")
    }
  }

  @Test func `keys that look the same are one key twice`() throws {
    #expect(try problem("{caf\u{E9}: 1, cafe\u{301}: 2}").message.contains("duplicate key"))
  }

  @Test func `aliases are written out, within limits`() throws {
    let document = try Document.parse("[&a [1, 2], *a]")[0]
    #expect(document.json == "[[1,2],[1,2]]")

    // Five values of its own, and three by each alias.
    let text = "[&a [1, 2], *a, *a, 3]"
    #expect(try Document.parse(text, maximumSize: 11).count == 1)
    let diagnostics = #expect(throws: Diagnostics.self) {
      try Document.parse(text, maximumSize: 10)
    }
    #expect(diagnostics?.all.map(\.code) == ["tooLarge"])
    #expect(diagnostics?.all.map(\.message) == ["The document has more than 10 values."])
  }

  @Test func `deep nesting is refused, not a crash`() throws {
    #expect(try Document.parse(nested(899))[0].json == nested(899))
    let problem = try problem(nested(900))
    #expect(problem.code == "tooLarge")
    #expect(problem.message == "The document is nested deeper than 900 levels.")
  }

  private func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
  }

  @Test func `what is written reads back, as YAML and as JSON`() throws {
    let texts = [
      "", " ", "a", "Oslo", "New York", "yes", "no", "true", "null", "~", "7", "-1.5", "1e3",
      "0x1F",
      "2024-01-01", "a: b", "- a", "#", "a #b", "*a", "&a", "!a", "|", ">", "%", "@", "`", "'",
      "\"",
      "\\", "\\ud83d", "😀", "caf\u{E9}", "cafe\u{301}", "line\nbreak", "\r\n", "\t", "\u{0}",
      "\u{7}",
      "\u{1B}", "\u{7F}", "\u{85}", "\u{A0}", "\u{2028}", "\u{FFFE}", "end ", " start",
      String(repeating: "long words ", count: 40),
    ]
    for text in texts {
      let document = Document.mapping([(text, .text(text))])
      #expect(
        try Document.parse(document.yaml).map(\.withoutLines) == [document],
        "\(text.debugDescription)")
      #expect(
        try Document.parse(document.json).map(\.withoutLines) == [document],
        "\(text.debugDescription)")
    }
    let scalars: [Document] =
      texts.map { .text($0) } + [
        Document(.null), Document(.scalar(.boolean(true))), Document(.scalar(.boolean(false))),
        Document(.scalar(.number("-12.50"))), .number(7),
      ]
    let document = Document.mapping([
      ("scalars", .list(scalars)),
      ("lists", .list([.list([]), .list(scalars), .list([.list([])])])),
      ("empty", Document(.mapping([]))),
      ("keys", .mapping(texts.filter { $0 != "cafe\u{301}" }.map { ($0, .number(1)) })),
      ("left out", nil),
    ])
    for text in [document.yaml, document.json] {
      #expect(try Document.parse(text).map(\.withoutLines) == [document], "\(text)")
    }
  }

  // MARK: Reading values

  @Test func `what stands in the wrong place is named`() {
    let reader = DocumentReader()
    let documents: [Document] = [
      Document(.null), .text("x"), .number(1), .boolean(true), .list([]), .mapping([]),
    ]
    for document in documents {
      _ = reader.mapping(document, at: "m", known: ["a", "b"])
      _ = reader.list(document, at: "l")
      _ = reader.scalar(document, at: "s")
      _ = reader.text(document, at: "t", expected: "a name")
      _ = reader.boolean(document, at: "b")
    }
    func messages(_ place: String) -> [String] {
      reader.diagnostics.filter { $0.place == place }.map(\.message)
    }
    #expect(
      messages("m").count == 5
        && messages("m")[4] == "A mapping with a, b is expected here, not a list.")
    #expect(
      messages("l").count == 5 && messages("l")[4] == "A list is expected here, not a mapping.")
    #expect(
      messages("s")
        == ["nothing", "a list", "a mapping"].map { "Expected is a plain value, not \($0)." })
    #expect(
      messages("t")
        == ["nothing", "a number", "a boolean", "a list", "a mapping"].map {
          "Expected is a name, not \($0)."
        })
    #expect(
      messages("b").count == 5 && messages("b")[1] == "true or false is expected here, not a text.")
    let hints = reader.diagnostics.filter { $0.place == "t" }.map { $0.hint != nil }
    #expect(hints == [false, true, true, false, false])
  }

  @Test func `words and whole numbers say what is possible`() throws {
    let reader = DocumentReader()
    #expect(reader.word(.text("sunday"), at: "w", as: Weekday.self) == .sunday)
    #expect(reader.wholeNumber(.number(5), at: "n", in: 1...5) == 5)
    #expect(reader.diagnostics.isEmpty)

    #expect(reader.word(.text("sunnday"), at: "w", as: Weekday.self) == nil)
    #expect(reader.word(.number(7), at: "w", as: Weekday.self) == nil)
    #expect(reader.wholeNumber(.number(6), at: "n", in: 1...5) == nil)
    #expect(reader.wholeNumber(.text("5"), at: "n", in: 1...5) == nil)
    #expect(reader.wholeNumber(Document(.scalar(.number("1.5"))), at: "n", in: 1...5) == nil)
    let found = reader.diagnostics
    #expect(found[0].hint == "Did you mean 'sunday'?")
    #expect(found[1].message.hasPrefix("Expected is one of monday, tuesday,"))
    #expect(found[2].message == "6 is outside of 1 to 5." && found[2].code == "outOfRange")
    #expect(found[3].message == "A whole number from 1 to 5 is expected here, not a text.")
    #expect(found.count == 5)
  }

  @Test func `problems are located where their place is, or around it`() throws {
    let document = try Document.parse(
      """
      segment: s
      rules:
        - match:
            all:
              - {attribute: A.B, is: empty}
              - attribute: A.B
                is: equalTo
                value: 7
      """)[0]
    let places = [
      ("", 1), ("segment", 1), ("rules[0].match.all[1].value", 8),
      ("rules[0].match.all[1].valu", 6),
      ("rules[0].match.all[7].value", 5), ("rules[0].name", 3), ("segment.deeper", 1),
      ("rules[x]", 3),
    ]
    let diagnostics = Diagnostics(places.map { Diagnostic(code: "c", place: $0.0, message: "") })
    #expect(diagnostics.located(in: document).all.map(\.line) == places.map(\.1))
    let known = Diagnostics([Diagnostic(code: "c", place: "segment", message: "", line: 77)])
    #expect(known.located(in: document).all[0].line == 77)
    #expect(diagnostics.located(in: .mapping([])).all.allSatisfy { $0.line == nil })
  }

  @Test func `a diagnostic is one line, and its hint another`() {
    let whole = Diagnostic(
      severity: .warning, code: "c", place: "rules[0]", message: "It is so.", hint: "Do this.",
      line: 3)
    #expect(whole.description == "warning: line 3: rules[0]: It is so. [c]\n  Do this.")
    #expect(
      Diagnostic(code: "c", place: "", message: "It is so.").description == "error: It is so. [c]")
  }

  @Test(arguments: ["1.", "1e", "1e+", "-", "1.e5", "1.5e-", "1x", "01", ""])
  func `what only begins as a number is none`(text: String) {
    #expect(!Document.isNumber(text))
  }

  @Test func `an alias is no key`() throws {
    for anchor in ["[1]", "{b: 1}"] {
      let error = #expect(throws: Diagnostics.self) {
        try Document.parse("a: &a \(anchor)\n*a : 2")
      }
      #expect(error?.description.contains("a key of a mapping must be a plain text") == true)
    }
  }

  @Test func `escapes are read to their end`() throws {
    #expect(try Document.parse("\"a\\\n  b\"")[0].value == .scalar(.text("ab")))
    for text in [#""\uD83G""#, #""\uD83D\uDE0G""#] {
      #expect(throws: Diagnostics.self) { try Document.parse(text) }
    }
  }

  @Test func `hidden characters show, and lines stay where there are lines`() {
    #expect("a\r\t\u{7}\nb".printable == #"a\r\t\u{7}\nb"#)
    #expect("a\u{1B}\nb".printableLines == "a\\u{1B}\nb")
    #expect("a\nb".printableLines == "a\nb")
    #expect("a\nb".escapingHidden == "a\nb")
    #expect("a\u{200B}\nb".escapingHidden == "a\\u200B\nb")
  }
}

extension Document {
  fileprivate var withoutLines: Document {
    switch value {
    case .null, .scalar: Document(value)
    case .list(let items): .list(items.map(\.withoutLines))
    case .mapping(let entries):
      Document(.mapping(entries.map { Entry(key: $0.key, value: $0.value.withoutLines) }))
    }
  }
}
