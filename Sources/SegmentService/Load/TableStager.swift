import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Reads the files of one table into the staging database: typed, with calculated attributes and row ids.
struct TableStager {
  let workspace: WorkspaceDefinition
  let folder: URL
  let table: TableDefinition
  let source: DataSource
  let files: SourceFiles
  let previous: PartRecord?
  /// By attribute.
  let fixed: [String: AttributeType]
  let connection: DuckDBConnection
  let database: DuckDBDatabase

  /// Each column is a handful of expressions in one query, and DuckDB compares many of them with each other.
  private static let mostColumns = 1_000

  /// A file to read, with its columns.
  private struct Input {
    var file: SourceFile
    var reading: FileReading
    var columns: [FileReading.Column]
  }

  /// What an attribute is made from.
  private struct Field {
    var attribute: Attribute
    var column: String
    var format: String?
  }

  func stage(progress: (Double) -> Void) async throws -> StagedTable {
    let inputs = try await inputs()
    let fields = try await fields(inputs)
    let attributes = fields.map(\.attribute)
    try checkKey(attributes)
    let calculations = try calculations(attributes)
    try await createTable(attributes, calculations)
    let kept = files.all.filter { files.unchanged.contains($0.id) }
    if let previous, !kept.isEmpty {
      try await copy(kept, from: previous, attributes, calculations)
    }
    for (index, input) in inputs.enumerated() {
      progress(Double(index) / Double(inputs.count))
      try await insert(input, fields, calculations)
      guard try SourceFiles.isUntouched(input.file, in: folder) else {
        throw TableFailure("\(input.file.path) changed while it was read; load again.")
      }
    }
    let problems = try await wrongValues(fields)
    if table.onError == .fail, !problems.isEmpty { throw TableFailure(problems) }
    let rows = try await connection.rows("SELECT count(*) FROM \(staged)")
    return StagedTable(
      files: files.remembered, attributes: attributes, rows: rows[0][0].integer ?? 0,
      warnings: problems)
  }

  private var staged: SQLQuery { LoadNames.staged(table.name) }

  // MARK: - Columns and types

  private func inputs() async throws -> [Input] {
    var inputs: [Input] = []
    for file in files.all where !files.unchanged.contains(file.id) {
      guard let format = source.format ?? FileFormat(path: file.path) else {
        throw TableFailure("\(file.path): the ending says no format; set 'format' of the source.")
      }
      let reading = FileReading(
        path: folder.appending(path: file.path).path, format: format, source: source)
      let columns = try await named(file) { try await reading.columns(connection) }
      let wanted = columns.count { !table.ignore.contains($0.name) }
      guard wanted <= TableStager.mostColumns else {
        throw TableFailure(
          "\(file.path) has \(wanted) columns; at most \(TableStager.mostColumns) are loaded. Ignore those that nobody asks for, or write them as rows of a table of their own."
        )
      }
      guard !columns.isEmpty || format != .csv else {
        throw TableFailure("\(file.path) is empty: its first line has to name the columns.")
      }
      for (first, second) in NameRule.clashes(columns.map(\.name)) {
        throw TableFailure("\(file.path): \(NameRule.columnClash(first, second)).")
      }
      inputs.append(Input(file: file, reading: reading, columns: columns))
    }
    return inputs
  }

