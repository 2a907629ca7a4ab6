import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Reads stored tables as a whole.
struct StoredContent {
  let connection: DuckDBConnection
  /// nil for the data file in force.
  var database: String?

  /// What a table holds. All of it is read, so that damage of any block is found.
  ///
  /// The checksum is the sum of a hash per row (DuckDB's, 64 bits): it does not depend on the order of the
  /// rows, and costs a fraction of writing them.
  func read(_ table: String) async throws -> (content: TableContent, rows: Int64) {
    let columns = try await columns(of: table)
    guard !columns.isEmpty else { throw MissingTable(table: table) }
    let values = columns.map { "\(identifier: $0[0])" as SQLQuery }.joined(", ")
    let found = try await connection.rows(
      """
      SELECT count(*), CAST(coalesce(sum(CAST(hash(\(values)) AS HUGEINT)), 0) AS VARCHAR)
      FROM \(name(table))
      """)
    let content = TableContent(
      columns: columns, checksum: found[0][1].string ?? "", engine: try DuckDBLibrary.version())
    return (content, found[0][0].integer ?? 0)
  }

  /// Names and types of the columns, in order; none where there is no such table.
  func columns(of table: String) async throws -> [[String]] {
    let owner: SQLQuery = database.map { "\(bind: .text($0))" } ?? "current_database()"
    let rows = try await connection.rows(
      """
      SELECT column_name, data_type FROM duckdb_columns()
      WHERE database_name = \(owner) AND table_name = \(bind: .text(table)) ORDER BY column_index
      """)
    return rows.map { row in row.map { $0.string ?? "" } }
  }

  private func name(_ table: String) -> SQLQuery {
    database.map { "\(identifier: $0).main.\(identifier: table)" } ?? "\(identifier: table)"
  }
}

/// A stored table that is not there.
struct MissingTable: Error, CustomStringConvertible {
  var table: String
  var description: String { "The table \(table) is missing in the data file." }
}
