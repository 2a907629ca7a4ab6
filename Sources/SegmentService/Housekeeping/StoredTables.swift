import SegmentCompiler
import SegmentEngines

/// The tables of the data file.
struct StoredTables {
  private let database: DuckDBDatabase

  init(_ database: DuckDBDatabase) { self.database = database }

  struct Space: Sendable, Equatable {
    /// Of the file, its log left out.
    var bytes: Int
    /// Of that, what the next loads write into.
    var free: Int
  }

  /// Names of all tables, in the order in which they were made.
  func all() async throws -> [String] {
    let rows = try await database.connect().rows(
      """
      SELECT table_name FROM duckdb_tables()
      WHERE database_name = current_database() AND NOT temporary ORDER BY table_oid
      """)
    return rows.compactMap { $0[0].string }
  }

  /// Names of those that could be parts, such as `Order@12`.
  func parts() async throws -> [String] {
    try await all().filter { !$0.hasPrefix("_muster") && $0.contains(/@[0-9]+$/) }
  }

  /// Drops tables and gives their space back: to the system where it is at the end of the file, else to the
  /// next loads. A table that is not there is none to drop.
  func drop(_ names: some Sequence<String>) async throws {
    let connection = try database.connect()
    for name in names { try await connection.execute("DROP TABLE IF EXISTS \(identifier: name)") }
    try await connection.checkpoint()
  }

  /// How much of the file a table fills. Blocks that tables share count for each of them.
  func bytes(of name: String) async throws -> Int {
    let connection = try database.connect()
    let blocks = try await connection.rows(
      """
      SELECT count(DISTINCT block_id)
      FROM pragma_storage_info(\(.literal(SQLQuery("\(identifier: name)").text)))
      WHERE block_id >= 0
      """)
    return Int(blocks[0][0].integer ?? 0) * (try await space(connection).block)
  }

  func space() async throws -> Space {
    let (total, free, block) = try await space(database.connect())
    return Space(bytes: total * block, free: free * block)
  }

  private func space(_ connection: DuckDBConnection) async throws -> (
    total: Int, free: Int, block: Int
  ) {
    let rows = try await connection.rows(
      "SELECT total_blocks, free_blocks, block_size FROM pragma_database_size() LIMIT 1")
    let numbers = rows[0].map { Int($0.integer ?? 0) }
    return (numbers[0], numbers[1], numbers[2])
  }
}
