import SegmentCompiler
import SegmentEngines

/// How rows become text.
public enum TextFormat: Sendable, Equatable {
  /// RFC 4180: CR LF, UTF-8, quotes where needed. A cell that a spreadsheet would run as a formula gets
  /// an apostrophe in front unless `raw`.
  case csv(raw: Bool)
  /// One JSON object per line.
  case ndjson
}

/// Turns rows into bytes, in pieces.
actor RowWriter {
  private static let pieceSize = 1 << 16

  private let text: RowText
  private let slices: Pulled<[[DuckDBValue]]>
  /// Of the slice at hand.
  private var rows: ArraySlice<[DuckDBValue]> = []
  private var buffer: [UInt8]
  private var isAtEnd = false

  init(_ slices: Pulled<[[DuckDBValue]]>, format: TextFormat, columns: [String]) {
    self.slices = slices
    text = RowText(format: format, columns: columns)
    buffer = Array(text.header.utf8)
  }

  /// The next piece; nil at the end.
  func next() async throws -> [UInt8]? {
    while buffer.count < RowWriter.pieceSize, !isAtEnd {
      if let row = rows.popFirst() {
        buffer += text.line(row).utf8
      } else if let slice = try await slices.next() {
        rows = slice[...]
      } else {
        isAtEnd = true
      }
    }
    guard !buffer.isEmpty else { return nil }
    defer { buffer.removeAll(keepingCapacity: true) }
    return buffer
  }
}

/// Rows as lines of text.
struct RowText: Sendable {
  let format: TextFormat
  let columns: [String]

  /// The line before the first row; empty where there is none.
  var header: String {
    guard case .csv(let raw) = format else { return "" }
    return RowText.line(columns.map { RowText.cell($0, isText: true, raw: raw) })
  }

  func line(_ row: [DuckDBValue]) -> String {
    switch format {
    case .csv(let raw):
      return RowText.line(
        row.map { value in
          RowText.cell(value.plainText, isText: value.mayHoldFormula, raw: raw, value: value)
        })
    case .ndjson:
      let entries = zip(columns, row).map { "\(Document.quotedJSON($0)):\($1.json)" }
      return "{\(entries.joined(separator: ","))}\n"
    }
  }

  private static func line(_ cells: [String]) -> String { cells.joined(separator: ",") + "\r\n" }

  /// A CSV cell: missing is nothing at all, a text of length zero is `""`.
  static func cell(_ text: String, isText: Bool, raw: Bool, value: DuckDBValue? = nil) -> String {
    if value == .null { return "" }
    var text = text
    if isText, !raw, let first = text.unicodeScalars.first,
      "=+-@\t\r".unicodeScalars.contains(first)
    {
      text = "'" + text
    }
    let needsQuotes =
      text.isEmpty
      || text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
      || text.utf8.first == 0x20 || text.utf8.last == 0x20
    return needsQuotes ? "\"" + RowText.doublingQuotes(text) + "\"" : text
  }

  /// Scalar by scalar: a quote with a combining mark behind it is a quote all the same.
  private static func doublingQuotes(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { result.unicodeScalars.append("\"") }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}

extension DuckDBValue {
  /// As people read it: dates and instants in ISO 8601, lists as JSON.
  public var plainText: String {
    switch self {
    case .null: ""
    case .boolean(let value): value ? "true" : "false"
    case .integer(let number): String(number)
    case .double(let number): DuckDBValue.text(of: number)
    case .decimal(let text): DuckDBValue.trimmed(text)
    case .text(let text): text.string
    case .date(let days): CivilDate(days: Int(days)).description
    case .instant(let microseconds): Instant(microseconds: microseconds).description
    case .list: json
    case .blob(let bytes): bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }

  public var json: String {
    switch self {
    case .null: "null"
    case .boolean, .integer: plainText
    case .double(let number): number.isFinite ? plainText : "null"
    // A JSON number has no precision of its own: exact decimals stay exact in it.
    case .decimal: plainText
    case .text(let text): Document.quotedJSON(text.string)
    case .date, .instant, .blob: Document.quotedJSON(plainText)
    case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
    }
  }

  fileprivate var mayHoldFormula: Bool {
    switch self {
    case .text: true
    default: false
    }
  }

  private static func text(of number: Double) -> String {
    let text = String(number)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// `12.500000` → `12.5`.
  private static func trimmed(_ decimal: String) -> String {
    guard decimal.contains(".") else { return decimal }
    var text = Substring(decimal)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return String(text)
  }
}
