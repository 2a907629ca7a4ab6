import Foundation
import SegmentCompiler

/// A document as a value of JSON.
struct DocumentBody: Encodable {
  var document: Document

  func encode(to encoder: any Encoder) throws {
    switch document.value {
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .scalar(let scalar):
      var container = encoder.singleValueContainer()
      switch scalar {
      case .text(let text): try container.encode(text)
      case .boolean(let flag): try container.encode(flag)
      case .number(let text):
        // Exactly as it is written, up to 38 digits.
        try container.encode(Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")))
      }
    case .list(let items): try items.map(DocumentBody.init).encode(to: encoder)
    case .mapping(let entries):
      var container = encoder.container(keyedBy: AnyKey.self)
      for entry in entries {
        try container.encode(
          DocumentBody(document: entry.value), forKey: AnyKey(stringValue: entry.key))
      }
    }
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
