import CDuckDB
import SegmentCompiler

/// What DuckDB reported, with the statement that failed but without the values bound to it.
public struct DuckDBError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Category: String, Sendable {
    case outOfMemory, interrupted, conversion, outOfRange, constraint, io, transaction, sql, fatal
    /// libduckdb was not found or does not fit.
    case library
    case other
  }

  /// The engine's own words; they may quote data.
  public var message: String
  /// The statement with `?` for values; nil where none was involved.
  public var sql: String?
  public var category: Category

  public init(message: String, sql: String? = nil, category: Category) {
    self.message = message
    self.sql = sql
    self.category = category
  }

  /// Whether the same statement may succeed later, unchanged.
  public var isRetryable: Bool {
    switch category {
    case .outOfMemory, .interrupted, .io, .transaction: true
    default: false
    }
  }

  public var description: String { message }
}

extension DuckDBError {
  init(message: String, sql: String?, type: duckdb_error_type) {
    // DuckDB calls a failed checkpoint what made it fail; the database cannot be used any more all the same.
    let isLost = message.contains("database has been invalidated")
    let category: Category =
      switch isLost ? DUCKDB_ERROR_FATAL : type {
      case DUCKDB_ERROR_OUT_OF_MEMORY: .outOfMemory
      case DUCKDB_ERROR_INTERRUPT: .interrupted
      case DUCKDB_ERROR_CONVERSION: .conversion
      case DUCKDB_ERROR_OUT_OF_RANGE: .outOfRange
      case DUCKDB_ERROR_CONSTRAINT: .constraint
      case DUCKDB_ERROR_IO: .io
      case DUCKDB_ERROR_TRANSACTION: .transaction
      case DUCKDB_ERROR_CATALOG, DUCKDB_ERROR_PARSER, DUCKDB_ERROR_SYNTAX, DUCKDB_ERROR_BINDER: .sql
      case DUCKDB_ERROR_FATAL, DUCKDB_ERROR_INTERNAL: .fatal
      default: Category(prefixOf: message)
      }
    // It may quote a line of the data, however long that is.
    self.init(message: message.excerpt(20_000), sql: sql, category: category)
  }

  /// With the file where DuckDB does not name it: after "fsync failed!" nothing is known of that.
  func naming(_ path: String?) -> DuckDBError {
    guard category == .fatal, let path else { return self }
    var error = self
    error.message = "\(path): \(message)"
    return error
  }
}

extension DuckDBError.Category {
  /// Where DuckDB gives no error type, its message starts with one: `Binder Error: …`.
  init(prefixOf message: String) {
    let prefixes: [(String, Self)] = [
      ("Out of Memory Error", .outOfMemory), ("INTERRUPT Error", .interrupted),
      ("Conversion Error", .conversion), ("Out of Range Error", .outOfRange),
      ("Constraint Error", .constraint), ("IO Error", .io),
      ("TransactionContext Error", .transaction), ("Binder Error", .sql), ("Parser Error", .sql),
      ("Catalog Error", .sql), ("Syntax Error", .sql), ("FATAL Error", .fatal),
      ("INTERNAL Error", .fatal),
    ]
    self = prefixes.first { message.hasPrefix($0.0) }?.1 ?? .other
  }
}
