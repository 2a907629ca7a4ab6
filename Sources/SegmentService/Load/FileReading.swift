import SegmentCompiler
import SegmentEngines

/// How one file is read by DuckDB.
struct FileReading {
  let path: String
  let format: FileFormat
  let source: DataSource

  /// A column of a file; texts are all that CSV and NDJSON have.
  struct Column {
    var name: String
    /// DuckDB's name of the type.
    var type = "VARCHAR"
  }

  /// The columns, in the order of the file.
  func columns(_ connection: DuckDBConnection) async throws -> [Column] {
    switch format {
    case .csv:
      let records = LenientCSV.records(
        of: try await lines(connection), delimiter: source.delimiter, most: 1)
      return (records.first ?? []).map { Column(name: $0) }
    case .ndjson:
      let rows = try await connection.rows(
        """
        SELECT k FROM (SELECT unnest(json_keys(json)) AS k,
          generate_subscripts(json_keys(json), 1) AS p
          FROM read_ndjson_objects(\(argument)) WHERE json_type(json) = 'OBJECT')
        GROUP BY k ORDER BY min(p), k
        """)
      return rows.compactMap { $0[0].string }.map { Column(name: $0) }
    case .parquet:
      let rows = try await connection.rows("DESCRIBE SELECT * FROM read_parquet(\(argument))")
      return rows.map { Column(name: $0[0].string ?? "", type: $0[1].string ?? "") }
    }
  }

  /// The first lines of a text file as they are: DuckDB's own reading of a header renames columns and
  /// skips odd lines.
  func lines(_ connection: DuckDBConnection) async throws -> [String] {
    let lines = try await connection.rows(
      """
      SELECT line FROM read_csv(\(argument), header = false, auto_detect = false,
        columns = {line: 'VARCHAR'}, delim = chr(1), quote = '', escape = '',
        strict_mode = false, max_line_size = 16777216) LIMIT 100
      """)
    return lines.map { $0[0].string ?? "" }
  }

  /// `wanted` columns as `c0`, `c1` …, and the row's number `n`, counted from 1.
  func rows(_ wanted: [String], of columns: [Column]) -> SQLQuery {
    switch format {
    case .csv:
      // By position: DuckDB takes no column without a name.
      let places = wanted.map { name in columns.firstIndex { $0.name == name } ?? columns.count }
      return """
        SELECT \(list(places.map { "k\($0)" }))row_number() OVER () AS n
        FROM read_csv(\(argument), header = true, auto_detect = false,
          columns = \(texts(columns.indices.map { "k\($0)" })), \(csvOptions))
        """
    case .ndjson:
      guard !wanted.isEmpty else {
        return "SELECT row_number() OVER () AS n FROM read_ndjson_objects(\(argument))"
      }
      let fields = wanted.enumerated().map { index, name in
        "o.\(identifier: name) AS \(identifier: "c\(index)"), " as SQLQuery
      }
      return """
        SELECT \(fields.joined(""))n FROM (
          SELECT json_transform(\(Self.exactLine), \(structure(wanted))) AS o,
            row_number() OVER () AS n FROM read_ndjson_objects(\(argument)))
        """
    case .parquet:
      return """
        SELECT \(list(wanted))file_row_number + 1 AS n
        FROM read_parquet(\(argument), file_row_number = true)
        """
    }
  }

  private func list(_ names: [String]) -> SQLQuery {
    let selected = names.enumerated().map { index, name in
      "\(identifier: name) AS \(identifier: "c\(index)"), " as SQLQuery
    }
    return selected.joined("")
  }

  /// Every field as text, for `json_transform`.
  private func structure(_ names: [String]) -> SQLQuery {
    let fields = names.map { name in
      let escaped = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      return "\"\(escaped)\":\"VARCHAR\""
    }
    return .literal("{" + fields.joined(separator: ",") + "}")
  }

  /// The line, with fractions in quotes where it has one that DuckDB would change: it reads them as
  /// doubles, which hold 15 digits, and writes small ones with an exponent.
  ///
  /// Strings are matched first, so that what looks like a number in them stays; the marks U+0001 and
  /// U+0002 cannot stand in JSON unescaped.
  private static let exactLine: SQLQuery = """
    CASE WHEN regexp_matches(CAST(json AS VARCHAR), '[0-9.]{16}|0\\.000')
      THEN replace(replace(replace(regexp_replace(CAST(json AS VARCHAR),
        '("(?:[^"\\\\]|\\\\.)*")|(-?[0-9]+\\.[0-9]+(?:[eE][-+]?[0-9]+)?)',
        '\\1' || chr(1) || '\\2' || chr(2), 'g'), chr(1) || chr(2), ''), chr(1), '"'), chr(2), '"')
      ELSE CAST(json AS VARCHAR) END
    """

  private var csvOptions: SQLQuery {
    """
    delim = \(.literal(source.delimiter)), quote = '"', escape = '"', nullstr = '',
    all_varchar = true, allow_quoted_nulls = false, strict_mode = true, max_line_size = 16777216
    """
  }

  private func texts(_ names: [String]) -> SQLQuery {
    let fields = names.map { "\(.literal($0)): 'VARCHAR'" as SQLQuery }
    return "{\(fields.joined(", "))}"
  }

  /// The path, its own `*`, `?` and `[` meaning themselves.
  private var argument: SQLQuery {
    .literal(path.map { "*?[".contains($0) ? "[\($0)]" : String($0) }.joined())
  }
}
