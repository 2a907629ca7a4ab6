import Foundation
import SegmentCompiler
import SegmentEngines

/// Reads all rows of a table's files and counts what its columns hold. Nothing is sampled.
struct TableProfiler {
  let root: URL
  let connection: DuckDBConnection

  /// Copies the rows of the files into a table of texts, with the number `f` of the file.
  ///
  /// - Throws: ``LeftOutFile`` for the file that cannot be read.
  func stage(_ group: FileGroup, id: Int) async throws -> TableProfile {
    let columns = group.columns
    let relation: SQLQuery = "\(identifier: "t\(id)")"
    let definitions =
      ["f INTEGER"] + columns.indices.map { "\(identifier: "c\($0)") VARCHAR" as SQLQuery }
    try await connection.execute(
      "CREATE OR REPLACE TABLE \(relation) (\(definitions.joined(", ")))")
    for (number, file) in group.files.enumerated() {
      let reading = file.reading(in: root)
      let own = file.columnNames
      let selected = columns.enumerated().map { index, name in
        own.firstIndex { $0 == name }.map {
          "CAST(\(identifier: "c\($0)") AS VARCHAR) AS \(identifier: "c\(index)")" as SQLQuery
        } ?? "NULL AS \(identifier: "c\(index)")"
      }
      do {
        try await connection.execute(
          """
          INSERT INTO \(relation) SELECT \(number: number), \(selected.joined(", "))
          FROM (\(reading.rows(own, of: file.columns)))
          """)
      } catch let error as DuckDBError where error.isOfFile {
        throw LeftOutFile(path: file.file.path, in: root, error: error)
      }
    }
    let rows = try await connection.rows("SELECT count(*) FROM \(relation)")
    return TableProfile(
      group: group, relation: relation, id: id, rows: Int(rows[0][0].integer ?? 0),
      columns: columns.map { name in
        let type = group.files.flatMap(\.columns).first { $0.name == name }?.type ?? "VARCHAR"
        let natural = type == "VARCHAR" ? nil : ValueConversion.natural(type)
        return ColumnProfile(
          name: name, natural: natural,
          unsupported: type == "VARCHAR" || natural != nil ? nil : type, rows: 0)
      })
  }

  /// Counts the values of each column; they stay in a table of columns `c`, values `v` and rows `n`.
  func profile(_ table: inout TableProfile, progress: (Double) -> Void) async throws {
    let values = table.allValues
    try await connection.execute(
      "CREATE OR REPLACE TABLE \(values) (c INTEGER, v VARCHAR, n BIGINT)")
    for index in table.columns.indices { table.columns[index].rows = table.rows }
    let counted = table.columns.indices.filter { table.columns[$0].unsupported == nil }
    let selects = counted.map { index in
      let column: SQLQuery = "\(identifier: "c\(index)")"
      return """
        SELECT \(number: index), \(column), count(*) FROM \(table.relation)
        WHERE \(column) IS NOT NULL GROUP BY \(column)
        """ as SQLQuery
    }
    guard !selects.isEmpty else { return }
    try await connection.execute("INSERT INTO \(values) \(selects.joined(" UNION ALL "))")
    progress(0.5)
    // One statement for all columns, as above: to plan it takes longer than to count few values.
    let counts = try await connection.rows(
      """
      SELECT \(Count.allCases.map(\.sql).joined(", "))
      FROM (SELECT c, v, n, w, TRY_CAST(w AS DOUBLE) AS x, \(TableProfiler.kind) AS kind
        FROM (SELECT c, v, n, trim(v) AS w FROM \(values)))
      GROUP BY c, kind ORDER BY c, kind
      """)
    for index in table.columns.indices {
      table.columns[index].take(
        counts.filter { $0[Count.column.rawValue].integer == Int64(index) }
          .map { row in { row[$0.rawValue] } })
      if let values = table.values(table.columns[index].name) {
        try await lookCloser(&table.columns[index], values)
      }
    }
  }

  /// What is counted of the values of one column and kind.
  enum Count: Int, CaseIterable {
    case column, kind, values, rows, first, last, shortest, longest, padded, least, greatest
    case greatestWhole, types, sentinels

    fileprivate var sql: SQLQuery {
      switch self {
      case .column: "c"
      case .kind: "kind"
      case .values: "count(*)"
      case .rows: "CAST(sum(n) AS BIGINT)"
      case .first: "min(v)"
      case .last: "max(v)"
      case .shortest: "min(length(v))"
      case .longest: "max(length(v))"
      case .padded: "CAST(coalesce(sum(n) FILTER (v <> w), 0) AS BIGINT)"
      case .least: "min(x) FILTER (isfinite(x))"
      case .greatest: "max(x) FILTER (isfinite(x))"
      case .greatestWhole: "max(TRY_CAST(w AS BIGINT))"
      case .types: TypeInference.aggregate("v", dateFormat: nil)
      case .sentinels: "count(*) FILTER (lower(w) IN (\(TableProfiler.sentinels)))"
      }
    }
  }

