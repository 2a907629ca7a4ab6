import SegmentCompiler
import SegmentEngines

/// How far the values of one column are those of a key; counted over all rows.
struct KeyMatch: Equatable {
  /// Distinct values of the foreign key, and the rows that have one.
  var values: Int
  var rows: Int
  var matchedValues: Int
  var matchedRows: Int
  /// Keys of the target.
  var targets: Int
  var reading = Reading.asWritten

  enum Reading: Equatable {
    /// The same text.
    case asWritten
    /// The same whole number: `17850.0` and `17850`.
    case asNumbers
    /// The same text but for blanks around it and capital letters.
    case loosely
  }

  var rowShare: Double { rows == 0 ? 0 : Double(matchedRows) / Double(rows) }
  var valueShare: Double { values == 0 ? 0 : Double(matchedValues) / Double(values) }
  /// How much of the target is reached.
  var coverage: Double { targets == 0 ? 0 : Double(matchedValues) / Double(targets) }
}

/// Compares the values of columns.
struct KeyMatcher {
  let connection: DuckDBConnection

  /// The match as written; where that is poor and the two are written differently, as numbers or loosely.
  func match(
    _ source: TableProfile, _ column: ColumnProfile, with target: TableProfile, _ key: ColumnProfile
  ) async throws -> KeyMatch? {
    guard let values = source.values(column.name), let keys = target.values(key.name) else {
      return nil
    }
    if let range = column.range, let all = key.range, column.isWhole, key.isWhole,
      !range.overlaps(all),
      column.count(.leadingZero) + key.count(.leadingZero) == 0
    {
      return KeyMatch(
        values: column.distinct, rows: column.present, matchedValues: 0, matchedRows: 0,
        targets: key.distinct)
    }
    let exact = try await match(values, keys, .asWritten, key)
    if exact.rowShare >= 0.5 { return exact }
    if column.isWhole, key.isWhole, column.differsInWriting(from: key) {
      let numbers = try await match(values, keys, .asNumbers, key)
      if numbers.rowShare > exact.rowShare { return numbers }
    }
    if column.inferred == .text, key.inferred == .text {
      let loose = try await match(values, keys, .loosely, key)
      if loose.rowShare > exact.rowShare { return loose }
    }
    return exact
  }

  private func match(
    _ values: SQLQuery, _ keys: SQLQuery, _ reading: KeyMatch.Reading, _ key: ColumnProfile
  ) async throws -> KeyMatch {
    let form: SQLQuery =
      switch reading {
      case .asWritten: "v"
      case .asNumbers:
        ValueConversion(type: .integer, from: "VARCHAR", format: nil, source: DataSource()).value(
          "v")
      case .loosely: "lower(trim(v))"
      }
    let row = try await connection.rows(
      """
      SELECT count(*), CAST(sum(n) AS BIGINT), count(k), CAST(sum(n) FILTER (k IS NOT NULL) AS BIGINT)
      FROM (SELECT \(form) AS f, CAST(sum(n) AS BIGINT) AS n FROM \(values) WHERE trim(v) <> '' GROUP BY f)
      LEFT JOIN (SELECT DISTINCT \(form) AS k FROM \(keys)) ON f = k
      """)[0].map { Int($0.integer ?? 0) }
    return KeyMatch(
      values: row[0], rows: row[1], matchedValues: row[2], matchedRows: row[3],
      targets: key.distinct, reading: reading)
  }
}

extension ColumnProfile {
  /// The share of whole numbers between the least and the greatest value that are values: how likely a number is
  /// one by chance.
  var density: Double {
    guard let range else { return 1 }
    return Double(distinct) / (range.upperBound - range.lowerBound + 1)
  }

  fileprivate func differsInWriting(from other: ColumnProfile) -> Bool {
    let written = { (column: ColumnProfile) in Set(column.kinds.keys).subtracting([.blank]) }
    return written(self) != written(other)
  }
}
