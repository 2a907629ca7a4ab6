import CDuckDB
import SegmentCompiler

/// The statements of a connection, one after another; ``DuckDBConnection/perform(_:)`` lends it.
public final class DuckDBSession {
  private let connection: ConnectionHandle
  /// Statements that are run again and again, by their text.
  private var prepared: [String: duckdb_prepared_statement] = [:]

  init(_ connection: ConnectionHandle) { self.connection = connection }

  deinit {
    for var statement: duckdb_prepared_statement? in prepared.values {
      duckdb_destroy_prepare(&statement)
    }
  }

  /// Runs a statement and returns how many rows it changed.
  @discardableResult
  public func execute(_ query: SQLQuery) throws -> Int {
    try run(query) { Int(duckdb_rows_changed(&$0)) }
  }

  /// All rows of a small result, with the columns' names.
  public func result(_ query: SQLQuery) throws -> DuckDBResult {
    try run(query) { raw in
      let columns = (0..<duckdb_column_count(&raw)).map {
        String(cString: duckdb_column_name(&raw, $0))
      }
      var rows: [[DuckDBValue]] = []
      try forEachChunk(of: raw) { chunk in
        let vectors = chunk.columns
        for row in 0..<chunk.rowCount { rows.append(try vectors.map { try $0.value(row) }) }
      }
      return DuckDBResult(columns: columns, rows: rows)
    }
  }

  public func rows(_ query: SQLQuery) throws -> [[DuckDBValue]] { try result(query).rows }

  /// Hands over a result piece by piece, in the result's order.
  public func forEachChunk(
    _ query: SQLQuery, body: (borrowing DuckDBChunk) throws -> Void
  ) throws {
    try run(query) { try forEachChunk(of: $0, body) }
  }

  /// The ordinals in the first column, which must be UINTEGER; missing ones are skipped.
  ///
  /// - Parameter isRepeated: whether the same statement will be run again and again with other values: then it is
  ///   prepared once.
  public func members(_ query: SQLQuery, isRepeated: Bool = false) throws -> MemberSet {
    try run(query, isRepeated: isRepeated) { raw in
      guard duckdb_column_type(&raw, 0) == DUCKDB_TYPE_UINTEGER else {
        throw DuckDBError(
          message: "The first column of a query for members must be UINTEGER.", sql: query.text,
          category: .sql)
      }
      var set = MemberSet()
      try forEachChunk(of: raw) { chunk in
        chunk.column(0).withUInt32s { set.insert(contentsOf: $0) }
      }
      return set
    }
  }

  /// Makes the set a temporary table with one column `ordinal`, in ascending order.
  public func store(_ set: MemberSet, asTemporaryTable name: String) throws {
    try execute("CREATE OR REPLACE TEMPORARY TABLE \(identifier: name) (ordinal UINTEGER NOT NULL)")
    try OrdinalAppender.append(set, toTemporaryTable: name, of: connection)
  }

  /// Makes keys, all of one kind, a temporary table with the columns `number`, counted from 0, and `key`.
  public func store(_ keys: [ProfileKey], asTemporaryTable name: String) throws {
    let areIntegers = if case .integer = keys.first { true } else { false }
    let type: SQLQuery = areIntegers ? "BIGINT" : "VARCHAR"
    try execute(
      "CREATE OR REPLACE TEMPORARY TABLE \(identifier: name) (number UINTEGER NOT NULL, key \(type))"
    )
    try KeyAppender.append(
      keys, areIntegers: areIntegers, toTemporaryTable: name, of: connection)
  }

  /// Runs `body` in one transaction, which is rolled back where it throws.
  @discardableResult
  public func transaction<Value>(_ body: (DuckDBSession) throws -> Value) throws -> Value {
    try execute("BEGIN TRANSACTION")
    do {
      let value = try body(self)
      try execute("COMMIT")
      return value
    } catch {
      // A failed COMMIT has rolled back already, and then there is no transaction to end; and a
      // cancelled task must still be able to end it.
      try? run("ROLLBACK", evenIfCancelled: true) { _ in }
      throw error
    }
  }

  // MARK: - Running

