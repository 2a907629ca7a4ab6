import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// One load on its way: what is known of each table so far.
final class LoadRun {
  let loader: Loader
  let connection: DuckDBConnection
  let progress: @Sendable (LoadProgress) -> Void
  let current: DataVersion?
  /// Of the current data version, by table.
  let previous: [String: PartRecord]
  let fixed: [String: [String: AttributeType]]
  var staged: [String: StagedTable] = [:]
  var reports: [String: TableReport] = [:]
  /// Files of tables that stay as they are, under other names or with other times than before.
  var touched: [String: [SourceFile]] = [:]
  /// After this load, by audience.
  var dictionarySizes: [String: DictionarySize] = [:]
  var warnings: [String] = []
  /// Keys that this load found to be those of erased profiles.
  var suppressed: SuppressionList?
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now

  var workspace: WorkspaceDefinition { loader.workspace }

  init(
    loader: Loader, connection: DuckDBConnection,
    progress: @escaping @Sendable (LoadProgress) -> Void
  ) throws {
    self.loader = loader
    self.connection = connection
    self.progress = progress
    current = try loader.store.currentDataVersion()
    previous = try current.map { try loader.store.partRecords(dataVersion: $0.id) } ?? [:]
    fixed = try loader.store.fixedTypes()
    for table in loader.workspace.tables { reports[table.name] = TableReport(table: table.name) }
  }

  func load(at time: Int64) async throws -> LoadReport {
    try await requireStoredData()
    let (derived, read) = (
      workspace.tables.filter(\.isDerived), workspace.tables.filter { !$0.isDerived }
    )
    for table in read {
      try await attempt(table) {
        try await stageFiles(table)
        try requireRows(table)
      }
    }
    try await leaveOutErased()
    for table in read { try await attempt(table) { try await checkKeys(table) } }
    for table in derived {
      try await attempt(table) {
        try await stageDerived(table)
        try requireRows(table)
        try await checkKeys(table)
      }
    }
    try requireParts()
    let catalog = try workspace.catalog(stored: attributes)
    try await checkForeignKeys()
    try await extendOrdinals(catalog)
    let records = try await writeParts(catalog)
    guard Set(records.map(\.part)) != Set(previous.values.map(\.part)) else {
      if !touched.isEmpty { try loader.store.setFiles(of: records) }
      return report(current?.id, isNew: false)
    }
    try await loader.makeDurable(connection)
    let version = try loader.store.publish(
      parts: records, types: staged.mapValues(\.attributes), suppressed: suppressed,
      dictionaries: dictionarySizes, in: loader.database.name, at: time)
    return report(version.id, isNew: true)
  }

  /// What is recorded is there: else nothing would be read again, and ordinals would be given twice.
  private func requireStoredData() async throws {
    let stored = Set(try await StoredTables(loader.database).all())
    let dictionaries = try loader.store.dictionarySizes().filter { $0.value.rows > 0 }.keys
    let needed =
      previous.values.map(\.part.storedName) + dictionaries.map { LoadNames.ordinals($0) }
    let missing = needed.filter { !stored.contains($0) }.sorted()
    guard missing.isEmpty else { throw WorkspaceError.storedDataMissing(missing) }
  }

  // MARK: - Staging

  /// Does something for a table, which fails where that does.
  private func attempt(_ table: TableDefinition, _ body: () async throws -> Void) async throws {
    let began = clock.now
    do {
      try await body()
    } catch let failure as TableFailure {
      fail(table.name, failure.problems)
    } catch let error as DuckDBError where error.isOfData(in: loader.database) {
      fail(table.name, [LoadProblem(message: error.brief)])
    }
    reports[table.name]?.seconds += seconds(since: began)
  }

