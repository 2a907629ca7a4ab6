import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Checks keys of a table's rows, wherever they are.
struct DataChecks {
  let connection: DuckDBConnection
  let table: String
  let rows: SQLQuery
  let files: [SourceFile]

  /// Missing and duplicate values of a key.
  func key(_ attributes: [String], what: String, mayBeMissing: Bool) async throws -> [LoadProblem] {
    guard !attributes.isEmpty else { return [] }
    let columns = attributes.map { "\(identifier: $0)" as SQLQuery }
    let isMissing = columns.map { "\($0) IS NULL" as SQLQuery }.joined(" OR ")
    let names = attributes.joined(separator: ", ")
    var problems: [LoadProblem] = []
    if !mayBeMissing {
      problems += try await problem(
        "The \(what) \(names) is missing in %d.", where: isMissing, value: values(columns))
    }
    let list = columns.joined(", ")
    let duplicated: SQLQuery = """
      (\(list)) IN (SELECT \(columns.count == 1 ? list : "(\(list))" as SQLQuery) FROM \(rows)
        WHERE NOT (\(isMissing)) GROUP BY \(list) HAVING count(*) > 1)
      """
    let hasDuplicates = try await connection.rows(
      "SELECT 1 FROM \(rows) WHERE NOT (\(isMissing)) GROUP BY \(list) HAVING count(*) > 1 LIMIT 1")
    if !hasDuplicates.isEmpty {
      problems += try await problem(
        "The \(what) \(names) is not unique: %d share theirs with others.",
        where: duplicated, value: values(columns))
    }
    return problems
  }

  /// A key as it is shown.
  private func values(_ columns: [SQLQuery]) -> SQLQuery {
    let texts = columns.map { "coalesce(CAST(\($0) AS VARCHAR), 'missing')" as SQLQuery }
    return "concat_ws(', ', \(texts.joined(", ")))"
  }

  /// - Parameter message: with `%d` for the rows.
  private func problem(
    _ message: String, where condition: SQLQuery, value: SQLQuery
  ) async throws -> [LoadProblem] {
    let count = try await connection.rows("SELECT count(*) FROM \(rows) WHERE \(condition)")
    guard let count = count[0][0].integer, count > 0 else { return [] }
    let examples = try await connection.rows(
      """
      SELECT \(identifier: Part.rowColumn), \(value) FROM \(rows) WHERE \(condition)
      ORDER BY \(identifier: Part.rowColumn) LIMIT 5
      """)
    return [
      LoadProblem(
        message: message.replacing("%d", with: count.counted("row")), count: Int(count),
        examples: examples.compactMap { row in
          row[0].integer.flatMap { RowPlace(id: $0, files: files) }.map {
            LoadProblem.Example(file: $0.file, row: $0.row, value: row[1].string ?? "")
          }
        })
    ]
  }
}
