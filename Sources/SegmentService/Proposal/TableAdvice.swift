import SegmentCompiler

/// What a workspace file should say of the columns of one table.
struct TableAdvice {
  /// By column, in their order.
  private(set) var attributes: [AttributeAdvice]
  /// Spellings of missing values, of the whole table.
  private(set) var missing: [String] = []

  init(_ table: TableProfile, names: [ColumnName], order: DateFormat.Order) {
    attributes = zip(table.columns, names).map { AttributeAdvice($0, name: $1, order: order) }
    settleMissing(table)
  }

  subscript(index: Int) -> AttributeAdvice {
    get { attributes[index] }
    set { attributes[index] = newValue }
  }

  var traps: [Trap] { attributes.flatMap(\.traps) }

  /// Missing values are spelled the same in all columns of a source, so what may be a value elsewhere (`NA` is
  /// a country) stays one, and the column that it stands in stays text.
  private mutating func settleMissing(_ table: TableProfile) {
    for index in attributes.indices {
      let isSafe = attributes[index].missing.allSatisfy { value in
        Sentinels.certain.contains(value.lowercased())
          || !table.columns.indices.contains { other in
            other != index && attributes[other].loaded == .text
              && table.columns[other].sentinels.contains { Text($0.value) == Text(value) }
          }
      }
      if !isSafe { attributes[index].refuseMissing(table.columns[index]) }
    }
    for value in attributes.flatMap(\.missing)
    where !missing.contains(where: { Text($0) == Text(value) }) {
      missing.append(value)
    }
  }
}

extension AttributeAdvice {
  mutating func refuseMissing(_ column: ColumnProfile) {
    let values = column.odd.map { "'\($0.value)' in \($0.rows.rowsText)" }.joined(separator: ", ")
    missing = []
    type = nil
    format = nil
    inferred = column.inferred
    traps.removeAll { $0.kind == .missingSpelling }
    traps.append(
      Trap(
        kind: .mixedValues, attribute: column.name,
        message:
          "text, as it holds \(values): read as missing, it would be missing in other columns too"))
  }
}
