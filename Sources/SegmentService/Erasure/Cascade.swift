import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Rows in the engine: a part, or rows that a load has staged.
struct StoredRows: Sendable {
  /// Tells them from others of the same table.
  let id: Int64
  let table: String
  let sql: SQLQuery
  /// DuckDB's names of types, by column.
  let columns: [String: String]
  var routes: [Route] = []
  /// Whether rows can be marked; those of a derived table that is not made yet cannot.
  var isStored = true
}

/// DuckDB's names of the types of all columns of a database.
struct StoredColumns {
  private var tables: [String: [String: String]] = [:]

  /// - Parameter database: nil for the one that is open.
  init(_ connection: DuckDBConnection, database: String? = nil) async throws {
    let database: SQLQuery = database.map { "\(bind: .text($0))" } ?? "current_database()"
    let rows = try await connection.rows(
      """
      SELECT table_name, column_name, data_type FROM duckdb_columns()
      WHERE database_name = \(database)
      """)
    for row in rows {
      guard let table = row[0].string, let column = row[1].string else { continue }
      tables[table, default: [:]][column] = row[2].string
    }
  }

  var names: [String] { tables.keys.sorted() }

  func types(of table: String) -> [String: String] { tables[table] ?? [:] }
}

/// The tables of one data version, and how their rows refer to each other.
struct DataView: Sendable {
  var rows: [String: StoredRows]
  var links: [Link]
}

/// A set of keys of one attribute.
struct KeySet: Hashable {
  enum Kind: Hashable {
    case suppressed(SuppressedKey.Kind)
    /// To what erased rows referred one-to-one.
    case referredTo
  }

  var kind: Kind
  var place: KeyPlace

  init(_ kind: SuppressedKey.Kind, _ place: KeyPlace) {
    self.kind = .suppressed(kind)
    self.place = place
  }

  init(referredTo place: KeyPlace) {
    kind = .referredTo
    self.place = place
  }
}

/// Finds everything that is of erased profiles: marks rows, and references that become missing.
///
/// Keys come first (those of the profiles); ``follow(_:)`` goes from keys to rows, and from these rows to
/// their keys, until nothing is added. Keys and marks are kept in temporary tables of the connection.
final class Cascade {
  let connection: DuckDBConnection
  private var numbers: [KeySet: Int] = [:]
  private var forms: [KeySet: Set<KeyText.Form>] = [:]
  private(set) var sizes: [KeySet: Int] = [:]
  /// How many marks there are, by rows.
  private(set) var marks: [Int64: Int] = [:]
  /// What each step had found when it was taken last: without anything new it finds nothing new.
  var taken: [Step: [Int]] = [:]

  struct Step: Hashable {
    var link: Link
    var isOwned: Bool
    var rows: [Int64]
  }

  static let keys: SQLQuery = "\(identifier: "_muster_erased_keys")"
  static let marks: SQLQuery = "\(identifier: "_muster_erased_rows")"

  init(_ connection: DuckDBConnection) async throws {
    self.connection = connection
    try await connection.execute(
      """
      CREATE OR REPLACE TEMPORARY TABLE \(Cascade.keys)
        ("set" INTEGER NOT NULL, form VARCHAR NOT NULL, value VARCHAR NOT NULL)
      """)
    try await connection.execute(
      """
      CREATE OR REPLACE TEMPORARY TABLE \(Cascade.marks)
        (rows BIGINT NOT NULL, "row" BIGINT NOT NULL, attribute VARCHAR)
      """)
  }

  // MARK: Keys

  var sets: [KeySet: Int] { numbers }

  func number(of set: KeySet) -> Int {
    if let number = numbers[set] { return number }
    numbers[set] = numbers.count
    return numbers[set]!
  }

  /// Adds texts of keys, a query of one column.
  func add(_ texts: SQLQuery, as form: KeyText.Form, to set: KeySet) async throws {
    let added = try await connection.execute(
      """
      INSERT INTO \(Cascade.keys)
      SELECT \(number: number(of: set)), \(bind: .text(form.rawValue)), value
      FROM (\(texts)) AS texts(value) WHERE value IS NOT NULL
      EXCEPT SELECT "set", form, value FROM \(Cascade.keys)
      """)
    if added > 0 {
      forms[set, default: []].insert(form)
      sizes[set, default: 0] += added
    }
  }

  /// Adds the values of an attribute in some of its rows, which the condition calls `r`.
  func add(
    _ attribute: String, of rows: StoredRows, where condition: SQLQuery, to set: KeySet
  ) async throws {
    guard let type = rows.columns[attribute] else { return }
    let text = KeyText(type: type)
    try await add(
      "SELECT \(text.text("r.\(identifier: attribute)")) FROM \(rows.sql) AS r WHERE \(condition)",
      as: text.form, to: set)
  }

  /// Whether an attribute of the rows `r` is in one of the sets.
  func isKey(_ attribute: String, of rows: StoredRows, in sets: [KeySet]) -> SQLQuery {
    guard let type = rows.columns[attribute] else { return "false" }
    let known = sets.compactMap { numbers[$0] }
    guard !known.isEmpty else { return "false" }
    let list = known.map { "\(number: $0)" as SQLQuery }.joined(", ")
    let keys: SQLQuery = "(FROM \(Cascade.keys) WHERE \"set\" IN (\(list)))"
    return KeyText(type: type).isAmong(
      keys, "r.\(identifier: attribute)",
      forms: sets.reduce(into: []) { $0.formUnion(forms[$1] ?? []) })
  }

  // MARK: Marks

  /// Whether the row `r` goes.
  func isMarked(_ rows: StoredRows) -> SQLQuery {
    guard rows.isStored else { return "false" }
    return """
      r.\(identifier: Part.rowColumn) IN (SELECT "row" FROM \(Cascade.marks)
        WHERE rows = \(bind: .integer(rows.id)) AND attribute IS NULL)
      """
  }

  /// Marks rows, or the values of one of their attributes.
  func mark(
    _ rows: StoredRows, attribute: String? = nil, where condition: SQLQuery
  ) async throws {
    guard rows.isStored else { return }
    let attribute: SQLQuery = "CAST(\(bind: attribute.map { .text($0) } ?? .null) AS VARCHAR)"
    let added = try await connection.execute(
      """
      INSERT INTO \(Cascade.marks)
      SELECT \(bind: .integer(rows.id)), r.\(identifier: Part.rowColumn), \(attribute)
      FROM \(rows.sql) AS r WHERE (\(condition)) AND r.\(identifier: Part.rowColumn) NOT IN (
        SELECT "row" FROM \(Cascade.marks) WHERE rows = \(bind: .integer(rows.id))
          AND (attribute IS NULL OR attribute = \(attribute)))
      """)
    marks[rows.id, default: 0] += added
  }

  /// Whether any of the rows go or lose a value.
  func isTouched(_ rows: StoredRows) -> Bool { (marks[rows.id] ?? 0) > 0 }
}