  private func stageFiles(_ table: TableDefinition) async throws {
    guard case .files(let source, let globs) = table.origin else { return }
    tell(table.name, .reading, 0)
    let last = previous[table.name]
    var files = try SourceFiles(
      globs: globs, source: source, in: loader.folder, before: last?.files ?? [],
      store: loader.store)
    reports[table.name]?.files = files.counts
    if files.all.isEmpty, !table.mayBeEmpty { throw noFiles(globs, source, before: last) }
    let isSame = last?.definition == definitionHash(table)
    if isSame, let last, Set(files.all.map(\.id)) == Set(last.files.map(\.id)) {
      if files.remembered != last.files { touched[table.name] = files.remembered }
      return
    }
    if !isSame { files.unchanged = [] }
    let stager = TableStager(
      workspace: workspace, folder: loader.folder, table: table, source: source, files: files,
      previous: isSame ? last : nil, fixed: fixed[table.name] ?? [:], connection: connection,
      database: loader.database)
    let result = try await stager.stage { self.tell(table.name, .reading, $0) }
    staged[table.name] = result
    reports[table.name]?.problems += result.warnings
    noteGoneAttributes(table, last, now: result.attributes)
  }

  /// A source that cannot be reached must not look like one that has become empty.
  private func noFiles(
    _ globs: [String], _ source: DataSource, before: PartRecord?
  ) -> TableFailure {
    let folder = loader.folder.appending(path: source.folder).path
    let what =
      FileManager.default.fileExists(atPath: folder)
      ? "No file in '\(source.folder)' matches \(globs.joined(separator: ", "))."
      : "There is no folder '\(source.folder)'."
    guard let before, !before.files.isEmpty else { return TableFailure(what) }
    let count = before.files.count
    return TableFailure(
      "\(what) The last load read \(count == 1 ? "1 file" : "\(count) files"). If the table is to be empty now, say 'mayBeEmpty: true' in the workspace file."
    )
  }

  private func requireRows(_ table: TableDefinition) throws {
    guard let rows = staged[table.name]?.rows, rows == 0, !table.mayBeEmpty,
      let before = previous[table.name]?.part.rows, before > 0
    else { return }
    throw TableFailure(
      "There are no rows any more, and there were \(before) before. If the table is to be empty now, say 'mayBeEmpty: true' in the workspace file."
    )
  }

  private func noteGoneAttributes(
    _ table: TableDefinition, _ before: PartRecord?, now: [Attribute]
  ) {
    for attribute in before?.attributes ?? []
    where !now.contains(where: { $0.name == attribute.name }) {
      let column = table.attributes.first { $0.name == attribute.name }?.column ?? attribute.name
      guard !table.ignore.contains(column) else { continue }
      reports[table.name]?.problems.append(
        LoadProblem(
          isFatal: false,
          message:
            "The attribute '\(attribute.name)' is gone: no file has its column any more. Segments that use it fail."
        ))
    }
  }

  private func stageDerived(_ table: TableDefinition) async throws {
    guard case .derived(let origin, let name) = table.origin, let key = table.key.first else {
      return
    }
    let isSame = previous[table.name]?.definition == definitionHash(table)
    if isSame, staged[origin] == nil { return }
    let attribute = try attribute(name, of: origin)
    tell(table.name, .reading, 0)
    let stored = [Attribute(name: key, type: attribute.type)]
    let calculations = try workspace.calculations(of: table, stored: stored)
    let values: SQLQuery = """
      SELECT value AS \(identifier: key), row_number() OVER (ORDER BY value) AS \(identifier: Part.rowColumn)
      FROM (SELECT DISTINCT \(identifier: name) AS value FROM \(relation(origin))
        WHERE \(identifier: name) IS NOT NULL)
      """
    let relation = LoadNames.staged(table.name)
    try await connection.execute(
      "CREATE OR REPLACE TABLE \(relation) AS \(CalculatedColumns.adding(calculations, to: values))"
    )
    let count = try await connection.rows("SELECT count(*) FROM \(relation)")
    staged[table.name] = StagedTable(
      files: [], attributes: stored, rows: count[0][0].integer ?? 0, warnings: [])
  }

  /// The attribute that a table is derived from, calculated ones included.
  private func attribute(_ name: String, of origin: String) throws -> Attribute {
    guard let table = workspace.table(origin), hasRows(table) else {
      throw TableFailure("'\(origin)', which it is derived from, was not loaded.")
    }
    let known = try workspace.attributes(of: table, stored: attributes[origin] ?? [])
    guard let attribute = known.first(where: { $0.name == name }) else {
      let hint = NearNames.hint(name, among: known.map(\.name)).map { " \($0)" } ?? ""
      throw TableFailure("The table '\(origin)' has no attribute '\(name)'.\(hint)")
    }
    return attribute
  }

