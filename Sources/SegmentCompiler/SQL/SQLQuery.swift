/// An SQL text with its bound values; the only way SQL is made.
///
/// Interpolation binds values and quotes identifiers:
/// ```swift
/// let query: SQLQuery = "SELECT \(identifier: "City") FROM t WHERE n > \(bind: .integer(5))"
/// // SELECT "City" FROM t WHERE n > ?      values: [5]
/// ```
public struct SQLQuery: Sendable, Hashable, ExpressibleByStringInterpolation {
  /// SQL with one `?` per value, in order.
  public private(set) var text: String
  public private(set) var values: [SQLValue]

  public init(stringLiteral value: String) {
    text = value
    values = []
  }

  public init(stringInterpolation: Interpolation) {
    text = stringInterpolation.text
    values = stringInterpolation.values
  }

  public static func += (left: inout SQLQuery, right: SQLQuery) {
    left.text += right.text
    left.values += right.values
  }

  /// The one function that quotes an identifier.
  public static func quote(identifier: String) -> String {
    "\"" + identifier.replacing("\"", with: "\"\"") + "\""
  }

  public struct Interpolation: StringInterpolationProtocol {
    var text = ""
    var values: [SQLValue] = []

    public init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    public mutating func appendLiteral(_ literal: String) { text += literal }

    /// Splices another query.
    public mutating func appendInterpolation(_ query: SQLQuery) {
      text += query.text
      values += query.values
    }

    /// A table or column name, quoted.
    public mutating func appendInterpolation(identifier: String) {
      text += SQLQuery.quote(identifier: identifier)
    }

    /// A value, bound.
    public mutating func appendInterpolation(bind value: SQLValue) {
      text += "?"
      values.append(value)
    }

    /// A whole number that is part of the statement's shape, such as a bucket count or a limit.
    public mutating func appendInterpolation(number: Int) { text += String(number) }
  }
}

extension Sequence where Element == SQLQuery {
  /// The queries one after another with a separator between them.
  public func joined(_ separator: SQLQuery) -> SQLQuery {
    var result: SQLQuery = ""
    for (index, part) in enumerated() {
      if index > 0 { result += separator }
      result += part
    }
    return result
  }
}

/// A value bound to a statement.
public enum SQLValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case double(Double)
  /// Bound byte for byte as UTF-8.
  case text(Text)
  /// A binary string.
  case blob([UInt8])
  /// Days since 1970-01-01.
  case date(Int32)
  /// Microseconds since 1970-01-01T00:00:00Z, as a TIMESTAMP without zone in UTC.
  case instant(Int64)
  /// An exact decimal as text, such as `-12.50`; the statement casts it.
  case decimal(String)

  public static func text(_ string: String) -> SQLValue { .text(Text(string)) }
}

extension SQLValue: CustomStringConvertible {
  /// As people read it.
  public var description: String {
    switch self {
    case .null: "missing"
    case .boolean(let value): String(value)
    case .integer(let number): String(number)
    case .double(let number): String(number)
    case .text(let text): "'\(text)'"
    case .blob(let bytes): "\(bytes.count) bytes"
    case .date(let days): CivilDate(days: Int(days)).description
    case .instant(let microseconds): Instant(microseconds: microseconds).description
    case .decimal(let digits): digits
    }
  }
}

/// Text that is equal only where its UTF-8 bytes are: never by canonical equivalence.
public struct Text: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let utf8: [UInt8]

  public init(_ string: String) { utf8 = Array(string.utf8) }
  public init(utf8: [UInt8]) { self.utf8 = utf8 }

  public var string: String { String(decoding: utf8, as: UTF8.self) }
  public var description: String { string }

  public static func < (left: Text, right: Text) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}

extension ProfileKey {
  /// For binding it to a statement.
  public var value: SQLValue {
    switch self {
    case .integer(let number): .integer(number)
    case .text(let text): .text(text)
    }
  }
}
