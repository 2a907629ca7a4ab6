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

/// Turns rows into bytes and hands them on in pieces; used from one thread at a time.
final class RowWriter: Sendable {
  private static let pieceSize = 1 << 16

  private let format: TextFormat
  private let columns: [String]
  private let write: @Sendable ([UInt8]) throws -> Void
  private let buffer = Guarded<[UInt8]>([])

  init(format: TextFormat, columns: [String], write: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.format = format
    self.columns = columns
    self.write = write
  }

  func begin() throws {
    guard case .csv(let raw) = format else { return }
    let header = columns.map { RowWriter.cell($0, isText: true, raw: raw) }
    try append(header.joined(separator: ",") + "\r\n")
  }

  func add(_ row: [DuckDBValue]) throws {
    switch format {
    case .csv(let raw):
      let cells = row.map { value in
        RowWriter.cell(value.plainText, isText: value.mayHoldFormula, raw: raw, value: value)
      }
      try append(cells.joined(separator: ",") + "\r\n")
    case .ndjson:
      let entries = zip(columns, row).map { "\(Document.quotedJSON($0)):\($1.json)" }
      try append("{\(entries.joined(separator: ","))}\n")
    }
  }

  func end() throws {
    let rest = buffer.withLock { buffer in
      defer { buffer = [] }
      return buffer
    }
    if !rest.isEmpty { try write(rest) }
  }

  private func append(_ text: String) throws {
    let piece: [UInt8]? = buffer.withLock { buffer in
      buffer.append(contentsOf: text.utf8)
      guard buffer.count >= RowWriter.pieceSize else { return nil }
      defer { buffer.removeAll(keepingCapacity: true) }
      return buffer
    }
    if let piece { try write(piece) }
  }

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
    return needsQuotes ? "\"" + RowWriter.doublingQuotes(text) + "\"" : text
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
