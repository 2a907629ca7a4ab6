import Foundation
import SegmentCompiler
import SegmentEngines

/// Why a data file cannot be read, found out from what DuckDB says of it.
///
/// What is not recognised, such as the words of another version of DuckDB, stays as it is.
struct DataFileProblem: Equatable {
  /// `line 3`, a header being the first, or `row 3`; nil where it is not known.
  var place: String?
  var text: String

  /// - Parameters:
  ///   - message: of DuckDB, whole.
  ///   - path: the file, as it was given to DuckDB.
  ///   - name: what the file is called instead.
  init(_ message: String, path: String, name: String) {
    self =
      DataFileProblem(csv: message) ?? DataFileProblem(json: message)
      ?? DataFileProblem(parquet: message)
      ?? DataFileProblem(text: DataFileProblem.plain(message, path: path, name: name))
  }

  private init(place: String? = nil, text: String) {
    self.place = place
    self.text = text
  }

  func description(of file: String) -> String {
    "\([file, place].compactMap { $0 }.joined(separator: ", ")): \(text)"
  }

  // MARK: CSV

  /// The line that is quoted stands before what is wrong with it, and DuckDB's settings behind that.
  private init?(csv message: String) {
    guard let head = message.firstMatch(of: /CSV Error on Line: (\d+)\s+Original Line: ?/) else {
      return nil
    }
    let lines = message[head.range.upperBound...]
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, said) in lines.enumerated().reversed() {
      let quoted = lines[..<index].first { !$0.isEmpty } ?? ""
      if let text = DataFileProblem.text(csv: said, quoting: quoted) {
        self.init(place: "line \(head.1)", text: text)
        return
      }
    }
    return nil
  }

  private static func text(csv said: Substring, quoting line: Substring) -> String? {
    let start = line.count > 80 ? line.prefix(80) + "…" : line
    let quoted = line.isEmpty ? "" : " The line: \(start)"
    if let match = said.prefixMatch(of: /Expected Number of Columns: (\d+) Found: (\d+)/),
      let expected = Int(match.1), let found = Int(match.2)
    {
      // DuckDB counts no further than the first cell that is too many.
      let cells = found > expected ? "more cells than" : "\(found.counted("cell")), where"
      let header =
        found > expected
        ? "the \(expected == 1 ? "one" : "\(expected)") of the header"
        : "the header has \(expected)"
      return "\(cells) \(header).\(quoted)"
    }
    if said.hasPrefix("Value with unterminated quote found") {
      return
        "a value begins with a quote that is not closed, or has text behind the closing one; a quote within a value in quotes is written twice.\(quoted)"
    }
    if said.hasPrefix("Invalid unicode") {
      return encoding(isUTF16: line.contains("\\0")) + quoted
    }
    if let match = said.prefixMatch(of: /Maximum line size of (\d+) bytes exceeded/) {
      return tooLong(Int(match.1)) + quoted
    }
    return nil
  }

  // MARK: NDJSON

  private init?(json message: String) {
    if let match = message.firstMatch(of: /"maximum_object_size" of (\d+) bytes exceeded/) {
      self.init(text: DataFileProblem.tooLong(Int(match.1)))
      return
    }
    guard message.contains("Malformed JSON in file"),
      let match = message.firstMatch(of: /at byte \d+ in line (\d+): ([^.]+)\.?[^:]*$/)
    else { return nil }
    // It counts the line after, and no line that is empty: these are rows.
    let row = Int(match.1).map { $0 - 1 }.flatMap { $0 > 0 ? $0 : nil }
    let said = String(match.2)
    self.init(
      place: row.map { "row \($0)" },
      text: said.contains("UTF-8") || said.contains("UTF-16")
        ? DataFileProblem.encoding(isUTF16: said.contains("UTF-16"))
        : "no JSON object on a line of its own: \(said).")
  }

  // MARK: Parquet

  private init?(parquet message: String) {
    let signs = [
      "No magic bytes found", "too small to be a Parquet file", "Footer length error",
    ]
    guard signs.contains(where: message.contains) else { return nil }
    self.init(text: "this is no Parquet file, or only a part of one.")
  }

  // MARK: Words

  private static func encoding(isUTF16: Bool) -> String {
    isUTF16
      ? "the text is in UTF-16, not in UTF-8; convert the file, with 'iconv -f utf-16 -t utf-8' for instance."
      : "the text is not in UTF-8; convert the file, with 'iconv -f latin1 -t utf-8' for instance if it is in Latin-1."
  }

  private static func tooLong(_ most: Int?) -> String {
    "the line is longer than \(most.map(\.grouped) ?? "all") bytes, the most that is read; is a quote not closed?"
  }

  /// Without the kind of the error, DuckDB's own advice, and folders of this machine.
  private static func plain(_ message: String, path: String, name: String) -> String {
    let folder = path.hasSuffix("/" + name) ? String(path.dropLast(name.count)) : path
    return message.withoutAdvice
      .replacing(#/^[A-Z][A-Za-z ]* Error: /#, with: "")
      .replacing(path, with: name).replacing(folder, with: "")
      .trimmingCharacters(in: .whitespacesAndNewlines).excerpt(1_000)
  }
}

extension DuckDBError {
  /// Whether it is about what was read: then its table fails. Else no table can be loaded, such as when the
  /// disk is full.
  func isOfData(in database: DuckDBDatabase) -> Bool {
    switch category {
    case .outOfMemory, .interrupted, .transaction, .fatal, .library: false
    case .io: database.folder.map { !message.contains($0) } ?? true
    case .conversion, .outOfRange, .constraint, .sql, .other: true
    }
  }

  /// The message without the advice on DuckDB's options and the excerpt of SQL that may follow it.
  var brief: String { message.withoutAdvice.excerpt(1_000) }
}

extension String {
  fileprivate var withoutAdvice: String {
    let ends = ["\nPossible ", "\n\nLINE "].compactMap { range(of: $0)?.lowerBound }
    return String(self[..<(ends.min() ?? endIndex)])
  }
}
