extension Document {
  /// Reads JSON, many times faster than ``parse(_:)`` does, and to the same values; nil for anything that is not JSON
  /// or that needs a closer look there. Lines are not known.
  public init?(json: String) {
    var json = json
    let document = json.withUTF8 { bytes -> Document? in
      var parser = JSONParser(bytes: bytes)
      return parser.document()
    }
    guard let document else { return nil }
    self = document
  }
}

/// A parser of RFC 8259 over UTF-8.
private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  mutating func document() -> Document? {
    guard let value = value(depth: 0) else { return nil }
    skipBlanks()
    return position == bytes.count ? value : nil
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func value(depth: Int) -> Document? {
    guard depth < Document.maximumDepth else { return nil }
    skipBlanks()
    switch next {
    case UInt8(ascii: "{"): return mapping(depth: depth)
    case UInt8(ascii: "["): return list(depth: depth)
    case UInt8(ascii: "\""): return string().map { Document(.scalar(.text($0))) }
    case UInt8(ascii: "t"): return word("true") ? Document(.scalar(.boolean(true))) : nil
    case UInt8(ascii: "f"): return word("false") ? Document(.scalar(.boolean(false))) : nil
    case UInt8(ascii: "n"): return word("null") ? Document(.null) : nil
    default: return number().map { Document(.scalar(.number($0))) }
    }
  }

  private mutating func mapping(depth: Int) -> Document? {
    position += 1
    var entries: [Document.Entry] = []
    var keys: Set<String> = []
    guard !take("}") else { return Document(.mapping([])) }
    repeat {
      skipBlanks()
      guard let key = string(), keys.insert(key).inserted, take(":"),
        let value = value(depth: depth + 1)
      else { return nil }
      entries.append(Document.Entry(key: key, value: value))
    } while take(",")
    return take("}") ? Document(.mapping(entries)) : nil
  }

  private mutating func list(depth: Int) -> Document? {
    position += 1
    var items: [Document] = []
    guard !take("]") else { return Document(.list([])) }
    repeat {
      guard let item = value(depth: depth + 1) else { return nil }
      items.append(item)
    } while take(",")
    return take("]") ? Document(.list(items)) : nil
  }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ sign: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next == UInt8(ascii: sign) else { return false }
    position += 1
    return true
  }

  private mutating func word(_ word: StaticString) -> Bool {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count else { return false }
    for offset in 0..<word.utf8CodeUnitCount
    where bytes[position + offset] != word.utf8Start[offset] {
      return false
    }
    position = end
    return true
  }

  private mutating func number() -> String? {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let whole = position
    guard digits() else { return nil }
    if bytes[whole] == UInt8(ascii: "0"), position > whole + 1 { return nil }
    if next == UInt8(ascii: ".") {
      position += 1
      guard digits() else { return nil }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") { position += 1 }
      guard digits() else { return nil }
    }
    return text(start..<position)
  }

  private mutating func digits() -> Bool {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position > start
  }

  private mutating func string() -> String? {
    guard next == UInt8(ascii: "\"") else { return nil }
    position += 1
    let start = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return text(start..<position - 1)
      case UInt8(ascii: "\\"): return escaped(from: start)
      case 0..<0x20: return nil
      default: position += 1
      }
    }
    return nil
  }

  /// A string with escapes, of which the first stands at the current position.
  private mutating func escaped(from start: Int) -> String? {
    var result = text(start..<position)
    var plain = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return result + text(plain..<position - 1)
      case UInt8(ascii: "\\"):
        result += text(plain..<position)
        guard let scalar = escape() else { return nil }
        result.unicodeScalars.append(scalar)
        plain = position
      case 0..<0x20: return nil
      default: position += 1
      }
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    position += 1
    guard let byte = next else { return nil }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      guard let unit = codeUnit() else { return nil }
      guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) }
      guard word("\\u"), let trail = codeUnit(), UTF16.isTrailSurrogate(trail) else { return nil }
      let (high, low) = (UInt32(unit) - 0xD800, UInt32(trail) - 0xDC00)
      return Unicode.Scalar(0x10000 + high << 10 + low)
    default: return nil
    }
  }

  private mutating func codeUnit() -> UInt16? {
    guard position + 4 <= bytes.count else { return nil }
    let unit = UInt16(text(position..<position + 4), radix: 16)
    // A sign is no digit.
    guard let unit, bytes[position] != UInt8(ascii: "+") else { return nil }
    position += 4
    return unit
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
  }
}