  /// The attributes in the order of the columns: those of the last part first, then what is new.
  private func fields(_ inputs: [Input]) async throws -> [Field] {
    var names: [(attribute: String, column: String)] = []
    for (file, column) in inputs.flatMap({ input in
      input.columns.map { (input.file.path, $0.name) }
    }) {
      let attribute = table.attributes.first { ($0.column ?? $0.name) == column }?.name ?? column
      guard !table.ignore.contains(column), !names.contains(where: { $0.column == column }) else {
        continue
      }
      if let problem = NameRule.problem(attribute) {
        throw TableFailure(
          "\(file): the column '\(column)' cannot be loaded: \(problem) Ignore or rename it.")
      }
      names.append((attribute, column))
    }
    for attribute in remembered where !names.contains(where: { $0.attribute == attribute }) {
      let column = definition(attribute)?.column ?? attribute
      if !table.ignore.contains(column) { names.append((attribute, column)) }
    }
    for definition in table.attributes
    where !names.contains(where: { $0.attribute == definition.name }) {
      let column = definition.column ?? definition.name
      // NDJSON leaves out fields that have no value: one in no row is missing in all.
      guard inputs.contains(where: { $0.reading.format != .ndjson }) else {
        names.append((definition.name, column))
        continue
      }
      let known = inputs.flatMap(\.columns).map(\.name)
      let hint = NearNames.hint(column, among: known).map { " \($0)" } ?? ""
      throw TableFailure("No file has a column '\(column)'.\(hint)")
    }
    let types = try await types(names, inputs)
    return names.map { name in
      let type = types[name.attribute] ?? .text
      let format = definition(name.attribute)?.format ?? (type == .date ? source.dateFormat : nil)
      return Field(
        attribute: Attribute(name: name.attribute, type: type), column: name.column, format: format)
    }
  }

  /// Attributes that the table keeps without any file that is read having them: those of files that are not
  /// read again, and those of a table that has no files any more.
  private var remembered: [String] {
    if let previous, !files.unchanged.isEmpty || files.all.isEmpty {
      return previous.attributes.map(\.name)
    }
    return files.all.isEmpty ? fixed.keys.sorted { Text($0) < Text($1) } : []
  }

  private func definition(_ attribute: String) -> AttributeDefinition? {
    table.attributes.first { $0.name == attribute }
  }

  /// Declared, else fixed by an earlier load, else inferred from all values.
  private func types(
    _ names: [(attribute: String, column: String)], _ inputs: [Input]
  ) async throws -> [String: AttributeType] {
    var types: [String: AttributeType] = [:]
    var open: [(attribute: String, column: String, isNumber: Bool)] = []
    for name in names {
      switch (definition(name.attribute)?.type, fixed[name.attribute]) {
      case (.exactly(let type), _): types[name.attribute] = type
      case (.number, let type?) where type.isNumber: types[name.attribute] = type
      case (nil, let type?): types[name.attribute] = type
      case (let declared, _): open.append((name.attribute, name.column, declared == .number))
      }
    }
    guard !open.isEmpty else { return types }
    var inferences = open.map { _ in TypeInference() }
    for input in inputs {
      try await named(input.file) { try await infer(open.map(\.column), input, &inferences) }
    }
    for (column, inference) in zip(open, inferences) {
      types[column.attribute] = inference.type(number: column.isNumber)
    }
    return types
  }

  private func infer(
    _ names: [String], _ input: Input, _ inferences: inout [TypeInference]
  ) async throws {
    var texts: [(index: Int, name: String)] = []
    for (index, name) in names.enumerated() {
      guard let column = input.columns.first(where: { $0.name == name }) else { continue }
      if column.type == "VARCHAR", input.reading.format != .parquet {
        texts.append((index, name))
      } else if let type = ValueConversion.natural(column.type) {
        inferences[index].add(natural: type)
      } else {
        throw TableFailure(
          "The column '\(name)' of \(input.file.path) has the type \(column.type), which cannot be loaded; ignore it."
        )
      }
    }
    guard !texts.isEmpty else { return }
    let masks = texts.indices.map {
      TypeInference.aggregate(
        missing("\(identifier: "c\($0)")", input.reading), dateFormat: source.dateFormat)
    }
    let raw = input.reading.rows(texts.map(\.name), of: input.columns)
    let rows = try await connection.rows("SELECT \(masks.joined(", ")) FROM (\(raw))")
    for (text, mask) in zip(texts, rows[0]) { inferences[text.index].add(mask.integer) }
  }

