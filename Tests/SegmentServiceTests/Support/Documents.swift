import Foundation
@testable import SegmentCompiler

/// Reading test files: a document as a tree of optional values.
extension Document {
  static func file(_ url: URL) throws -> Document {
    try Document.parse(String(contentsOf: url, encoding: .utf8))[0]
  }

  subscript(key: String) -> Document? {
    guard case .mapping(let entries) = value else { return nil }
    return entries.first { Text($0.key) == Text(key) }?.value
  }

  var entries: [Entry] {
    if case .mapping(let entries) = value { entries } else { [] }
  }

  var items: [Document] {
    if case .list(let items) = value { items } else { [] }
  }

  /// A scalar as text.
  var plain: String? {
    switch value {
    case .scalar(.text(let text)), .scalar(.number(let text)): text
    case .scalar(.boolean(let value)): value ? "true" : "false"
    case .null, .list, .mapping: nil
    }
  }

  func setting(_ key: String, to value: Document) -> Document {
    Document(.mapping(entries.filter { $0.key != key } + [Entry(key: key, value: value)]))
  }

  /// Values in one spelling, so that equal ones compare equal: numbers as exact decimals.
  var canonical: Canonical {
    switch value {
    case .null: .missing
    case .list(let items): .list(items.map(\.canonical))
    case .mapping: .missing
    case .scalar:
      plain.map { text in
        let time = text.hasSuffix("Z") ? Instant(text)?.description : nil
        return .value(ExactNumber(text)?.description ?? time ?? text)
      } ?? .missing
    }
  }

  enum Canonical: Equatable, CustomStringConvertible {
    case missing
    case value(String)
    case list([Canonical])

    var description: String {
      switch self {
      case .missing: "missing"
      case .value(let text): text
      case .list(let items): "\(items)"
      }
    }

    static func == (left: Canonical, right: Canonical) -> Bool {
      switch (left, right) {
      case (.missing, .missing): true
      case (.value(let a), .value(let b)): Text(a) == Text(b)
      case (.list(let a), .list(let b)): a == b
      default: false
      }
    }
  }
}
