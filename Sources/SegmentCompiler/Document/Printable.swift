extension String {
  /// The text for one line of a message or a table: whatever could command a terminal, break the line, reorder
  /// the text around it or hide in it is written as an escape (`\n`, `\u{1B}`, `\u{202E}`).
  public var printable: String {
    guard unicodeScalars.contains(where: \.isHidden) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if scalar.isHidden { text += scalar.visible } else { text.unicodeScalars.append(scalar) }
    }
  }

  /// The text for a terminal: as ``printable``, but lines stay.
  public var printableLines: String {
    guard unicodeScalars.contains(where: { $0.isHidden && $0 != "\n" }) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if scalar.isHidden, scalar != "\n" {
        text += scalar.visible
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }

  /// JSON, or YAML whose texts stand in double quotes, with escapes for hidden characters: the same document.
  public var escapingHidden: String {
    guard unicodeScalars.contains(where: { $0.isHidden && $0 != "\n" }) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      guard scalar.isHidden, scalar != "\n" else {
        text.unicodeScalars.append(scalar)
        return
      }
      let hex = String(scalar.value, radix: 16, uppercase: true)
      text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
  }

  /// Its beginning and end where it is longer than `most` characters, with `…` for what is left out.
  public func excerpt(_ most: Int) -> String {
    guard utf8.count > most, unicodeScalars.count > most else { return self }
    var scalars = unicodeScalars.prefix(most - most / 3)
    scalars.append("…")
    scalars += unicodeScalars.suffix(most / 3)
    return String(scalars)
  }
}

extension Unicode.Scalar {
  /// Whether it commands a terminal, breaks lines, reorders the text around it, or shows nothing where
  /// nothing would be missed. The joiners of emoji and of Arabic and Indic scripts show.
  public var isHidden: Bool {
    if (0x20...0x7E).contains(value) { return false }
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: return true
    case .format:
      let hidden: [ClosedRange<UInt32>] = [
        0x061C...0x061C, 0x180E...0x180E, 0x200B...0x200B, 0x200E...0x200F, 0x202A...0x202E,
        0x2060...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB,
      ]
      return hidden.contains { $0 ~= value }
    default: return false
    }
  }

  fileprivate var visible: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16, uppercase: true))}"
    }
  }
}
