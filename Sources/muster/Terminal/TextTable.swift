/// Rows of text under headings, aligned by what a terminal shows.
///
/// ```
/// Segment   Members  Last refreshed
/// ────────  ───────  ────────────────
/// vip         1,204  2024-03-01 10:30
/// ```
struct TextTable: Sendable, CustomStringConvertible {
  struct Column: Sendable {
    var heading: String
    var alignment: String.Alignment

    static func left(_ heading: String) -> Column { Column(heading: heading, alignment: .left) }
    static func right(_ heading: String) -> Column { Column(heading: heading, alignment: .right) }
  }

  var columns: [Column]
  var rows: [[String]] = []
  /// Longer cells are cut.
  var maximumCellWidth = 48

  init(_ columns: Column...) { self.columns = columns }
  init(columns: [Column]) { self.columns = columns }

  mutating func add(_ cells: String...) { rows.append(cells) }

  var description: String {
    let cells = rows.map { row in row.map { $0.printable.truncated(to: maximumCellWidth) } }
    let headings = columns.map(\.heading.printable)
    let widths = headings.indices.map { column in
      ([headings] + cells).map { $0[column].displayWidth }.max()!
    }
    let rule = widths.map { String(repeating: "─", count: $0) }
    return ([headings, rule] + cells).map { row in line(row, widths) }.joined(separator: "\n")
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = zip(zip(cells, widths), columns).map { cell, column in
      cell.0.padded(to: cell.1, column.alignment)
    }
    // No blanks at the end, which would wrap in a narrow terminal.
    var line = padded.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }
}
