import SegmentCompiler
import SegmentEngines
import SegmentStore

extension LoadRun {
  /// Counts foreign keys without a target, of tables that are new on either side.
  func checkForeignKeys() async throws {
    for relationship in workspace.relationships
    where staged[relationship.source] != nil || staged[relationship.target] != nil {
      tell(relationship.source, .linking, 0)
      let foreignKey: SQLQuery = "s.\(identifier: relationship.foreignKey)"
      let rows = try await connection.rows(
        """
        SELECT count(*) FROM \(relation(relationship.source)) AS s
        WHERE \(foreignKey) IS NOT NULL AND NOT EXISTS (
          SELECT 1 FROM \(relation(relationship.target)) AS t
          WHERE t.\(identifier: relationship.targetKey) = \(foreignKey))
        """)
      guard let count = rows[0][0].integer, count > 0 else { continue }
      reports[relationship.source]?.orphans.append(
        OrphanCount(relationship: relationship.name, rows: count))
    }
  }

  /// Gives new profiles their ordinals, for ever.
  func extendOrdinals(_ catalog: Catalog) async throws {
    let dictionary = OrdinalDictionary(connection: connection)
    let given = try loader.store.dictionarySizes()
    for audience in catalog.audiences {
      guard let key = catalog.table(audience.table)?.attribute(audience.key) else { continue }
      let known = try await dictionary.keyType(audience.name)
      if let known, known != key.type {
        throw Diagnostics([
          Diagnostic(
            code: "audienceKey", place: "audiences.\(Reference.quoted(audience.name))",
            message:
              "The key was \(known.name) and is \(key.type.name) now: published members could not be told apart from others.",
            hint:
              "Declare \(Reference([audience.table, audience.key])) as \(known.name), or use a new audience."
          )
        ])
      }
      let isLinked = previous[audience.table]?.part.route(audience: audience.name, steps: []) != nil
      if known == nil || staged[audience.table] != nil || !isLinked {
        try await dictionary.extend(
          audience.name, key: key, rows: relation(audience.table),
          given: given[audience.name]?.ordinals ?? 0)
      }
      dictionarySizes[audience.name] = try await dictionary.size(audience.name)
    }
  }

  /// Writes the parts that are new and returns all of the data version, those that stay as they are included.
  func writeParts(_ catalog: Catalog) async throws -> [PartRecord] {
    let plans = Dictionary(
      uniqueKeysWithValues: workspace.tables.map {
        (
          $0.name,
          RoutePlan(
            table: $0.name, relationships: workspace.relationships,
            audiences: workspace.audiences)
        )
      })
    var ids = unchangedParts(plans)
    let new = workspace.tables.filter { ids[$0.name] == nil }
    for (table, id) in zip(new, try loader.store.reserveParts(new.count)) { ids[table.name] = id }

    let writer = PartWriter(
      workspace: workspace, connection: connection,
      relations: Dictionary(
        uniqueKeysWithValues: workspace.tables.map { ($0.name, relation($0.name)) }))
    var records: [PartRecord] = []
    for table in workspace.tables {
      guard new.contains(where: { $0.name == table.name }) else {
        var record = previous[table.name]!
        record.files = touched[table.name] ?? record.files
        records.append(record)
        reports[table.name]?.rows = record.part.rows
        continue
      }
      tell(table.name, .writing, 0)
      let began = ContinuousClock.now
      records.append(try await write(table, plans[table.name]!, ids, writer, catalog))
      reports[table.name]?.seconds += seconds(since: began)
    }
    return records.sorted { $0.part.id < $1.part.id }
  }

  private func write(
    _ table: TableDefinition, _ plan: RoutePlan, _ ids: [String: Int64], _ writer: PartWriter,
    _ catalog: Catalog
  ) async throws -> PartRecord {
    let stored = attributes[table.name] ?? []
    let names = catalog.table(table.name)!.attributes.map(\.name)
    var part = Part(id: ids[table.name]!, table: table.name, rows: 0, routes: plan.routes)
    let (content, rows) = try await writer.write(
      part, attributes: names, rows: relation(table.name))
    part.rows = rows
    if reports[table.name]?.outcome != .failed { reports[table.name]?.outcome = .loaded }
    reports[table.name]?.rows = part.rows
    return PartRecord(
      part: part, definition: definitionHash(table),
      fingerprint: fingerprint(table, plan, ids)!,
      files: staged[table.name]?.files ?? touched[table.name] ?? previous[table.name]!.files,
      attributes: stored, lineage: workspace.lineage(of: table), content: content)
  }

  /// Ids of the parts that can stay: same rows, same definition, same routes through parts that stay too.
  private func unchangedParts(_ plans: [String: RoutePlan]) -> [String: Int64] {
    var ids = previous.filter { staged[$0.key] == nil && plans[$0.key] != nil }.mapValues(\.part.id)
    var isStable = false
    while !isStable {
      let kept = ids.filter { name, _ in
        guard let table = workspace.table(name), let plan = plans[name] else { return false }
        return fingerprint(table, plan, ids) == previous[name]?.fingerprint
      }
      isStable = kept.count == ids.count
      ids = kept
    }
    return ids
  }

  /// Hash of everything that a part is made from; nil where it depends on a part that is not known yet.
  private func fingerprint(
    _ table: TableDefinition, _ plan: RoutePlan, _ ids: [String: Int64]
  ) -> String? {
    var dependencies: [String] = []
    for name in plan.dependencies.sorted() {
      guard let id = ids[name] else { return nil }
      dependencies.append("\(name)=\(id)")
    }
    let files = staged[table.name]?.files ?? previous[table.name]?.files ?? []
    let steps = plan.routes.map { route in
      let relationships = route.steps.map { step in
        workspace.relationships.first { $0.name == step }.map { "\($0)" } ?? ""
      }
      return "\(route) \(relationships) \(workspace.audiences.first { $0.name == route.audience }!)"
    }
    return sha256(
      "\(definitionHash(table)) \(files.map(\.id).sorted()) \(steps) \(dependencies)")
  }
}