  /// What `w`, the text without blanks around it, looks like; as ``ValueKind``.
  private static let kind: SQLQuery = {
    let dates: SQLQuery = "'[0-9]{4}-[0-9]{2}-[0-9]{2}'"
    let kinds: [(ValueKind, SQLQuery)] = [
      (.blank, "w = ''"),
      (.whole, "regexp_full_match(w, '[-+]?(0|[1-9][0-9]{0,17})')"),
      (.leadingZero, "regexp_full_match(w, '[-+]?0[0-9]{1,17}')"),
      (.wholeWithPoint, "regexp_full_match(w, '[-+]?[0-9]{1,18}\\.0+')"),
      (.longNumber, "regexp_full_match(w, '[0-9]{19,}')"),
      (
        .number,
        "regexp_full_match(w, '[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?') OR lower(w) = 'nan'"
      ),
      (.isoDate, "regexp_full_match(w, \(dates)) AND TRY_CAST(w AS DATE) IS NOT NULL"),
      (
        .isoMidnight,
        "regexp_full_match(w, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]00:00(:00(\\.0+)?)?') AND TRY_CAST(w AS TIMESTAMP) IS NOT NULL"
      ),
      (
        .isoTime,
        "(regexp_full_match(w, '\(ValueConversion.iso)') OR regexp_full_match(w, '\(ValueConversion.isoWithZone)')) AND TRY_CAST(w AS TIMESTAMPTZ) IS NOT NULL"
      ),
      (
        .dateLike,
        "regexp_full_match(w, '([0-9]{1,4}[-/. ]([0-9]{1,2}|[A-Za-z]{3,9})[-/. ][0-9]{1,4}|[A-Za-z]{3,9}\\.? [0-9]{1,2},? [0-9]{4})([T ,].*)?')"
      ),
      (
        .writtenNumber,
        "regexp_full_match(w, '[-+(]?[$€£]? ?[-+]?[0-9]{1,3}([., ''][0-9]{3})*([.,][0-9]+)? ?[$€£%]?[)]?')"
      ),
      (.boolean, "lower(w) IN ('true', 'false', 't', 'f', 'yes', 'no', 'y', 'n')"),
    ]
    let whens = kinds.map { "WHEN \($0.1) THEN \(number: $0.0.rawValue)" as SQLQuery }
    return "CASE \(whens.joined(" ")) ELSE \(number: ValueKind.other.rawValue) END"
  }()

  // MARK: - Where the counts ask for it

  private func lookCloser(_ column: inout ColumnProfile, _ values: SQLQuery) async throws {
    guard !column.isEmpty else { return }
    if column.inferred == .text, column.padded + column.count(.blank) > 0 {
      try await inferTrimmed(&column, values)
    }
    if column.natural == nil, column.inferredTrimmed == .text || column.isOnly(.whole) {
      try await lookAtDates(&column, values)
    }
    if column.inferredTrimmed == .text { try await lookForOddOnes(&column, values) }
    try await lookForSentinels(&column, values)
  }

  private func inferTrimmed(_ column: inout ColumnProfile, _ values: SQLQuery) async throws {
    let mask = try await connection.rows(
      "SELECT \(TypeInference.aggregate("w", dateFormat: nil)) FROM (SELECT trim(v) AS w FROM \(values))"
    )
    var inference = TypeInference()
    inference.add(mask[0][0].integer)
    column.inferredTrimmed = inference.type(number: false)
  }

  /// Which formats read the values that look like dates; of whole numbers `19970131`.
  private func lookAtDates(_ column: inout ColumnProfile, _ values: SQLQuery) async throws {
    var formats: [DateFormat] = []
    if column.isOnly(.whole) {
      guard column.shortest == 8, column.longest == 8 else { return }
      formats = [DateFormat("%Y%m%d")]
    } else {
      guard column.count(.dateLike) * 2 >= column.present else { return }
      // By their shapes, digits and letters aside, so that each notation is met.
      let examples = try await connection.rows(
        """
        SELECT min(trim(v)) FROM \(values) GROUP BY regexp_replace(
          regexp_replace(trim(v), '[0-9]+', '9', 'g'), '[A-Za-z]+', 'a', 'g')
        ORDER BY sum(n) DESC LIMIT 8
        """)
      for example in examples.compactMap({ $0[0].string }) {
        for format in DateFormat.candidates(for: example) where !formats.contains(format) {
          formats.append(format)
        }
      }
    }
    guard !formats.isEmpty else { return }
    let counts = formats.map { format in
      "CAST(coalesce(sum(n) FILTER (\(format.reads("v"))), 0) AS BIGINT)" as SQLQuery
    }
    let row = try await connection.rows("SELECT \(counts.joined(", ")) FROM \(values)")[0]
    column.dates = zip(formats, row).map { DateFormatCount(format: $0, rows: Int($1.integer ?? 0)) }
      .filter { $0.rows > 0 }.sorted { $0.rows > $1.rows }
  }

