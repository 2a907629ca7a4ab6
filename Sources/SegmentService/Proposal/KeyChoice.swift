import SegmentCompiler

/// What may be the primary key of a table, and which of it is.
struct KeyChoice {
  let table: TableProfile
  let names: [ColumnName]
  /// What the table is about.
  let entity: NameWords

  /// The columns that alone identify a row, the likeliest first.
  var single: [String] {
    let ranked = table.columns.indices.compactMap { index in
      table.columns[index].isUnique ? rank(index).map { (rank: $0, index: index) } : nil
    }
    return ranked.sorted { ($0.rank, $0.index) < ($1.rank, $1.index) }.map { names[$0.index].name }
  }

  /// Sets of two columns that together may identify a row, and of three where few columns may be part of one; the
  /// smallest first, then in the order of the columns.
  var combined: [[String]] {
    let parts = table.columns.indices.filter { mayBePart($0) }
    let sizes = parts.count <= 10 ? [2, 3] : [2]
    return sizes.flatMap { KeyChoice.choices($0, of: parts) }.filter { columns in
      let product = columns.reduce(1.0) { $0 * Double(table.columns[$1].distinct) }
      return product >= Double(table.rows)
    }
    .map { $0.map { names[$0].name } }
  }

  /// The column whose name says that it is the key, though some rows share their values or have none.
  var nearly: ColumnProfile? {
    table.columns.indices.first { index in
      isNamedAsKey(index) && !table.columns[index].isUnique
        && table.columns[index].distinct * 10 >= table.rows * 9
    }
    .map { table.columns[$0] }
  }

  /// `id`, or the id of what the table is about.
  func isNamedAsKey(_ index: Int) -> Bool {
    names[index].strength != .none && mayIdentify(table.columns[index])
      && (names[index].isPlainID || names[index].base == entity)
  }

  /// A column that counts the rows of its file: `0`, `1`, `2` … under no name or `index`.
  func isRowNumber(_ column: String) -> Bool {
    guard let index = table.index(column), let range = table.columns[index].range else {
      return false
    }
    let words = names[index].words.words
    let isNamed =
      words.isEmpty || words == ["index"] || words == ["row"] || words == ["row", "number"]
      || words == ["rownum"] || words.first == "unnamed"
    return isNamed && table.columns[index].isOnly(.whole)
      && range.upperBound - range.lowerBound == Double(table.rows - 1)
  }

  // MARK: - Ranks

  /// How likely a unique column is the key, 0 the likeliest; nil where it is none.
  private func rank(_ index: Int) -> Int? {
    let column = table.columns[index]
    let name = names[index]
    guard mayIdentify(column), NameRule.problem(column.name) == nil else { return nil }
    if isRowNumber(name.name) { return 8 }
    switch name.strength {
    case .strong where name.base.isEmpty || name.base == entity: return 0
    case .strong where entity.ends(with: name.base): return 1
    case .strong: return 3
    case .weak where name.base == entity || entity.ends(with: name.base): return 2
    case .weak: return 4
    case .none:
      if name.words.contains(KeyChoice.identifying) { return 5 }
      if name.words == entity { return 6 }
      return index == 0 && column.longest <= 40 && table.rows > 2 ? 7 : nil
    }
  }

  /// Whole numbers and texts identify; amounts, times and truth values do not.
  private func mayIdentify(_ column: ColumnProfile) -> Bool {
    guard column.padded == 0, column.count(.blank) == 0, column.longest <= 100 else { return false }
    switch column.inferred {
    case .integer: return true
    case .decimal, .double: return column.isWhole
    case .date, .datetime, .boolean: return false
    case .text:
      return column.count(.number, .isoDate, .isoTime, .isoMidnight, .dateLike) * 2 < column.rows
    }
  }

  private func mayBePart(_ index: Int) -> Bool {
    let column = table.columns[index]
    let name = names[index]
    guard column.missing == 0, column.distinct > 1, mayIdentify(column) else { return false }
    return name.strength != .none || name.words.contains(KeyChoice.counting)
      || name.words.words == entity.words
  }

  private static func choices(_ size: Int, of parts: [Int]) -> [[Int]] {
    guard size > 0 else { return [[]] }
    return parts.indices.flatMap { index in
      choices(size - 1, of: Array(parts[(index + 1)...])).map { [parts[index]] + $0 }
    }
  }

  private static let identifying: Set = [
    "sku", "isbn", "ean", "upc", "symbol", "slug", "email", "username", "login", "iban", "vin",
  ]
  /// Numbers within something: lines of an order.
  private static let counting: Set = [
    "line", "sequence", "sequential", "seq", "position", "pos", "item", "step", "index",
  ]
}
