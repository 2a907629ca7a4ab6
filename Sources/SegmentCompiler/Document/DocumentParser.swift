// libyaml, which Yams brings along: its events are read one by one, so that a text that is too large or
// too deep is refused before it takes memory. Yams itself first builds all of it, by recursion.
import CYaml

enum DocumentParser {
  /// - Throws: ``Diagnostics`` with the line of the first problem.
  static func documents(_ text: String, maximumSize: Int) throws -> [Document] {
    let count = text.utf8.count
    guard count <= Document.maximumBytes else {
      throw tooLarge(
        "The text has \(count) bytes; at most \(Document.maximumBytes) are read.", line: nil)
    }
    return try JSONEscapes.resolved(Array(text.utf8)).withUnsafeBufferPointer {
      try DocumentComposer($0, maximumSize: maximumSize).documents()
    }
  }
}

/// Composes the documents of a YAML text out of libyaml's events.
private final class DocumentComposer {
  /// It keeps its own address, so it must not move.
  private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
  private let bytes: UnsafeBufferPointer<UInt8>
  private let maximumSize: Int
  /// What anchors stand for, in this document.
  private var anchors: [String: Composed] = [:]
  private var open: [Collection] = []
  /// Values so far, aliases written out.
  private var size = 0

  /// A value that is complete, with all below it.
  private struct Composed {
    var document: Document
    var size: Int
    /// How deep it is itself: 1 for a scalar.
    var height: Int
  }