  /// The key, the keys that relationships refer to, and one-to-one foreign keys.
  private func checkKeys(_ table: TableDefinition) async throws {
    guard staged[table.name] != nil else { return }
    tell(table.name, .checking, 0.5)
    let checks = DataChecks(
      connection: connection, table: table.name, rows: LoadNames.staged(table.name),
      files: staged[table.name]?.files ?? [])
    let names = columnNames(table)
    var problems = try await checks.key(table.key, what: "key", mayBeMissing: false)
    var checked: Set<[String]> = [table.key]
    for relationship in workspace.relationships {
      var keys: [(name: String, what: String)] = []
      if relationship.target == table.name {
        keys.append((relationship.targetKey, "key of \(relationship.name)"))
      }
      if relationship.source == table.name, relationship.kind == .oneToOne {
        keys.append((relationship.foreignKey, "foreign key of the one-to-one \(relationship.name)"))
      }
      for key in keys where names.contains(key.name) && checked.insert([key.name]).inserted {
        problems += try await checks.key([key.name], what: key.what, mayBeMissing: true)
      }
    }
    if !problems.isEmpty { throw TableFailure(problems) }
  }

  // MARK: - What is known

  /// Stored attributes of each table as they will be after this load.
  var attributes: [String: [Attribute]] {
    previous.mapValues(\.attributes).merging(staged.mapValues(\.attributes)) { $1 }
  }

  func columnNames(_ table: TableDefinition) -> [String] {
    (attributes[table.name] ?? []).map(\.name) + table.calculated.map(\.name)
  }

  /// Where the rows of a table are.
  func relation(_ table: String) -> SQLQuery {
    if staged[table] != nil { return LoadNames.staged(table) }
    return previous[table].map { "\(identifier: $0.part.storedName)" } ?? LoadNames.staged(table)
  }

  func definitionHash(_ table: TableDefinition) -> String { workspace.definitionHash(of: table) }

  private func fail(_ table: String, _ problems: [LoadProblem]) {
    staged[table] = nil
    reports[table]?.outcome = .failed
    reports[table]?.problems += problems
  }

  /// Every table must have rows to publish: new ones, or its last part where that was made by the same
  /// definition. A part made by another one may lack attributes, or have keys that were never checked.
  private func requireParts() throws {
    if !workspace.tables.allSatisfy(hasRows) {
      throw LoadFailure(report: report(current?.id, isNew: false))
    }
  }

  /// Whether a table was staged, or its last part was made by the same definition.
  private func hasRows(_ table: TableDefinition) -> Bool {
    staged[table.name] != nil || previous[table.name]?.definition == definitionHash(table)
  }

  private func report(_ dataVersion: Int64?, isNew: Bool) -> LoadReport {
    LoadReport(
      dataVersion: dataVersion, isNew: isNew,
      tables: workspace.tables.compactMap { reports[$0.name] }, warnings: warnings,
      seconds: seconds(since: start))
  }

  func seconds(since instant: ContinuousClock.Instant) -> Double {
    (clock.now - instant) / .seconds(1)
  }

  /// `within`: how much of the table's phase is done.
  func tell(_ table: String, _ phase: LoadProgress.Phase, _ within: Double) {
    let share = 1 / Double(max(1, workspace.tables.count))
    let index = Double(workspace.tables.firstIndex { $0.name == table } ?? 0)
    let done = (index + within) * share
    let isWriting = phase == .writing || phase == .linking
    progress(
      LoadProgress(table: table, phase: phase, fraction: isWriting ? 0.6 + 0.4 * done : 0.6 * done))
  }
}

extension TableDefinition {
  var isDerived: Bool { if case .derived = origin { true } else { false } }
}

extension WorkspaceDefinition {
  /// Hash of everything of the workspace file that decides what a table's rows are and where they lead.
  func definitionHash(of table: TableDefinition) -> String {
    let outward = relationships.filter { $0.source == table.name }.map { "\($0)" }
    let keys = Set(relationships.filter { $0.target == table.name }.map(\.targetKey)).sorted()
    var table = table
    table.mayBeEmpty = false  // decides whether rows are taken, not what they are
    return sha256("2 \(timeZone) \(table) \(outward.sorted()) \(keys)")
  }
}