  private func run<Value>(
    _ query: SQLQuery, isRepeated: Bool = false, evenIfCancelled: Bool = false,
    _ read: (inout duckdb_result) throws -> Value
  ) throws -> Value {
    var statement = try prepared[query.text] ?? prepare(query)
    if isRepeated { prepared[query.text] = statement }
    defer { if !isRepeated { duckdb_destroy_prepare(&statement) } }
    try bind(query, to: statement)
    // From here on an interrupt is not forgotten, so a cancellation before it is asked for and one after it
    // interrupts: none is missed.
    var pending: duckdb_pending_result?
    defer { duckdb_destroy_pending(&pending) }
    guard duckdb_pending_prepared(statement, &pending) == DuckDBSuccess else {
      throw error(duckdb_pending_error(pending), query)
    }
    if !evenIfCancelled { try Task.checkCancellation() }
    var raw = duckdb_result()
    defer { duckdb_destroy_result(&raw) }
    guard duckdb_execute_pending(pending, &raw) == DuckDBSuccess else {
      throw error(duckdb_result_error(&raw), query, type: duckdb_result_error_type(&raw))
    }
    return try read(&raw)
  }

  private func prepare(_ query: SQLQuery) throws -> duckdb_prepared_statement? {
    var statement: duckdb_prepared_statement?
    guard duckdb_prepare(connection.raw, query.text, &statement) == DuckDBSuccess else {
      defer { duckdb_destroy_prepare(&statement) }
      throw error(duckdb_prepare_error(statement), query)
    }
    return statement
  }

  private func bind(_ query: SQLQuery, to statement: duckdb_prepared_statement?) throws {
    let expected = Int(duckdb_nparams(statement))
    guard expected == query.values.count else {
      throw DuckDBError(
        message: "The statement has \(expected) parameters but \(query.values.count) values.",
        sql: query.text, category: .sql)
    }
    for (index, value) in query.values.enumerated()
    where value.bind(to: statement, at: idx_t(index + 1)) != DuckDBSuccess {
      throw error(duckdb_prepare_error(statement), query)
    }
  }

  private func forEachChunk(
    of raw: duckdb_result, _ body: (borrowing DuckDBChunk) throws -> Void
  ) throws {
    while let handle = duckdb_fetch_chunk(raw) {
      let chunk = DuckDBChunk(handle)
      if chunk.rowCount == 0 { break }
      try body(chunk)
    }
  }

  private func error(
    _ message: UnsafePointer<CChar>?, _ query: SQLQuery,
    type: duckdb_error_type = DUCKDB_ERROR_INVALID
  ) -> DuckDBError {
    let message = message.map { String(cString: $0) } ?? "DuckDB gave no reason."
    return DuckDBError(message: message, sql: query.text, type: type)
      .naming(connection.database.file(of: message))
  }
}

/// All rows of a small result, with the columns' names.
public struct DuckDBResult: Sendable, Equatable {
  public var columns: [String]
  public var rows: [[DuckDBValue]]
}

extension SQLValue {
  fileprivate func bind(to statement: duckdb_prepared_statement?, at index: idx_t) -> duckdb_state {
    switch self {
    case .null: duckdb_bind_null(statement, index)
    case .boolean(let value): duckdb_bind_boolean(statement, index, value)
    case .integer(let value): duckdb_bind_int64(statement, index, value)
    case .double(let value): duckdb_bind_double(statement, index, value)
    case .date(let days): duckdb_bind_date(statement, index, duckdb_date(days: days))
    case .instant(let micros):
      duckdb_bind_timestamp(statement, index, duckdb_timestamp(micros: micros))
    case .text(let text): SQLValue.bind(text.utf8, to: statement, at: index)
    case .decimal(let digits): SQLValue.bind(Array(digits.utf8), to: statement, at: index)
    case .blob(let bytes):
      bytes.withUnsafeBytes {
        duckdb_bind_blob(statement, index, $0.baseAddress ?? SQLValue.nothing, idx_t($0.count))
      }
    }
  }

  private static func bind(
    _ utf8: [UInt8], to statement: duckdb_prepared_statement?, at index: idx_t
  ) -> duckdb_state {
    utf8.withUnsafeBytes {
      let start = $0.baseAddress ?? nothing
      return duckdb_bind_varchar_length(
        statement, index, start.assumingMemoryBound(to: CChar.self), idx_t($0.count))
    }
  }

  /// An address for empty values, which must not be a null pointer.
  private static var nothing: UnsafeRawPointer {
    UnsafeRawPointer(bitPattern: MemoryLayout<Int>.alignment)!
  }
}
