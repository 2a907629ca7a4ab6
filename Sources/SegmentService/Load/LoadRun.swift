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
    for table in workspace.tables where !table.isDerived { try await stage(table) }
    for table in workspace.tables where table.isDerived { try await stage(table) }
    try requireParts()
    let catalog = try workspace.catalog(stored: attributes)
    try await checkForeignKeys()
    try await extendOrdinals(catalog)
    let records = try await writeParts(catalog)
    guard records != Array(previous.values).sorted(by: { $0.part.id < $1.part.id }) else {
      return report(current?.id, isNew: false)
    }
    try await connection.execute("CHECKPOINT")
    let version = try loader.store.publish(
      parts: records, types: staged.mapValues(\.attributes), at: time)
    return report(version.id, isNew: true)
  }

  // MARK: - Staging

  private func stage(_ table: TableDefinition) async throws {
    let began = clock.now
    do {
      if case .files(let source, let globs) = table.origin {
        try await stageFiles(table, source, globs)
      } else {
        try await stageDerived(table)
      }
      if staged[table.name] != nil { try await checkKeys(table) }
    } catch let failure as TableFailure {
      fail(table.name, failure.problems)
    } catch let error as DuckDBError where !error.isRetryable {
      fail(table.name, [LoadProblem(message: error.brief)])
    }
    reports[table.name]?.seconds += seconds(since: began)
  }

  private func stageFiles(
    _ table: TableDefinition, _ source: DataSource, _ globs: [String]
  ) async throws {
    tell(table.name, .reading, 0)
    let last = previous[table.name]
    var files = try SourceFiles(
      globs: globs, source: source, in: loader.folder, before: last?.files ?? [],
      store: loader.store)
    reports[table.name]?.files = files.counts
    let isSame = last?.definition == definitionHash(table)
    if isSame, files.all.map(\.id) == last?.files.map(\.id) { return }
    if !isSame { files.unchanged = [] }
    let stager = TableStager(
      workspace: workspace, folder: loader.folder, table: table, source: source, files: files,
      previous: isSame ? last : nil, fixed: fixed[table.name] ?? [:], connection: connection)
    let result = try await stager.stage { self.tell(table.name, .reading, $0) }
    staged[table.name] = result
    reports[table.name]?.problems += result.warnings
  }

  private func stageDerived(_ table: TableDefinition) async throws {
    guard case .derived(let origin, let name) = table.origin, let key = table.key.first else {
      return
    }
    let isSame = previous[table.name]?.definition == definitionHash(table)
    if isSame, staged[origin] == nil { return }
    guard let attribute = attributes[origin]?.first(where: { $0.name == name }) else {
      throw TableFailure(
        "'\(Reference([origin, name]))', which it is derived from, was not loaded.")
    }
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

  /// The key, the keys that relationships refer to, and one-to-one foreign keys.
  private func checkKeys(_ table: TableDefinition) async throws {
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

  private func columnNames(_ table: TableDefinition) -> [String] {
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
    let isWithout = workspace.tables.contains {
      staged[$0.name] == nil && previous[$0.name]?.definition != definitionHash($0)
    }
    if isWithout { throw LoadFailure(report: report(current?.id, isNew: false)) }
  }

  private func report(_ dataVersion: Int64?, isNew: Bool) -> LoadReport {
    LoadReport(
      dataVersion: dataVersion, isNew: isNew,
      tables: workspace.tables.compactMap { reports[$0.name] }, seconds: seconds(since: start))
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
    return sha256("2 \(timeZone) \(table) \(outward.sorted()) \(keys)")
  }
}