  private func checkKey(_ attributes: [Attribute]) throws {
    let names = attributes.map(\.name) + table.calculated.map(\.name)
    for key in table.key where !names.contains(key) {
      let hint = NearNames.hint(key, among: names).map { " \($0)" } ?? ""
      throw TableFailure("The key '\(key)' is no attribute of the table.\(hint)")
    }
  }

  private func calculations(
    _ attributes: [Attribute]
  ) throws -> [(name: String, calculation: Calculation)] {
    do {
      return try workspace.calculations(of: table, stored: attributes)
    } catch let diagnostics as Diagnostics {
      throw TableFailure(diagnostics.all.map { LoadProblem(message: $0.description) })
    }
  }

  // MARK: - Rows

  private func createTable(
    _ attributes: [Attribute], _ calculations: [(name: String, calculation: Calculation)]
  ) async throws {
    let columns =
      attributes.map { "\(identifier: $0.name) \($0.type.sql)" as SQLQuery }
      + calculations.map { "\(identifier: $0.name) \($0.calculation.type.sql)" }
      + [
        "\(identifier: Part.rowColumn) BIGINT",
        "\(identifier: LoadNames.errors) STRUCT(field INTEGER, value VARCHAR)[]",
      ]
    try await connection.execute("CREATE OR REPLACE TABLE \(staged) (\(columns.joined(", ")))")
  }

  /// Takes the rows of unchanged files from the last part.
  private func copy(
    _ kept: [SourceFile], from previous: PartRecord, _ attributes: [Attribute],
    _ calculations: [(name: String, calculation: Calculation)]
  ) async throws {
    let known = previous.attributes.filter { attributes.contains($0) }
    let columns =
      known.map { "\(identifier: $0.name)" as SQLQuery } + ["\(identifier: Part.rowColumn)"]
      + attributes.filter { !known.contains($0) }
      .map { "CAST(NULL AS \($0.type.sql)) AS \(identifier: $0.name)" }
    let ids = kept.map { "\(bind: .integer($0.id))" as SQLQuery }.joined(", ")
    let rows: SQLQuery = """
      SELECT \(columns.joined(", ")) FROM \(identifier: previous.part.storedName)
      WHERE (\(identifier: Part.rowColumn) >> \(number: Part.rowNumberBits)) IN (\(ids))
      """
    try await insert(CalculatedColumns.adding(calculations, to: rows))
  }

  private func insert(
    _ input: Input, _ fields: [Field],
    _ calculations: [(name: String, calculation: Calculation)]
  ) async throws {
    let present = fields.filter { field in
      input.columns.contains { $0.name == field.column }
    }
    let raw = input.reading.rows(present.map(\.column), of: input.columns)
    var values: [SQLQuery] = ["n"]
    var selected: [SQLQuery] = []
    var errors: [(isWrong: SQLQuery, entry: SQLQuery)] = []
    for (index, field) in present.enumerated() {
      let type = input.columns.first { $0.name == field.column }!.type
      let conversion = ValueConversion(
        type: field.attribute.type, from: type, format: field.format, source: source)
      let column = missing("\(identifier: "c\(index)")", input.reading)
      let value: SQLQuery = "\(identifier: "v\(index)")"
      values.append("\(column) AS \(identifier: "c\(index)")")
      values.append("\(conversion.value(column)) AS \(value)")
      selected.append("\(value) AS \(identifier: field.attribute.name)")
      let kept: SQLQuery = "\(identifier: "c\(index)")"
      if let isWrong = conversion.isWrong(kept, value) {
        let number = fields.firstIndex { $0.column == field.column }!
        let entry: SQLQuery = "{field: \(number: number), value: CAST(\(kept) AS VARCHAR)}"
        errors.append((isWrong, "CASE WHEN \(isWrong) THEN \(entry) END"))
      }
    }
    let first = input.file.id << Part.rowNumberBits
    selected.append("\(number: Int(first)) + n AS \(identifier: Part.rowColumn)")
    if !errors.isEmpty {
      selected.append(
        """
        CASE WHEN \(errors.map(\.isWrong).joined(" OR "))
        THEN list_filter([\(errors.map(\.entry).joined(", "))], lambda e: e IS NOT NULL) END
        AS \(identifier: LoadNames.errors)
        """)
    }
    let rows: SQLQuery = """
      SELECT \(selected.joined(", ")) FROM (SELECT \(values.joined(", ")) FROM (\(raw)))
      """
    let query = CalculatedColumns.adding(calculations, to: rows)
    try await named(input.file) { try await insert(query) }
  }

