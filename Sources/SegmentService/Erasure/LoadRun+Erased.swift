import SegmentCompiler
import SegmentEngines
import SegmentStore

extension LoadRun {
  /// Leaves out the rows of erased profiles, and whatever belongs to them.
  ///
  /// Tables that were not read are filtered, too: a row that was loaded before may turn out to be of an erased
  /// profile now, such as a line whose order comes later than the line.
  func leaveOutErased() async throws {
    guard let list = try loader.store.suppressionList().map(renamingKeys) else { return }
    let cascade = try await Cascade(connection)
    let view = try await view(cascade)
    let suppression = try await Suppression(list, cascade)
    for table in staged.keys.sorted() {
      if let rows = view.rows[table] { try await suppression.findKeys(in: rows, links: view.links) }
    }
    try await cascade.follow([view])
    for table in workspace.tables {
      guard let rows = view.rows[table.name], cascade.isTouched(rows) else { continue }
      try await report(rows, of: table, cascade)
      try await leaveOut(rows, of: table, cascade)
    }
    suppressed = try await suppression.additions()
  }

  private func leaveOut(
    _ rows: StoredRows, of table: TableDefinition, _ cascade: Cascade
  ) async throws {
    let before = staged[table.name]
    let stored = before?.attributes ?? previous[table.name]?.attributes ?? []
    let calculations = try workspace.calculations(of: table, stored: stored)
    let columns = stored.map(\.name) + calculations.map(\.name) + [Part.rowColumn]
    let errors = [LoadNames.errors].filter { rows.columns[$0] != nil }
    let clean = CleanRows(
      cascade: cascade, rows: rows, columns: columns + errors,
      calculated: Set(calculations.map(\.name)), calculations: calculations)
    let copy: SQLQuery = "\(identifier: LoadNames.staging).main.\(identifier: "_muster_clean")"
    try await connection.execute("CREATE TABLE \(copy) AS \(clean.query())")
    try await connection.execute("DROP TABLE IF EXISTS \(LoadNames.staged(table.name))")
    try await connection.execute("ALTER TABLE \(copy) RENAME TO \(identifier: table.name)")
    let count = try await connection.rows("SELECT count(*) FROM \(LoadNames.staged(table.name))")
    staged[table.name] = StagedTable(
      files: before?.files ?? touched[table.name] ?? previous[table.name]?.files ?? [],
      attributes: stored,
      rows: count[0][0].integer ?? 0, warnings: before?.warnings ?? [])
  }

  /// Counts the rows that are left out, and those of them that are in the data version before.
  private func report(
    _ rows: StoredRows, of table: TableDefinition, _ cascade: Cascade
  ) async throws {
    let marked: SQLQuery = "FROM \(rows.sql) AS r WHERE \(cascade.isMarked(rows))"
    let count = try await connection.rows("SELECT count(*) \(marked)")
    reports[table.name]?.erased = count[0][0].integer ?? 0
    guard let part = previous[table.name]?.part.storedName else { return }
    let known = try await connection.rows(
      """
      SELECT count(*) \(marked) AND r.\(identifier: Part.rowColumn) IN (
        SELECT \(identifier: Part.rowColumn) FROM \(identifier: part))
      """)
    guard let known = known[0][0].integer, known > 0 else { return }
    reports[table.name]?.problems.append(
      LoadProblem(
        isFatal: false,
        message:
          "\(known.counted("row")) that \(known == 1 ? "was" : "were") loaded before turned out to be of erased profiles. Older data versions still hold \(known == 1 ? "it" : "them"): run 'muster erase --again'.",
        count: Int(known)))
  }

  // MARK: The view

  /// The tables as they are staged, or as they were loaded before. Derived tables are what they will be made from.
  private func view(_ cascade: Cascade) async throws -> DataView {
    let ownership = Ownership(workspace)
    let stored = try await StoredColumns(connection)
    let staging = try await StoredColumns(connection, database: LoadNames.staging)
    var view = DataView(rows: [:], links: [])
    for (index, table) in workspace.tables.enumerated() {
      view.links += ownership.links(of: table.name, workspace.lineage(of: table))
      guard !table.isDerived, staged[table.name] != nil || previous[table.name] != nil else {
        continue
      }
      let part = previous[table.name]?.part.storedName ?? ""
      view.rows[table.name] = StoredRows(
        id: Int64(index), table: table.name, sql: relation(table.name),
        columns: staged[table.name] != nil ? staging.types(of: table.name) : stored.types(of: part))
    }
    for link in view.links where link.isDerivation {
      guard let origin = view.rows[link.source.table],
        let type = origin.columns[link.source.attribute]
      else { continue }
      view.rows[link.target.table] = StoredRows(
        id: -1, table: link.target.table,
        sql: """
          (SELECT r.\(identifier: link.source.attribute) AS \(identifier: link.target.attribute)
            FROM \(origin.sql) AS r WHERE NOT \(cascade.isMarked(origin)))
          """, columns: [link.target.attribute: type], isStored: false)
    }
    return view
  }

  /// The list with the keys of profiles under the names that they have now; warns of those that are in no table.
  private func renamingKeys(_ list: SuppressionList) -> SuppressionList {
    var names: [KeyPlace: KeyPlace] = [:]
    for place in Set(list.keys.filter { $0.kind == .profile }.map(\.place)) {
      guard let table = workspace.table(place.table) else {
        warnings.append(
          "The workspace has no table '\(place.table)' any more, of which profiles were erased: loaded under another name they would not be recognised. Erase them there as well ('muster erase --also-unknown')."
        )
        continue
      }
      if !columnNames(table).contains(place.attribute), table.key.count == 1 {
        names[place] = KeyPlace(table: table.name, attribute: table.key[0])
      }
    }
    guard !names.isEmpty else { return list }
    return SuppressionList(
      secret: list.secret,
      keys: Set(
        list.keys.map { key in
          SuppressedKey(kind: key.kind, place: names[key.place] ?? key.place, hash: key.hash)
        }))
  }
}
