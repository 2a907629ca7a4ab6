import SegmentCompiler

/// One value of a result.
public enum DuckDBValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case double(Double)
  /// An exact decimal or a whole number beyond 64 bits, such as `-12.50`.
  case decimal(String)
  case text(Text)
  /// Days since 1970-01-01.
  case date(Int32)
  /// Microseconds since 1970-01-01T00:00:00Z.
  case instant(Int64)
  case list([DuckDBValue])
  case blob([UInt8])

  public static func text(_ string: String) -> DuckDBValue { .text(Text(string)) }
}

extension DuckDBValue {
  public var isNull: Bool { self == .null }

  public var integer: Int64? {
    if case .integer(let value) = self { value } else { nil }
  }

  public var boolean: Bool? {
    if case .boolean(let value) = self { value } else { nil }
  }

  public var double: Double? {
    if case .double(let value) = self { value } else { nil }
  }

  public var text: Text? {
    if case .text(let value) = self { value } else { nil }
  }

  /// The text as a Swift string, for names and messages; never for comparing data.
  public var string: String? { text?.string }
}

/// The text of an exact decimal: the unscaled value with its point set, such as 5 and 2 → `0.05`.
func decimalText(_ unscaled: Int128, scale: Int) -> String {
  guard scale > 0 else { return String(unscaled) }
  let digits = String(unscaled.magnitude)
  let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
  let point = padded.index(padded.endIndex, offsetBy: -scale)
  return (unscaled < 0 ? "-" : "") + padded[..<point] + "." + padded[point...]
}
