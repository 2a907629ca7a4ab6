import CDuckDB
import Foundation
import SegmentCompiler
import Testing

@testable import SegmentEngines

@Suite struct DuckDBTests {
  private func connection(_ settings: DuckDBDatabase.Settings = .init()) throws -> DuckDBConnection
  {
    try DuckDBDatabase(path: nil, settings: settings).connect()
  }

  @Test(arguments: [
    (SQLValue.null, DuckDBValue.null, "VARCHAR"),
    (.boolean(true), .boolean(true), "BOOLEAN"),
    (.integer(.min), .integer(.min), "BIGINT"),
    (.double(-0.1), .double(-0.1), "DOUBLE"),
    (.double(.infinity), .double(.infinity), "DOUBLE"),
    (.text("it's \u{0} “ok” \\ %"), .text("it's \u{0} “ok” \\ %"), "VARCHAR"),
    (.text(""), .text(""), "VARCHAR"),
    (
      .text(String(repeating: "ø", count: 100)), .text(String(repeating: "ø", count: 100)),
      "VARCHAR"
    ),
    (.blob([0, 255, 39]), .blob([0, 255, 39]), "BLOB"),
    (.blob([]), .blob([]), "BLOB"),
    (.date(-1), .date(-1), "DATE"),
    (.instant(1_700_000_000_123_456), .instant(1_700_000_000_123_456), "TIMESTAMP"),
    (.decimal("-12.50"), .decimal("-12.50"), "DECIMAL(18,2)"),
    (.decimal("0.05"), .decimal("0.05"), "DECIMAL(4,2)"),
    (
      .decimal("-99999999999999999999999999999999999.999"),
      .decimal("-99999999999999999999999999999999999.999"), "DECIMAL(38,3)"
    ),
    (
      .decimal("170141183460469231731687303715884105727"),
      .decimal("170141183460469231731687303715884105727"), "HUGEINT"
    ),
  ])
  func `a bound value comes back as it was`(
    value: SQLValue, result: DuckDBValue, type: String
  ) async throws {
    let type = SQLQuery(stringLiteral: type)
    let rows = try await connection().rows("SELECT CAST(\(bind: value) AS \(type))")
    #expect(rows == [[result]])
  }

