import SegmentCompiler

/// The records of a CSV text (RFC 4180), one after the other.
struct CSVRecords {
  struct Record {
    var cells: [Cell]
    /// The one it begins on, counted from 1.
    var line: Int

    /// A line with nothing on it.
    var isEmpty: Bool { cells.count == 1 && cells[0].text.utf8.isEmpty && !cells[0].isQuoted }
  }

  struct Cell {
    var text: Text
    var isQuoted: Bool
  }

  struct Malformed: Error {
    var line: Int
    var message: String
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let delimiter: UInt8
  private var position = 0
  private var line = 1

  /// - Parameter bytes: must live as long as this does. Cells end with a comma, unless the first line has none but
  ///   semicolons or tabs.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    let header = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    let delimiters = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    delimiter = delimiters.first { header.contains($0) } ?? delimiters[0]
  }

  /// nil after the last one.
  mutating func next() throws -> Record? {
    guard position < bytes.count else { return nil }
    var record = Record(cells: [], line: line)
    while true {
      record.cells.append(try cell())
      guard position < bytes.count, bytes[position] == delimiter else { break }
      position += 1
    }
    endLine()
    return record
  }

  private mutating func endLine() {
    guard position < bytes.count else { return }
    if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A {
      position += 1
    }
    position += 1
    line += 1
  }

  private mutating func cell() throws -> Cell {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      let start = position
      while position < bytes.count, !endsCell(bytes[position]) { position += 1 }
      return Cell(text: Text(utf8: Array(bytes[start..<position])), isQuoted: false)
    }
    let began = line
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      guard byte == UInt8(ascii: "\"") else {
        if byte == 0x0A { line += 1 }
        text.append(byte)
        continue
      }
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        guard position == bytes.count || endsCell(bytes[position]) else {
          throw Malformed(line: line, message: "A quoted cell goes on behind its closing quote.")
        }
        return Cell(text: Text(utf8: text), isQuoted: true)
      }
      text.append(byte)
      position += 1
    }
    throw Malformed(line: began, message: "The quote that begins here has no end.")
  }

  private func endsCell(_ byte: UInt8) -> Bool {
    byte == delimiter || byte == 0x0A || byte == 0x0D
  }
}
