import CDuckDB
import SegmentCompiler

/// A piece of a result (at most 2,048 rows), stored by column.
public struct DuckDBChunk: ~Copyable {
  private var handle: duckdb_data_chunk?

  init(_ handle: duckdb_data_chunk) { self.handle = handle }

  deinit {
    var handle = handle
    duckdb_destroy_data_chunk(&handle)
  }

  public var rowCount: Int { Int(duckdb_data_chunk_get_size(handle)) }
  public var columnCount: Int { Int(duckdb_data_chunk_get_column_count(handle)) }

  /// A column; it must not be used after the chunk.
  public func column(_ index: Int) -> DuckDBColumn {
    DuckDBColumn(duckdb_data_chunk_get_vector(handle, idx_t(index)), rowCount: rowCount)
  }

  public var columns: [DuckDBColumn] { (0..<columnCount).map { column($0) } }
}

/// A column of a ``DuckDBChunk``, valid as long as that is.
public struct DuckDBColumn {
  public let rowCount: Int
  private let data: UnsafeMutableRawPointer?
  private let validity: UnsafeMutablePointer<UInt64>?
  private let shape: Shape

  /// How a value lies in memory.
  private indirect enum Shape {
    case boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, int128
    case float, double, date, instant, text, blob, null
    case decimal(Shape, scale: Int)
    case list(DuckDBColumn)
    case unknown(UInt32)
  }

  init(_ vector: duckdb_vector?, rowCount: Int) {
    self.rowCount = rowCount
    data = duckdb_vector_get_data(vector)
    validity = duckdb_vector_get_validity(vector)
    var type = duckdb_vector_get_column_type(vector)
    defer { duckdb_destroy_logical_type(&type) }
    switch duckdb_get_type_id(type) {
    case DUCKDB_TYPE_DECIMAL:
      shape = .decimal(
        DuckDBColumn.shape(duckdb_decimal_internal_type(type)),
        scale: Int(duckdb_decimal_scale(type)))
    case DUCKDB_TYPE_LIST:
      shape = .list(DuckDBColumn(duckdb_list_vector_get_child(vector), rowCount: 0))
    case let simple:
      shape = DuckDBColumn.shape(simple)
    }
  }

  private static func shape(_ type: duckdb_type) -> Shape {
    switch type {
    case DUCKDB_TYPE_BOOLEAN: .boolean
    case DUCKDB_TYPE_TINYINT: .int8
    case DUCKDB_TYPE_SMALLINT: .int16
    case DUCKDB_TYPE_INTEGER: .int32
    case DUCKDB_TYPE_BIGINT: .int64
    case DUCKDB_TYPE_UTINYINT: .uint8
    case DUCKDB_TYPE_USMALLINT: .uint16
    case DUCKDB_TYPE_UINTEGER: .uint32
    case DUCKDB_TYPE_UBIGINT: .uint64
    case DUCKDB_TYPE_HUGEINT: .int128
    case DUCKDB_TYPE_FLOAT: .float
    case DUCKDB_TYPE_DOUBLE: .double
    case DUCKDB_TYPE_DATE: .date
    case DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_TIMESTAMP_TZ: .instant
    case DUCKDB_TYPE_VARCHAR: .text
    case DUCKDB_TYPE_BLOB: .blob
    case DUCKDB_TYPE_SQLNULL: .null
    default: .unknown(UInt32(type.rawValue))
    }
  }

  public func isNull(_ row: Int) -> Bool {
    guard let validity else { return false }
    return validity[row >> 6] & (1 << UInt64(row & 63)) == 0
  }

  /// The value in `row`, whatever the column's type.
  ///
  /// - Throws: ``DuckDBError`` for types that have no ``DuckDBValue``, such as STRUCT or TIME.
  public func value(_ row: Int) throws -> DuckDBValue {
    if isNull(row) { return .null }
    switch shape {
    case .boolean: return .boolean(load(row, as: Bool.self))
    case .float: return .double(Double(load(row, as: Float.self)))
    case .double: return .double(load(row, as: Double.self))
    case .date: return .date(load(row, as: Int32.self))
    case .instant: return .instant(load(row, as: Int64.self))
    case .text: return .text(Text(utf8: withBytes(row) { Array($0) }))
    case .blob: return .blob(withBytes(row) { Array($0) })
    case .null: return .null
    case .decimal(let storage, let scale):
      return .decimal(decimalText(number(row, storage), scale: scale))
    case .list(let child):
      let entry = load(row, as: duckdb_list_entry.self)
      return .list(
        try (entry.offset..<entry.offset + entry.length).map { try child.value(Int($0)) })
    case .unknown(let type):
      throw DuckDBError(
        message: "A result column has DuckDB's type \(type), which is not read here; cast it.",
        category: .sql)
    case let integer:
      let number = number(row, integer)
      return Int64(exactly: number).map { .integer($0) } ?? .decimal(String(number))
    }
  }

  /// The values of a UINTEGER column that are not missing, at once.
  public func withUInt32s<Value>(_ body: (UnsafeBufferPointer<UInt32>) throws -> Value) rethrows
    -> Value
  {
    guard case .uint32 = shape, let data else { preconditionFailure("not a UINTEGER column") }
    let all = UnsafeBufferPointer(start: data.assumingMemoryBound(to: UInt32.self), count: rowCount)
    guard validity != nil else { return try body(all) }
    let present = (0..<rowCount).compactMap { isNull($0) ? nil : all[$0] }
    return try present.withUnsafeBufferPointer(body)
  }

  /// The bytes of a VARCHAR or BLOB that is not missing, without a copy.
  public func withBytes<Value>(
    _ row: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
  ) rethrows -> Value {
    let string = data!.assumingMemoryBound(to: duckdb_string_t.self) + row
    let count = Int(duckdb_string_t_length(string.pointee))
    return try body(UnsafeRawBufferPointer(start: duckdb_string_t_data(string), count: count))
  }

  private func load<Value: BitwiseCopyable>(_ row: Int, as type: Value.Type) -> Value {
    data!.load(fromByteOffset: row * MemoryLayout<Value>.stride, as: type)
  }

  private func number(_ row: Int, _ shape: Shape) -> Int128 {
    switch shape {
    case .int8: Int128(load(row, as: Int8.self))
    case .int16: Int128(load(row, as: Int16.self))
    case .int32: Int128(load(row, as: Int32.self))
    case .int64: Int128(load(row, as: Int64.self))
    case .uint8: Int128(load(row, as: UInt8.self))
    case .uint16: Int128(load(row, as: UInt16.self))
    case .uint32: Int128(load(row, as: UInt32.self))
    case .uint64: Int128(load(row, as: UInt64.self))
    case .int128:
      // By halves: vectors are aligned to 8 bytes only.
      Int128(
        truncatingIfNeeded: UInt128(
          UInt64(bitPattern: load(row, as: duckdb_hugeint.self).upper)) << 64
          | UInt128(load(row, as: duckdb_hugeint.self).lower))
    default: preconditionFailure("not an integer column")
    }
  }
}
