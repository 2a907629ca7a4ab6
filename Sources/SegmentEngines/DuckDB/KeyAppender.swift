import CDuckDB
import SegmentCompiler

/// Appends keys, all of one kind, to a table with their numbers from 0, by whole vectors.
enum KeyAppender {
  static func append(
    _ keys: [ProfileKey], areIntegers: Bool, toTemporaryTable name: String,
    of connection: ConnectionHandle
  ) throws {
    var appender: duckdb_appender?
    defer { duckdb_appender_destroy(&appender) }
    let created = duckdb_appender_create_ext(connection.raw, "temp", "main", name, &appender)
    guard created == DuckDBSuccess else { throw DuckDBError(appender: appender) }

    var types = [
      duckdb_create_logical_type(DUCKDB_TYPE_UINTEGER),
      duckdb_create_logical_type(areIntegers ? DUCKDB_TYPE_BIGINT : DUCKDB_TYPE_VARCHAR),
    ]
    defer { for index in types.indices { duckdb_destroy_logical_type(&types[index]) } }
    let capacity = Int(duckdb_vector_size())
    for start in stride(from: 0, to: keys.count, by: capacity) {
      try Task.checkCancellation()
      // A new chunk each time: texts belong to it, and would pile up.
      var chunk = duckdb_create_data_chunk(&types, 2)
      defer { duckdb_destroy_data_chunk(&chunk) }
      let part = keys[start..<min(start + capacity, keys.count)]
      fill(chunk, with: part)
      guard duckdb_append_data_chunk(appender, chunk) == DuckDBSuccess else {
        throw DuckDBError(appender: appender)
      }
    }
    guard duckdb_appender_close(appender) == DuckDBSuccess else {
      throw DuckDBError(appender: appender)
    }
  }

  private static func fill(_ chunk: duckdb_data_chunk?, with keys: ArraySlice<ProfileKey>) {
    let numbers = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0))!
      .assumingMemoryBound(to: UInt32.self)
    let vector = duckdb_data_chunk_get_vector(chunk, 1)
    let values = duckdb_vector_get_data(vector)!
    for (row, (index, key)) in zip(keys.indices, keys).enumerated() {
      numbers[row] = UInt32(index)
      switch key {
      case .integer(let number):
        values.storeBytes(
          of: number, toByteOffset: row * MemoryLayout<Int64>.stride, as: Int64.self)
      case .text(let text):
        text.utf8.withUnsafeBytes {
          let start = $0.baseAddress?.assumingMemoryBound(to: CChar.self)
          duckdb_vector_assign_string_element_len(vector, idx_t(row), start, idx_t($0.count))
        }
      }
    }
    duckdb_data_chunk_set_size(chunk, idx_t(keys.count))
  }
}
