import Foundation
import SegmentCompiler
import SegmentEngines

/// How files of a table are read, as far as the workspace file says it per source.
struct ReadingOptions: Hashable {
  /// nil where the ending says it.
  var format: FileFormat?
  var delimiter = ","
  /// Further spellings of missing values.
  var missing: [String] = []
}

/// A data file whose columns are known.
struct SniffedFile {
  var file: FolderFile
  var options: ReadingOptions
  var columns: [FileReading.Column]

  var columnNames: [String] { columns.map(\.name) }

  func reading(in root: URL) -> FileReading {
    FileReading(
      path: root.appending(path: file.path).path,
      format: options.format ?? FileFormat(path: file.path) ?? .csv,
      source: DataSource(delimiter: options.delimiter))
  }
}

/// Finds out how a file is read: its delimiter, whether it has a header, its columns.
struct FileSniffer {
  let root: URL
  let connection: DuckDBConnection

  private static let delimiters = [",", ";", "\t", "|"]

  /// - Throws: ``LeftOutFile`` with the reason.
  func sniff(_ file: FolderFile) async throws -> SniffedFile {
    do {
      let format = FileFormat(path: file.path)
      let sniffed =
        format == nil || format == .csv
        ? try await delimited(file, isNamedCSV: format == .csv)
        : try await selfDescribing(file)
      try check(sniffed)
      return sniffed
    } catch let error as DuckDBError where error.isOfFile {
      throw LeftOutFile(path: file.path, in: root, error: error)
    }
  }

  private func selfDescribing(_ file: FolderFile) async throws -> SniffedFile {
    var sniffed = SniffedFile(file: file, options: ReadingOptions(), columns: [])
    sniffed.columns = try await sniffed.reading(in: root).columns(connection)
    return sniffed
  }

  private func delimited(_ file: FolderFile, isNamedCSV: Bool) async throws -> SniffedFile {
    var options = ReadingOptions(format: isNamedCSV ? nil : .csv)
    let reading = SniffedFile(file: file, options: options, columns: []).reading(in: root)
    let lines = try await reading.lines(connection)
    guard !lines.isEmpty else { throw LeftOutFile(path: file.path, reason: "it is empty") }
    guard let found = FileSniffer.delimiter(lines, isNamedCSV: isNamedCSV) else {
      throw LeftOutFile(
        path: file.path,
        reason: "no table: its lines are not cut by one of the delimiters , ; | or tab")
    }
    options.delimiter = found.delimiter
    if let cell = FileSniffer.dataInHeader(found.records) {
      throw LeftOutFile(
        path: file.path,
        reason: "no header: its first line holds data ('\(cell)'); put the columns' names above it")
    }
    return SniffedFile(
      file: file, options: options, columns: found.records[0].map { FileReading.Column(name: $0) })
  }

  /// The delimiter that cuts all lines into the same number of cells, the most cells winning; for a file that
  /// says it is CSV else the one of the first line, so that reading it names the line that is broken.
  static func delimiter(
    _ lines: [String], isNamedCSV: Bool
  ) -> (delimiter: String, records: [[String]])? {
    let cuts = delimiters.map { delimiter in
      (delimiter, LenientCSV.records(of: lines, delimiter: delimiter, most: .max))
    }
    let even = cuts.filter { _, records in
      let full = lines.count < 100 ? records[...] : records.dropLast()
      return full.count > 1 && full[0].count > 1 && full.allSatisfy { $0.count == full[0].count }
    }
    if let best = even.max(by: { $0.1[0].count < $1.1[0].count }) { return best }
    guard isNamedCSV else { return nil }
    return cuts.max {
      $0.1[0].count < $1.1[0].count || $0.0 != "," && $0.1[0].count == $1.1[0].count && $1.0 == ","
    }
  }

  /// A cell of the first line that is a value like those below it, not a name.
  static func dataInHeader(_ records: [[String]]) -> String? {
    guard let header = records.first, records.count > 1 else { return nil }
    let isYear = { (cell: String) in cell.wholeMatch(of: /(19|20)\d\d/) != nil }
    for (index, cell) in header.enumerated() where isValue(cell) && !isYear(cell) {
      let below = records.dropFirst().prefix(20).compactMap { index < $0.count ? $0[index] : nil }
      if !below.isEmpty, below.allSatisfy({ $0.isEmpty || isValue($0) }) { return cell }
    }
    return nil
  }

  private static func isValue(_ cell: String) -> Bool {
    cell.wholeMatch(of: /\s*[-+]?\d+([.,]\d+)?\s*|\d{1,4}[-\/.]\d{1,2}[-\/.]\d{1,4}.*|\S+@\S+\.\S+/)
      != nil
  }

  /// What a load would refuse.
  private func check(_ sniffed: SniffedFile) throws {
    let path = sniffed.file.path
    guard !sniffed.columns.isEmpty else {
      throw LeftOutFile(path: path, reason: "it has no columns")
    }
    if let (first, second) = NameRule.clashes(sniffed.columnNames).first {
      throw LeftOutFile(path: path, reason: NameRule.columnClash(first, second))
    }
  }
}

extension LeftOutFile {
  init(path: String, in root: URL, error: DuckDBError) {
    let problem = DataFileProblem(
      error.message, path: root.appending(path: path).path, name: path)
    let place = problem.place.map { "\($0): " } ?? ""
    let lines = problem.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    self.init(
      path: path, reason: "it cannot be read: \(place)\(lines.joined(separator: " "))")
  }
}

extension DuckDBError {
  /// The file cannot be read; not the machine's memory or a cancellation.
  var isOfFile: Bool { !isRetryable || category == .io }
}
