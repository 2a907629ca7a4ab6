extension String {
  /// The columns that a terminal needs to show the text.
  var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

  /// The text cut to a width, with `…` for what is left out.
  func truncated(to width: Int) -> String {
    guard displayWidth > width else { return self }
    var result = ""
    var used = 0
    for character in self {
      guard used + character.displayWidth < width else { break }
      used += character.displayWidth
      result.append(character)
    }
    return result + "…"
  }

  enum Alignment: Sendable { case left, right }

  func padded(to width: Int, _ alignment: Alignment = .left) -> String {
    let padding = String(repeating: " ", count: Swift.max(0, width - displayWidth))
    return alignment == .left ? self + padding : padding + self
  }
}

extension Character {
  var displayWidth: Int {
    // U+FE0F asks for the coloured, wide form of a character such as ☎.
    if unicodeScalars.contains("\u{FE0F}") { return 2 }
    return unicodeScalars.first { $0.displayWidth > 0 }?.displayWidth ?? 0
  }
}

extension Unicode.Scalar {
  fileprivate var displayWidth: Int {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    if properties.isEmojiPresentation { return 2 }
    return Self.wide.contains { $0 ~= value } ? 2 : 1
  }

  /// East Asian Width "wide" and "fullwidth" (Unicode 15, UAX #11), in whole blocks.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F,  // Hangul Jamo, leading consonants
    0x2E80...0x303E,  // CJK radicals and punctuation
    0x3041...0x33FF,  // Kana, Bopomofo, Hangul compatibility, CJK compatibility
    0x3400...0x4DBF,  // CJK extension A
    0x4E00...0x9FFF,  // CJK
    0xA000...0xA4CF,  // Yi
    0xA960...0xA97F,  // Hangul Jamo, extended A
    0xAC00...0xD7A3,  // Hangul
    0xF900...0xFAFF,  // CJK compatibility ideographs
    0xFE30...0xFE6F,  // CJK compatibility forms
    0xFF00...0xFF60,  // fullwidth forms
    0xFFE0...0xFFE6,
    0x16FE0...0x18CFF,  // Tangut
    0x1AFF0...0x1B2FF,  // Kana, extended
    0x20000...0x3FFFD,  // CJK extensions B and later
  ]
}
