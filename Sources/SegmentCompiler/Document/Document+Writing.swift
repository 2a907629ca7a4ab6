import Yams

extension Document {
  /// YAML that ``parse(_:)`` reads back to the same values.
  public var yaml: String {
    // Serialising plain nodes fails only for lack of memory.
    (try? Yams.serialize(node: node, width: -1, allowUnicode: true)) ?? json
  }

  private var node: Node {
    switch value {
    case .null: return Node("null", .implicit, .plain)
    case .scalar(.boolean(let value)): return Node(value ? "true" : "false", .implicit, .plain)
    case .scalar(.number(let text)): return Node(text, .implicit, .plain)
    case .scalar(.text(let text)):
      return Node(text, .implicit, Document.isPlain(text) ? .any : .doubleQuoted)
    case .list(let items):
      // A long list has a line for each of its values: what changes is a line of a diff.
      let flow = items.allSatisfy(\.isScalar) && items.count <= 10
      return Node(items.map(\.node), .implicit, flow ? .flow : .block)
    case .mapping(let entries):
      return Node(
        entries.map { (Document.text($0.key).node, $0.value.node) }, .implicit, .block)
    }
  }

  private var isScalar: Bool {
    if case .scalar = value { true } else { false }
  }

  /// Whether no reader of YAML 1.1 or 1.2 takes the text for anything but this text.
  private static func isPlain(_ text: String) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    func isPartOfWord(_ byte: UInt8) -> Bool {
      isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "_")
    }
    // A list may have millions of texts: bytes are many times faster here than a regular expression.
    let bytes = text.utf8
    guard let first = bytes.first, let last = bytes.last, isLetter(first), isPartOfWord(last),
      bytes.allSatisfy({ isPartOfWord($0) || ". -".utf8.contains($0) })
    else { return false }
    return bytes.count > 5
      || !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
  }

  /// Compact JSON.
  public var json: String {
    var text = ""
    writeJSON(to: &text)
    return text
  }

  private func writeJSON(to text: inout String) {
    switch value {
    case .null: text += "null"
    case .scalar(.boolean(let value)): text += value ? "true" : "false"
    case .scalar(.number(let number)): text += number
    case .scalar(.text(let string)): text += Document.quotedJSON(string)
    case .list(let items):
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += "," }
        item.writeJSON(to: &text)
      }
      text += "]"
    case .mapping(let entries):
      text += "{"
      for (index, entry) in entries.enumerated() {
        if index > 0 { text += "," }
        text += Document.quotedJSON(entry.key) + ":"
        entry.value.writeJSON(to: &text)
      }
      text += "}"
    }
  }

  /// Code points that one of the two formats does not read as they are, or that nobody sees.
  private static let unreadable: [ClosedRange<UInt32>] = [
    0x00...0x1F, 0x7F...0x9F, 0x2028...0x2029, 0xFEFF...0xFEFF, 0xFFFE...0xFFFF,
  ]

  /// A JSON string literal that is also a YAML one.
  public static func quotedJSON(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where unreadable.contains { $0.contains(scalar.value) }:
        let hex = String(scalar.value, radix: 16, uppercase: true)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
