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

    public init(key: String, value: Document) {
      self.key = key
      self.value = value
    }
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
  /// The most bytes of a text.
  public static let maximumBytes = 64 << 20
  /// The most values in a text, aliases written out.
  public static let maximumSize = 4_000_000
  /// The most documents in a text.
  public static let maximumDocuments = 10_000
  /// The deepest nesting of lists and mappings. libyaml stops at 1,000.
  public static let maximumDepth = 900

  /// Parses one or several documents (`---` between them), in YAML or JSON.
  ///
  /// Anchors and aliases stand for what they name; tags are refused.
  ///
  /// - Throws: ``Diagnostics`` with the line of the first syntax error, or of what is too large.
  public static func parse(_ text: String) throws -> [Document] {
    try parse(text, maximumSize: maximumSize)
  }

  static func parse(_ text: String, maximumSize: Int) throws -> [Document] {
    try DocumentParser.documents(text, maximumSize: maximumSize)
  }

  static func resolve(_ plain: String) -> Value {
    switch plain {
    case "", "~", "null", "Null", "NULL": .null
    case "true", "True", "TRUE": .scalar(.boolean(true))
    case "false", "False", "FALSE": .scalar(.boolean(false))
    default: .scalar(isNumber(plain) ? .number(plain) : .text(plain))
    }
  }

  /// Whether a plain scalar is a number: `-12`, `3.50`, `1e6`; not `007`, `.5` or `0x1F`.
  static func isNumber(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var index = 0
    func at(_ characters: String) -> Bool {
      index < bytes.count && characters.utf8.contains(bytes[index])
    }
    func digits() -> Int {
      let start = index
      while at("0123456789") { index += 1 }
      return index - start
    }
    if at("-") { index += 1 }
    let startsWithZero = at("0")
    let whole = digits()
    guard whole == 1 || whole > 1 && !startsWithZero else { return false }
    if at(".") {
      index += 1
      guard digits() > 0 else { return false }
    }
    if at("eE") {
      index += 1
      if at("+-") { index += 1 }
      guard digits() > 0 else { return false }
    }
    return index == bytes.count
  }
}