  private func insert(_ rows: SQLQuery) async throws {
    try await connection.execute("INSERT INTO \(staged) BY NAME \(rows)")
  }

  /// A value unless it is a further spelling of a missing one, in quotes or not.
  private func missing(_ raw: SQLQuery, _ reading: FileReading) -> SQLQuery {
    guard reading.format != .parquet, !source.missing.isEmpty else { return raw }
    let spellings = source.missing.map(SQLQuery.literal).joined(", ")
    return "CASE WHEN \(raw) NOT IN (\(spellings)) THEN \(raw) END"
  }

  // MARK: - Problems

  /// Values that did not fit, by attribute.
  private func wrongValues(_ fields: [Field]) async throws -> [LoadProblem] {
    let wrong: SQLQuery = """
      SELECT \(identifier: Part.rowColumn) AS id, unnest(\(identifier: LoadNames.errors), recursive := true)
      FROM \(staged) WHERE \(identifier: LoadNames.errors) IS NOT NULL
      """
    let counts = try await connection.rows(
      "SELECT field, count(*) FROM (\(wrong)) GROUP BY field ORDER BY field")
    var problems: [LoadProblem] = []
    for row in counts {
      guard let number = row[0].integer, let count = row[1].integer else { continue }
      let examples = try await connection.rows(
        """
        SELECT id, value FROM (\(wrong)) WHERE field = \(bind: .integer(number))
        ORDER BY id LIMIT 5
        """)
      let field = fields[Int(number)]
      let name = field.attribute.name
      let format = field.format.map { " in the format \($0)" } ?? ""
      let isDeclared = definition(name)?.type.map { $0 != .number } ?? false
      let hint =
        isDeclared || fixed[name] == nil
        ? "" : " An earlier load found this type; declare another to change it."
      problems.append(
        LoadProblem(
          isFatal: table.onError == .fail,
          message:
            "\(count) \(count == 1 ? "value" : "values") of '\(name)' \(count == 1 ? "is" : "are") no \(field.attribute.type.name)\(format).\(hint)",
          count: Int(count),
          examples: examples.compactMap { example($0[0].integer, $0[1].string) }))
    }
    return problems
  }

  private func example(_ id: Int64?, _ value: String?) -> LoadProblem.Example? {
    id.flatMap { RowPlace(id: $0, files: files.all) }.map {
      LoadProblem.Example(file: $0.file, row: $0.row, value: value ?? "")
    }
  }

  /// Says what DuckDB says about a file in the words of this project.
  private func named<Value: Sendable>(
    _ file: SourceFile, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as DuckDBError where error.isOfData(in: database) {
      let path = folder.appending(path: file.path).path
      throw TableFailure(
        DataFileProblem(error.message, path: path, name: file.path).description(of: file.path))
    }
  }
}

/// The file and the row number that a row id stands for.
struct RowPlace {
  var file: String
  var row: Int64

  init?(id: Int64, files: [SourceFile]) {
    guard let file = files.first(where: { $0.id == id >> Part.rowNumberBits }) else { return nil }
    self.file = file.path
    row = id & (1 << Part.rowNumberBits - 1)
  }
}

enum CalculatedColumns {
  /// Each calculated attribute around what is before it, since it may use that.
  static func adding(
    _ calculations: [(name: String, calculation: Calculation)], to rows: SQLQuery
  ) -> SQLQuery {
    calculations.reduce(rows) { inner, next in
      "SELECT *, \(next.calculation.sql) AS \(identifier: next.name) FROM (\(inner))"
    }
  }
}
