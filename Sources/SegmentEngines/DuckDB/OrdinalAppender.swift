import CDuckDB
import SegmentCompiler

/// Appends ordinals to a table by whole vectors.
enum OrdinalAppender {
  static func append(
    _ set: MemberSet, toTemporaryTable name: String, of connection: ConnectionHandle
  ) throws {
    var appender: duckdb_appender?
    defer { duckdb_appender_destroy(&appender) }
    let created = duckdb_appender_create_ext(connection.raw, "temp", "main", name, &appender)
    guard created == DuckDBSuccess else { throw DuckDBError(appender: appender) }

    var type = duckdb_create_logical_type(DUCKDB_TYPE_UINTEGER)
    defer { duckdb_destroy_logical_type(&type) }
    var chunk = duckdb_create_data_chunk(&type, 1)
    defer { duckdb_destroy_data_chunk(&chunk) }
    let capacity = Int(duckdb_vector_size())

    try set.forEachPage { page in
      var start = page.startIndex
      while start < page.endIndex {
        try Task.checkCancellation()
        let part = UnsafeBufferPointer(rebasing: page[start..<min(start + capacity, page.endIndex)])
        let vector = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0))!
        vector.copyMemory(
          from: part.baseAddress!, byteCount: part.count * MemoryLayout<UInt32>.size)
        duckdb_data_chunk_set_size(chunk, idx_t(part.count))
        guard duckdb_append_data_chunk(appender, chunk) == DuckDBSuccess else {
          throw DuckDBError(appender: appender)
        }
        start += part.count
      }
    }
    guard duckdb_appender_close(appender) == DuckDBSuccess else {
      throw DuckDBError(appender: appender)
    }
  }
}

extension DuckDBError {
  /// Why rows could not be appended.
  init(appender: duckdb_appender?) {
    var data = duckdb_appender_error_data(appender)
    defer { duckdb_destroy_error_data(&data) }
    let message = duckdb_error_data_message(data).map { String(cString: $0) }
    self.init(
      message: message ?? "DuckDB could not append.", sql: nil,
      type: duckdb_error_data_error_type(data))
  }
}
