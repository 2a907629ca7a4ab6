/// CSV as somebody who looks at it would read it: what breaks the rules is part of a cell. For headers and for
/// guesses at what a file is like; `CSVRecords` is strict.
enum LenientCSV {
  /// The cells of the first records of a text, a record going over several lines where a quote is open.
  ///
  /// - Parameter delimiter: one ASCII character.
  static func records(of lines: [String], delimiter: String, most: Int) -> [[String]] {
    let quote = UInt8(ascii: "\"")
    let delimiter = delimiter.utf8.first
    var records: [[String]] = []
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    func takeCell() {
      cells.append(String(decoding: cell, as: UTF8.self))
      cell.removeAll(keepingCapacity: true)
    }
    for line in lines where records.count < most {
      let bytes = Array(line.utf8)
      var index = 0
      while index < bytes.count {
        let byte = bytes[index]
        index += 1
        if byte == quote, isQuoted, index < bytes.count, bytes[index] == quote {
          cell.append(quote)
          index += 1
        } else if byte == quote, isQuoted || cell.isEmpty {
          isQuoted.toggle()
        } else if byte == delimiter, !isQuoted {
          takeCell()
        } else {
          cell.append(byte)
        }
      }
      guard !isQuoted else {
        cell.append(UInt8(ascii: "\n"))
        continue
      }
      takeCell()
      records.append(cells)
      cells = []
    }
    guard isQuoted, records.count < most else { return records }
    // A quote that nothing closes: what there is of the record.
    takeCell()
    return records + [cells]
  }
}