  @Test func `every integer width, lists and columns are read`() async throws {
    let result = try await connection().result(
      """
      SELECT (-1)::TINYINT AS a, (-2)::SMALLINT AS b, (-3)::INTEGER AS c, 4::UTINYINT AS d,
        5::USMALLINT AS e, 6::UINTEGER AS f, 18446744073709551615::UBIGINT AS g,
        [1, NULL, 3] AS h, ['å', ''] AS i, NULL AS j, 1.5::FLOAT AS k,
        TIMESTAMPTZ '2024-01-01T00:00:00+01:00' AS l
      """)
    #expect(result.columns == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"])
    #expect(
      result.rows == [
        [
          .integer(-1), .integer(-2), .integer(-3), .integer(4), .integer(5), .integer(6),
          .decimal("18446744073709551615"), .list([.integer(1), .null, .integer(3)]),
          .list([.text("å"), .text("")]), .null, .double(1.5), .instant(1_704_063_600_000_000),
        ]
      ])
  }

  @Test func `canonically equivalent texts stay distinct`() async throws {
    let connection = try connection()
    try await connection.execute("CREATE TABLE t (name VARCHAR PRIMARY KEY)")
    for name in ["\u{e9}", "e\u{301}"] {
      try await connection.execute("INSERT INTO t VALUES (\(bind: .text(name)))")
    }
    let rows = try await connection.rows("SELECT name FROM t ORDER BY name")
    #expect(rows == [[.text("e\u{301}")], [.text("\u{e9}")]])
    #expect(Set(rows).count == 2)
  }

  @Test func `errors carry the message, the statement without values and a category`() async throws
  {
    let connection = try connection()
    let wrong = await #expect(throws: DuckDBError.self) {
      try await connection.rows("SELECT CAST(\(bind: .text("secret")) AS INTEGER)")
    }
    #expect(wrong?.category == .conversion)
    #expect(wrong?.sql == "SELECT CAST(? AS INTEGER)")
    #expect(wrong?.isRetryable == false)
    let unknown = await #expect(throws: DuckDBError.self) {
      try await connection.execute("SELECT * FROM nowhere")
    }
    #expect(unknown?.category == .sql)
    #expect(unknown?.message.contains("nowhere") == true)
    try await connection.execute("CREATE TABLE k (n INTEGER PRIMARY KEY)")
    let duplicate = await #expect(throws: DuckDBError.self) {
      try await connection.execute("INSERT INTO k VALUES (1), (1)")
    }
    #expect(duplicate?.category == .constraint)
    let overflow = await #expect(throws: DuckDBError.self) {
      try await connection.rows("SELECT \(bind: .integer(.max)) + 1::BIGINT")
    }
    #expect(overflow?.category == .outOfRange)
  }

  @Test func `a database that is lost is named by its file, whatever DuckDB calls the error`()
    async throws
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "duckdb-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (main, next) = (folder.appending(path: "a.duckdb").path, folder.appending(path: "b").path)
    let handle = try DatabaseHandle(path: main, options: [])
    try await DuckDBConnection(handle: ConnectionHandle(handle)).attach(next, as: "next")
    for (name, path) in [("next", next), ("a", main)] {
      let message =
        "IO Error: Checkpoint failed for database \"\(name)\". The database has been invalidated."
      let error = DuckDBError(message: message, sql: nil, type: DUCKDB_ERROR_IO)
      #expect(error.category == .fatal)
      #expect(error.naming(handle.file(of: message)).message == "\(path): \(message)")
    }
  }

  @Test func `changed rows are counted`() async throws {
    let connection = try connection()
    try await connection.execute("CREATE TABLE t AS SELECT range AS n FROM range(100)")
    #expect(try await connection.execute("DELETE FROM t WHERE n < 30") == 30)
  }

  @Test func `a transaction that throws leaves nothing behind`() async throws {
    let connection = try connection()
    try await connection.execute("CREATE TABLE t (n INTEGER)")
    struct Stop: Error {}
    await #expect(throws: Stop.self) {
      try await connection.transaction { session in
        try session.execute("INSERT INTO t VALUES (1)")
        throw Stop()
      }
    }
    try await connection.transaction { try $0.execute("INSERT INTO t VALUES (2)") }
    #expect(try await connection.rows("SELECT n FROM t") == [[.integer(2)]])
  }

  /// Runs for minutes unless it is stopped.
  private static let endless: SQLQuery =
    "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range * b.range % 7 = 3"

  @Test(.timeLimit(.minutes(30)))
  func `cancelling the task stops the statement and leaves the connection usable`() async throws {
    let connection = try connection()
    let running = Task { try await connection.rows(DuckDBTests.endless) }
    try await Task.sleep(for: .milliseconds(100))
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
    #expect(try await connection.rows("SELECT 1") == [[.integer(1)]])
  }

  @Test(.timeLimit(.minutes(30)))
  func `cancelling inside a transaction rolls back`() async throws {
    let connection = try connection()
    try await connection.execute("CREATE TABLE t (n INTEGER)")
    let running = Task {
      try await connection.transaction { session in
        try session.execute("INSERT INTO t VALUES (1)")
        return try session.rows(DuckDBTests.endless)
      }
    }
    try await Task.sleep(for: .milliseconds(100))
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
    #expect(try await connection.rows("SELECT count(*) FROM t") == [[.integer(0)]])
    try await connection.transaction { try $0.execute("INSERT INTO t VALUES (2)") }
  }

  @Test(.timeLimit(.minutes(30)))
  func `a task cancelled while it waits for its turn never runs`() async throws {
    let connection = try connection()
    try await connection.execute("CREATE TABLE t (n INTEGER)")
    let first = Task { try await connection.rows(DuckDBTests.endless) }
    while connection.progress == nil { try await Task.sleep(for: .milliseconds(1)) }
    let second = Task { try await connection.execute("INSERT INTO t VALUES (1)") }
    second.cancel()
    #expect(connection.progress != nil)
    connection.interrupt()
    let interrupted = await #expect(throws: DuckDBError.self) { try await first.value }
    #expect(interrupted?.category == .interrupted)
    #expect(interrupted?.isRetryable == true)
    await #expect(throws: CancellationError.self) { try await second.value }
    #expect(try await connection.rows("SELECT count(*) FROM t") == [[.integer(0)]])
  }

  @Test func `many connections of one database work at once`() async throws {
    let database = try DuckDBDatabase(path: nil)
    try await database.connect().execute("CREATE TABLE t AS SELECT range AS n FROM range(100000)")
    let sums = try await withThrowingTaskGroup(of: [[DuckDBValue]].self) { group in
      for _ in 0..<8 {
        let connection = try database.connect()
        group.addTask { try await connection.rows("SELECT sum(n) FROM t") }
      }
      return try await group.reduce(into: Set<[[DuckDBValue]]>()) { $0.insert($1) }
    }
    #expect(sums == [[[.integer(4_999_950_000)]]])
  }

  @Test func `ten million ordinals become a set and a table again`() async throws {
    let connection = try connection()
    let set = try await connection.members(
      """
      SELECT CASE WHEN range % 3 = 0 THEN NULL ELSE range::UINTEGER END FROM range(15000000)
      """)
    #expect(set.count == 10_000_000)
    #expect(!set.contains(0) && set.contains(1) && set.contains(14_999_999))
    try await connection.store(set, asTemporaryTable: "picked \"set\"")
    let rows = try await connection.rows(
      "SELECT count(*), min(ordinal), max(ordinal), sum(ordinal) FROM \(identifier: "picked \"set\"")"
    )
    #expect(
      rows == [
        [.integer(10_000_000), .integer(1), .integer(14_999_999), .integer(75_000_000_000_000)]
      ])
    #expect(
      try await connection.members("SELECT ordinal FROM \(identifier: "picked \"set\"")") == set)
    try await connection.store(MemberSet([7]), asTemporaryTable: "picked \"set\"")
    #expect(
      try await connection.rows("SELECT * FROM \(identifier: "picked \"set\"")") == [[.integer(7)]])
  }

  @Test func `members of another type are refused`() async throws {
    await #expect(throws: DuckDBError.self) {
      try await connection().members("SELECT 1::BIGINT")
    }
  }

  @Test func `a query larger than the memory limit spills to disk`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "duckdb-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let database = try DuckDBDatabase(
      path: folder.appending(path: "t.duckdb").path,
      settings: .init(
        memoryLimit: "64MB", threads: 2, temporaryDirectory: folder.appending(path: "spill").path))
    let connection = try database.connect()
    try await connection.execute(
      "CREATE TABLE t AS SELECT md5(range::VARCHAR) AS h, range AS n FROM range(2000000) ORDER BY h"
    )
    #expect(try await connection.rows("SELECT count(DISTINCT h) FROM t") == [[.integer(2_000_000)]])
  }

  @Test func `a file cannot be open twice, and can be opened again after it was closed`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "twice-\(UUID()).duckdb").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      let database = try DuckDBDatabase(path: path)
      #expect(throws: DuckDBError.self) { try DuckDBDatabase(path: path) }
      withExtendedLifetime(database) {}
    }
    _ = try DuckDBDatabase(path: path)
  }

  @Test func `extensions are never fetched and times are UTC`() async throws {
    let rows = try await connection().rows(
      """
      SELECT name, value FROM duckdb_settings() WHERE name IN
        ('autoinstall_known_extensions', 'autoload_known_extensions', 'TimeZone') ORDER BY name
      """)
    #expect(rows.map { $0[1] } == [.text("UTC"), .text("false"), .text("false")])
  }
}
