import Yams

/// A parsed YAML or JSON document: plain values that remember their line.
///
/// Scalars follow YAML's core schema: unquoted `true`, `false`, `null` and numbers are what they look
/// like (`yes`, `on` and `0x1F` are texts), everything else is text.
public struct Document: Sendable, Equatable {
  public indirect enum Value: Sendable, Equatable {
    case null
    case scalar(Scalar)
    case list([Document])
    case mapping([Entry])
  }

  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: Document
  }

  public var value: Value
  /// Counted from 1; nil where it was not parsed.
  public var line: Int?

  public init(_ value: Value, line: Int? = nil) {
    self.value = value
    self.line = line
  }

  /// What kind of value this is, for messages.
  public var kind: String {
    switch value {
    case .null: "nothing"
    case .scalar(.text): "a text"
    case .scalar(.number): "a number"
    case .scalar(.boolean): "a boolean"
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}

extension Document {
  /// The most values a document may have, aliases written out.
  static let maximumSize = 4_000_000
  /// The deepest nesting of lists and mappings.
  static let maximumDepth = 900

  /// Parses one or several documents (`---` between them), in YAML or JSON.
  ///
  /// - Throws: ``Diagnostics`` with the line of the first syntax error.
  public static func parse(_ text: String) throws -> [Document] {
    try parse(text, maximumSize: maximumSize)
  }

  static func parse(_ text: String, maximumSize: Int) throws -> [Document] {
    try refuseMarks(text)
    do {
      let parser = try Parser(yaml: joiningSurrogates(text), resolver: .basic)
      var documents: [Document] = []
      while let root = try parser.nextRoot() {
        var budget = Budget(maximum: maximumSize)
        documents.append(try Document(node: root, depth: 0, budget: &budget))
      }
      return documents
    } catch let error as YamlError {
      throw Diagnostics([diagnostic(of: error)])
    }
  }

  private static func diagnostic(of error: YamlError) -> Diagnostic {
    let (line, problem): (Int?, String) =
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        (mark.line, problem)
      case .duplicatedKeysInMapping(let duplicates, let context):
        (
          context.mark.line,
          "duplicate key " + duplicates.joined(separator: ", ")
        )
      default: (nil, "\(error)")
      }
    return Diagnostic(
      code: "syntax", place: "", message: "This is neither YAML nor JSON: \(problem).", line: line)
  }

  /// How many values a document may have, and has.
  private struct Budget {
    let maximum: Int
    var spent = 0
  }

  private init(node: Node, depth: Int, budget: inout Budget) throws {
    let line = node.mark?.line
    budget.spent += 1
    guard budget.spent <= budget.maximum else {
      throw Document.tooLarge("has more than \(budget.maximum) values", line: line)
    }
    guard depth < Document.maximumDepth else {
      throw Document.tooLarge("is nested deeper than \(Document.maximumDepth) levels", line: line)
    }
    switch node {
    case .scalar(let scalar):
      self.init(Document.resolve(scalar), line: line)
    case .sequence(let sequence):
      var items: [Document] = []
      items.reserveCapacity(sequence.count)
      for item in sequence {
        items.append(try Document(node: item, depth: depth + 1, budget: &budget))
      }
      self.init(.list(items), line: line)
    case .mapping(let mapping):
      var entries: [Entry] = []
      var keys: Set<Text> = []
      for (key, value) in mapping {
        guard case .scalar(let name) = key, keys.insert(Text(name.string)).inserted else {
          throw Diagnostics([
            Diagnostic(
              code: "syntax", place: "",
              message: "A mapping has a key that is no text or stands in it twice.",
              line: key.mark?.line)
          ])
        }
        entries.append(
          Entry(
            key: name.string,
            value: try Document(node: value, depth: depth + 1, budget: &budget)))
      }
      self.init(.mapping(entries), line: line)
    case .alias:
      throw Diagnostics([
        Diagnostic(code: "syntax", place: "", message: "An alias has no anchor.", line: line)
      ])
    }
  }

  private static func tooLarge(_ problem: String, line: Int?) -> Diagnostics {
    Diagnostics([
      Diagnostic(code: "tooLarge", place: "", message: "The document \(problem).", line: line)
    ])
  }

  private static func resolve(_ scalar: Node.Scalar) -> Value {
    guard scalar.style == .plain else { return .scalar(.text(scalar.string)) }
    switch scalar.string {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .scalar(.boolean(true))
    case "false", "False", "FALSE": return .scalar(.boolean(false))
    case let text: return .scalar(isNumber(text) ? .number(text) : .text(text))
    }
  }

  /// Whether a plain scalar is a number: `-12`, `3.50`, `1e6`; not `007`, `.5` or `0x1F`.
  static func isNumber(_ text: String) -> Bool {
    text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
  }

  /// The parser drops a byte-order mark at the start of any text, which would then be another text.
  private static func refuseMarks(_ text: String) throws {
    let isWritten = text.unicodeScalars.dropFirst().contains("\u{FEFF}")
    let isEscaped = text.utf8.contains(UInt8(ascii: "\\")) && text.contains(/\\u[fF][eE][fF]{2}/)
    guard isWritten || isEscaped else { return }
    throw Diagnostics([
      Diagnostic(
        code: "syntax", place: "",
        message: "The character U+FEFF (a byte-order mark) stands at the start of a file only.")
    ])
  }

  /// JSON writes characters beyond U+FFFF as two escapes, which YAML does not know.
  private static func joiningSurrogates(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
    return text.replacing(
      /(?<slashes>(?:^|[^\\])(?:\\\\)*)\\u(?<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?<low>[dD][c-fC-F][0-9a-fA-F]{2})/
    ) { match in
      let high = UInt32(match.high, radix: 16)! - 0xD800
      let low = UInt32(match.low, radix: 16)! - 0xDC00
      let scalar = Unicode.Scalar(0x10000 + high << 10 + low)!
      return match.slashes + String(Character(scalar))
    }
  }
}
