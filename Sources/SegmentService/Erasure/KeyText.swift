import SegmentCompiler
import SegmentStore

/// Keys as texts, so that one is found again after its column has become of another type.
///
/// A whole number is found as a text that reads as it (`007`), and a text that reads as a whole number is found as
/// that number; two texts are never taken for each other.
struct KeyText {
  enum Form: String, CaseIterable {
    case text = "t"
    case integer = "i"
    /// Of any other type; found by the same type only.
    case other = "o"
  }

  let form: Form

  /// - Parameter type: DuckDB's name of the column's type.
  init(type: String) {
    switch type {
    case "VARCHAR": form = .text
    case "BIGINT": form = .integer
    default: form = .other
    }
  }

  /// The text of a column's value.
  func text(_ column: SQLQuery) -> SQLQuery {
    form == .text ? column : "CAST(\(column) AS VARCHAR)"
  }

  /// Whether a column's value is among `keys`, a relation with `form` and `value`.
  ///
  /// - Parameter forms: those that the keys have.
  func isAmong(_ keys: SQLQuery, _ column: SQLQuery, forms: Set<Form>) -> SQLQuery {
    let choices = Form.allCases.filter(forms.contains).compactMap { known -> SQLQuery? in
      let values = { (value: SQLQuery) -> SQLQuery in
        "(SELECT \(value) FROM \(keys) WHERE form = \(bind: .text(known.rawValue)))"
      }
      switch (form, known) {
      case (.text, .text): return "\(column) IN \(values("value"))"
      case (.text, .integer):
        return "\(KeyText.number(column)) IN \(values("CAST(value AS BIGINT)"))"
      case (.integer, .integer): return "\(column) IN \(values("CAST(value AS BIGINT)"))"
      case (.integer, .text): return "\(column) IN \(values(KeyText.number("value")))"
      case (.other, .other): return "\(text(column)) IN \(values("value"))"
      case (.other, _), (_, .other): return nil
      }
    }
    return choices.isEmpty ? "false" : "(\(choices.joined(" OR ")))"
  }

  /// The whole number that a text reads as, missing where it is none.
  private static func number(_ text: SQLQuery) -> SQLQuery {
    """
    CASE WHEN regexp_full_match(trim(\(text)), '[-+]?[0-9]{1,30}')
      THEN TRY_CAST(trim(\(text)) AS BIGINT) END
    """
  }

  // MARK: Hashes

  // What is hashed is marked by how it will be looked for: `t` a text as it is, `i` a whole number in a column of
  // such, `n` a whole number as a text.

  /// Whether the hash of a column's value is in `hashes`, a relation of one column.
  func isHashed(in hashes: SQLQuery, _ column: SQLQuery, secret: String) -> SQLQuery {
    let found = { (mark: String, text: SQLQuery) -> SQLQuery in
      "\(KeyText.hash(mark, text, secret)) IN (FROM \(hashes))"
    }
    switch form {
    case .other: return found("o", text(column))
    case .integer: return found("i", text(column))
    case .text:
      let number: SQLQuery = "CAST(\(KeyText.number(column)) AS VARCHAR)"
      return "(\(found("t", column)) OR coalesce(\(found("n", number)), false))"
    }
  }

  /// The hashes of all `keys`, a relation with `set`, `form` and `value`: `set` and `hash`, a key once or twice.
  static func hashes(of keys: SQLQuery, secret: String) -> SQLQuery {
    let number: SQLQuery = "CAST(\(number("value")) AS VARCHAR)"
    return """
      SELECT "set", \(hash("o", "value", secret)) AS hash FROM \(keys) WHERE form = 'o'
      UNION SELECT "set", \(hash("t", "value", secret)) FROM \(keys) WHERE form = 't'
      UNION SELECT "set", \(hash("i", number, secret)) FROM \(keys)
        WHERE form IN ('i', 't') AND \(number) IS NOT NULL
      UNION SELECT "set", \(hash("n", "value", secret)) FROM \(keys) WHERE form = 'i'
      """
  }

  private static func hash(_ mark: String, _ text: SQLQuery, _ secret: String) -> SQLQuery {
    "unhex(sha256(\(bind: .text(secret + mark)) || \(text)))"
  }
}