  /// The values that keep a column from being one of numbers or dates.
  private func lookForOddOnes(_ column: inout ColumnProfile, _ values: SQLQuery) async throws {
    let isDate = !column.dates.isEmpty && column.dates[0].rows * 2 >= column.present
    let regular: [ValueKind] =
      isDate
      ? [.dateLike, .isoDate, .isoMidnight, .isoTime]
      : [[.whole, .wholeWithPoint, .number], [.isoDate, .isoMidnight, .isoTime], [.boolean]]
        .max { kinds(column, $0) < kinds(column, $1) }!
    let count = kinds(column, regular)
    guard count < column.present, count * 2 >= column.present else { return }
    let numbers = ([.blank] + regular).map { "\(number: $0.rawValue)" as SQLQuery }.joined(", ")
    let rows = try await connection.rows(
      """
      SELECT v, n FROM (SELECT v, n, trim(v) AS w FROM \(values))
      WHERE \(TableProfiler.kind) NOT IN (\(numbers)) ORDER BY n DESC, v LIMIT 6
      """)
    column.odd = TableProfiler.counts(rows)
    guard column.odd.allSatisfy({ Sentinels.texts.contains($0.value.lowercased()) }) else { return }
    let mask = try await connection.rows(
      "SELECT \(TypeInference.aggregate("v", dateFormat: nil)) FROM \(values) WHERE lower(v) NOT IN (\(TableProfiler.sentinels))"
    )
    var inference = TypeInference()
    inference.add(mask[0][0].integer)
    column.inferredWithoutSentinels = inference.type(number: false)
  }

  private func kinds(_ column: ColumnProfile, _ kinds: [ValueKind]) -> Int {
    kinds.reduce(0) { $0 + column.count($1) }
  }

  /// Values that stand for "no value".
  private func lookForSentinels(_ column: inout ColumnProfile, _ values: SQLQuery) async throws {
    if column.inferredTrimmed == .text {
      guard column.sentinelTexts > 0 else { return }
      column.sentinels = TableProfiler.counts(
        try await connection.rows(
          "SELECT v, n FROM \(values) WHERE lower(trim(v)) IN (\(TableProfiler.sentinels)) ORDER BY n DESC, v"
        ))
    } else if column.inferredTrimmed.isNumber, let range = column.range, Sentinels.mayHold(range) {
      let ends = try await connection.rows(
        """
        WITH x AS (SELECT TRY_CAST(trim(v) AS DOUBLE) AS x, n FROM \(values)),
          g AS (SELECT x, CAST(sum(n) AS BIGINT) AS n FROM x WHERE x IS NOT NULL GROUP BY x)
        (SELECT x, n FROM g ORDER BY x LIMIT 2) UNION ALL (SELECT x, n FROM g ORDER BY x DESC LIMIT 2)
        """)
      let found = ends.map { ($0[0].double ?? 0, Int($0[1].integer ?? 0)) }
      guard found.count == 4 else { return }
      column.sentinels = Sentinels.numbers(
        low: found[0], next: found[1].0, high: found[2], before: found[3].0)
    } else if let first = column.firstDate, let last = column.lastDate,
      Sentinels.dates.contains(String(first.prefix(10)))
        || Sentinels.dates.contains(String(last.prefix(10)))
    {
      let dates = Sentinels.dates.map(SQLQuery.literal).joined(", ")
      column.sentinels = TableProfiler.counts(
        try await connection.rows(
          """
          SELECT left(trim(v), 10) AS d, CAST(sum(n) AS BIGINT) AS n FROM \(values)
          WHERE left(trim(v), 10) IN (\(dates)) GROUP BY d ORDER BY n DESC, d
          """))
    }
  }

  private static let sentinels = Sentinels.texts.map(SQLQuery.literal).joined(", ")

  private static func counts(_ rows: [[DuckDBValue]]) -> [ValueCount] {
    rows.map { ValueCount(value: $0[0].string ?? "", rows: Int($0[1].integer ?? 0)) }
  }
}