  /// A list or mapping whose end was not met yet.
  private struct Collection {
    var isMapping: Bool
    var line: Int
    var anchor: String?
    /// The count of values before it.
    var sizeBefore: Int
    var height = 1
    var items: [Document] = []
    var entries: [Document.Entry] = []
    /// Names that look the same are the same.
    var keys: Set<String> = []
    var key: String?
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, maximumSize: Int) {
    self.bytes = bytes
    self.maximumSize = maximumSize
    parser.initialize(to: yaml_parser_t())
    guard yaml_parser_initialize(parser) == 1 else { fatalError("out of memory") }
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  // MARK: Events

  func documents() throws -> [Document] {
    var documents: [Document] = []
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
      defer { yaml_event_delete(&event) }
      let line = event.start_mark.line + 1
      switch event.type {
      case YAML_STREAM_END_EVENT: return documents
      case YAML_DOCUMENT_START_EVENT: anchors = [:]
      case YAML_ALIAS_EVENT:
        let name = Self.text(event.data.alias.anchor) ?? ""
        guard let value = anchors[name] else {
          throw syntax("the alias *\(name) has no anchor before it", line: line)
        }
        size += value.size
        try add(value, line: line, to: &documents)
      case YAML_SCALAR_EVENT:
        try refuse(tag: event.data.scalar.tag, line: line)
        let scalar = event.data.scalar
        let text = String(
          decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        // By an escape: as itself it was refused before.
        guard !text.unicodeScalars.contains("\u{FEFF}") else { throw markInside(line) }
        let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
        size += 1
        let value = Composed(
          document: Document(isPlain ? Document.resolve(text) : .scalar(.text(text)), line: line),
          size: 1, height: 1)
        if let anchor = Self.text(scalar.anchor) { anchors[anchor] = value }
        try add(value, key: text, line: line, to: &documents)
      case YAML_SEQUENCE_START_EVENT:
        let start = event.data.sequence_start
        try begin(isMapping: false, anchor: start.anchor, tag: start.tag, line: line)
      case YAML_MAPPING_START_EVENT:
        let start = event.data.mapping_start
        try begin(isMapping: true, anchor: start.anchor, tag: start.tag, line: line)
      case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: try end(to: &documents)
      default: break
      }
    }
  }

  private func begin(
    isMapping: Bool, anchor: UnsafePointer<UInt8>?, tag: UnsafePointer<UInt8>?, line: Int
  ) throws {
    try refuse(tag: tag, line: line)
    if let last = open.last, last.isMapping, last.key == nil { throw keyIsNoText(line) }
    guard open.count < Document.maximumDepth else { throw tooDeep(line) }
    open.append(
      Collection(isMapping: isMapping, line: line, anchor: Self.text(anchor), sizeBefore: size))
    size += 1
  }

  private func end(to documents: inout [Document]) throws {
    let closed = open.removeLast()
    let value = Composed(
      document: Document(
        closed.isMapping ? .mapping(closed.entries) : .list(closed.items), line: closed.line),
      size: size - closed.sizeBefore, height: closed.height)
    if let anchor = closed.anchor { anchors[anchor] = value }
    try add(value, line: closed.line, to: &documents)
  }

  /// Puts a value where it stands.
  ///
  /// - Parameter key: what it is where a key is expected; nil where it cannot be one.
  private func add(
    _ value: Composed, key: String? = nil, line: Int, to documents: inout [Document]
  ) throws {
    guard size <= maximumSize else {
      throw tooLarge("The document has more than \(maximumSize) values.", line: line)
    }
    guard open.count + value.height <= Document.maximumDepth else { throw tooDeep(line) }
    guard var last = open.popLast() else {
      guard documents.count < Document.maximumDocuments else {
        throw tooLarge(
          "The text has more than \(Document.maximumDocuments) documents.", line: line)
      }
      documents.append(value.document)
      return
    }
    if !last.isMapping {
      last.items.append(value.document)
    } else if let key = last.key {
      last.entries.append(Document.Entry(key: key, value: value.document))
      last.key = nil
    } else {
      guard let key else { throw keyIsNoText(line) }
      guard last.keys.insert(key).inserted else {
        throw syntax("duplicate key \(key)", line: line)
      }
      size -= 1
      last.key = key
    }
    last.height = max(last.height, value.height + 1)
    open.append(last)
  }

  private func refuse(tag: UnsafePointer<UInt8>?, line: Int) throws {
    guard let tag = Self.text(tag) else { return }
    throw Diagnostics([
      Diagnostic(
        code: "tag", place: "", message: "The tag '\(tag)' has no meaning here.",
        hint: "Leave it out; a text that looks like something else is written in quotes.",
        line: line)
    ])
  }

  private static func text(_ bytes: UnsafePointer<UInt8>?) -> String? {
    bytes.map { String(cString: $0) }
  }

  // MARK: Problems

  private func syntaxError() -> Diagnostics {
    let found = parser.pointee
    guard found.error != YAML_MEMORY_ERROR else { fatalError("out of memory") }
    let problem = found.problem.map { String(cString: $0) } ?? "it cannot be read"
    // libyaml's own limit is met while it looks ahead.
    if problem.hasPrefix("Maximum nesting level") { return tooDeep(found.problem_mark.line + 1) }
    guard found.error == YAML_READER_ERROR else {
      return syntax(problem, line: found.problem_mark.line + 1)
    }
    let before = bytes.prefix(found.problem_offset)
    return syntax(problem, line: before.count { $0 == UInt8(ascii: "\n") } + 1)
  }

  private func syntax(_ problem: String, line: Int) -> Diagnostics {
    Diagnostics([
      Diagnostic(
        code: "syntax", place: "", message: "This is neither YAML nor JSON: \(problem).",
        line: line)
    ])
  }

  private func keyIsNoText(_ line: Int) -> Diagnostics {
    syntax("a key of a mapping must be a plain text", line: line)
  }

  private func tooDeep(_ line: Int) -> Diagnostics {
    tooLarge(
      "The document is nested deeper than \(Document.maximumDepth) levels.", line: line)
  }

}

private func tooLarge(_ message: String, line: Int?) -> Diagnostics {
  Diagnostics([Diagnostic(code: "tooLarge", place: "", message: message, line: line)])
}

/// It would be dropped at the start of a line, and nobody sees it.
private func markInside(_ line: Int) -> Diagnostics {
  Diagnostics([
    Diagnostic(
      code: "syntax", place: "",
      message: "The character U+FEFF (a byte-order mark) stands at the start of a file only.",
      line: line)
  ])
}

enum JSONEscapes {
  /// The text with what JSON escapes and YAML does not know: characters beyond U+FFFF are two escapes in JSON.
  /// A half of such a pair stays and is an error of syntax.
  ///
  /// - Throws: ``Diagnostics`` where there is a byte-order mark within the text.
  static func resolved(_ bytes: [UInt8]) throws -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var line = 1
    var index = 0
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\\"):
        if let scalar = pair(bytes, at: index) {
          result += Array(String(Character(scalar)).utf8)
          index += 12
          continue
        }
        // What follows is part of the escape: of `\\u` no escape begins at the second backslash.
        if index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: "\n") {
          result.append(bytes[index])
          index += 1
        }
      case 0xEF where index > 0 && bytes[index...].starts(with: [0xEF, 0xBB, 0xBF]):
        throw markInside(line)
      case UInt8(ascii: "\n"): line += 1
      default: break
      }
      result.append(bytes[index])
      index += 1
    }
    return result
  }

  /// The character of `\uD83D\uDE00`, if that stands at `index`.
  private static func pair(_ bytes: [UInt8], at index: Int) -> Unicode.Scalar? {
    guard let high = unit(bytes, at: index), (0xD800...0xDBFF).contains(high),
      let low = unit(bytes, at: index + 6), (0xDC00...0xDFFF).contains(low)
    else { return nil }
    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
  }

  /// The number of `\uD83D`, if such an escape stands at `index`.
  private static func unit(_ bytes: [UInt8], at index: Int) -> UInt32? {
    guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    return bytes[index + 2..<index + 6].reduce(0 as UInt32?) { value, byte in
      guard let value, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      return value << 4 + UInt32(digit)
    }
  }
}
