import Foundation
import SegmentCompiler

/// Keys as they were read, each once.
public struct GivenKeys: Sendable, Equatable {
  /// In the order of their first mention.
  public var keys: [ProfileKey] = []
  /// How many were there already.
  public var repeated = 0
  /// Lines without a key.
  public var blank = 0

  private var seen: Set<ProfileKey> = []

  public init(_ keys: some Sequence<ProfileKey> = []) { keys.forEach { add($0) } }

  mutating func add(_ key: ProfileKey) {
    if seen.insert(key).inserted { keys.append(key) } else { repeated += 1 }
  }
}

/// How a file holds keys.
public enum KeyFormat: String, Sendable, CaseIterable {
  /// One key per line, as it stands there.
  case lines
  /// With a header; one of the columns.
  case csv
  /// A key or an object per line.
  case ndjson

  /// By the ending of a file's name: whatever is neither `.csv` nor `.ndjson` or `.jsonl` has one key per line.
  public init(path: String) {
    switch (path as NSString).pathExtension.lowercased() {
    case "csv": self = .csv
    case "ndjson", "jsonl": self = .ndjson
    default: self = .lines
    }
  }
}

/// Reads the keys of one audience out of a text.
struct KeyListReader {
  /// The audience's key: it decides what a key is, and which column holds it unless one is named.
  let attribute: Attribute
  let column: String?
  /// For messages.
  let file: String?

  private var list = GivenKeys()
  private var problems: [Diagnostic] = []
  private var found = 0

  /// So many wrong keys are told one by one.
  private static let mostProblems = 20

  init(attribute: Attribute, column: String? = nil, file: String? = nil) {
    self.attribute = attribute
    self.column = column
    self.file = file
  }

  /// - Throws: ``Diagnostics`` with the lines of everything that is no key.
  mutating func read(_ text: String, as format: KeyFormat) throws -> GivenKeys {
    var text = text
    try text.withUTF8 { bytes in
      switch format {
      case .lines: try readLines(bytes)
      case .ndjson: try readNDJSON(bytes)
      case .csv: try readCSV(bytes)
      }
    }
    if list.keys.count > SegmentDefinition.maximumKeys {
      note(
        "These are \(list.keys.count) keys; at most \(SegmentDefinition.maximumKeys) are possible.",
        code: "tooManyKeys",
        hint: "Load a longer list as a table, and select its profiles by a rule.")
    }
    guard problems.isEmpty else { throw Diagnostics(problems + summary) }
    return list
  }

  private var summary: [Diagnostic] {
    guard found > problems.count else { return [] }
    let message = "The file has \(found - problems.count) further problems of this kind."
    return [Diagnostic(code: "wrongValueType", place: "", message: message, file: file)]
  }

  // MARK: Formats

  private typealias Bytes = UnsafeBufferPointer<UInt8>

  private mutating func readLines(_ bytes: Bytes) throws {
    try forEachLine(of: bytes) { reader, line, number in
      reader.add(line, line: number, isBlank: line.allSatisfy(\.isBlank))
    }
  }

  private mutating func readNDJSON(_ bytes: Bytes) throws {
    let name = column ?? attribute.name
    try forEachLine(of: bytes) { reader, line, number in
      guard !line.allSatisfy(\.isBlank) else {
        reader.list.blank += 1
        return
      }
      var document = Document(json: String(decoding: line, as: UTF8.self))
      if case .mapping(let entries) = document?.value {
        document = entries.first { Text($0.key) == Text(name) }?.value
        guard document != nil else {
          reader.note("The object has no '\(name)'.", line: number)
          return
        }
      }
      switch document?.value {
      case .scalar(.text(let text)), .scalar(.number(let text)):
        reader.add(Array(text.utf8)[...], line: number, isBlank: false)
      case .null: reader.list.blank += 1
      case .scalar(.boolean), .list, .mapping, nil:
        reader.note("This line is neither a key nor an object with one, in JSON.", line: number)
      }
    }
  }

  /// Lines without their ends: LF, CR LF or CR.
  private mutating func forEachLine(
    of bytes: Bytes, _ body: (inout KeyListReader, ArraySlice<UInt8>, Int) throws -> Void
  ) throws {
    var start = 0
    var number = 1
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x0A || byte == 0x0D {
        try body(&self, Array(bytes[start..<position])[...], number)
        if byte == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
        start = position + 1
        number += 1
      }
      position += 1
    }
    if start < bytes.count { try body(&self, Array(bytes[start...])[...], number) }
  }

  private mutating func readCSV(_ bytes: Bytes) throws {
    var records = CSVRecords(bytes)
    do {
      guard let header = try records.next() else { return }
      let name = Text(column ?? attribute.name)
      guard let index = header.cells.firstIndex(where: { $0.text == name }) else {
        note(
          "There is no column '\(name)'; the first line has \(header.cells.map { "'\($0.text)'" }.joined(separator: ", ")).",
          line: header.line, code: "unknownColumn",
          hint:
            "Name the column that holds the keys. A file without a header, one key per line, ends in .txt."
        )
        return
      }
      while let record = try records.next() {
        if record.isEmpty {
          list.blank += 1
        } else if index < record.cells.count {
          let cell = record.cells[index]
          let isMissing = cell.text.utf8.allSatisfy(\.isBlank)
          // In quotes nothing is a text of length zero, which can be a key.
          let isBlank = isMissing && !(cell.isQuoted && attribute.type == .text)
          add(cell.text.utf8[...], line: record.line, isBlank: isBlank)
        } else {
          note(
            "The line has \(record.cells.count) cells: the one of '\(name)' is missing.",
            line: record.line)
        }
      }
    } catch let error as CSVRecords.Malformed {
      note(error.message, line: error.line, code: "syntax")
    }
  }

  // MARK: Keys

  private mutating func add(_ bytes: ArraySlice<UInt8>, line: Int, isBlank: Bool) {
    if isBlank {
      list.blank += 1
    } else if let key = attribute.key(bytes) {
      list.add(key)
    } else {
      let text = String(decoding: bytes, as: UTF8.self)
      note(
        "'\(text)' is no whole number, as the keys '\(attribute.name)' are.", line: line,
        code: "wrongValueType")
    }
  }

  private mutating func note(
    _ message: String, line: Int = 1, code: String = "wrongShape", hint: String? = nil
  ) {
    found += 1
    guard problems.count < KeyListReader.mostProblems else { return }
    problems.append(
      Diagnostic(code: code, place: "", message: message, hint: hint, line: line, file: file))
  }
}

extension Attribute {
  /// A key as a text writes it; nil where it is no whole number and should be one.
  func key(_ bytes: ArraySlice<UInt8>) -> ProfileKey? {
    guard type == .integer else { return .text(Text(utf8: Array(bytes))) }
    var digits = bytes
    while digits.first?.isBlank ?? false { digits.removeFirst() }
    while digits.last?.isBlank ?? false { digits.removeLast() }
    return Int64(String(decoding: digits, as: UTF8.self)).map { .integer($0) }
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
