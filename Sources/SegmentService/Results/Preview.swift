import SegmentCompiler
import SegmentEngines
import SegmentStore

/// What a definition selects right now, without publishing anything.
public struct Preview: Sendable {
  public var segment: String
  public var sentence: String
  public var count: Int
  public var counts: [RuleCount]
  public var warnings: [Diagnostic]
  public var pending: [ProfileKey]
  public var rows: ResultTable
  public var took: Duration
}

/// Rows with named columns.
public struct ResultTable: Sendable {
  public var columns: [String]
  public var rows: [[DuckDBValue]]
}

extension SegmentService {
  /// Counts definitions exactly, one after another.
  public func count(_ sources: [DefinitionSource], asOf: Instant? = nil) async throws -> [Preview] {
    try await preview(sources, rows: 0, asOf: asOf)
  }

  public func count(_ text: String, asOf: Instant? = nil) async throws -> [Preview] {
    try await count([DefinitionSource(text: text)], asOf: asOf)
  }

  /// Evaluates definitions and shows their first members with the attributes the definition uses.
  public func preview(
    _ sources: [DefinitionSource], rows: Int = 100, asOf: Instant? = nil
  ) async throws -> [Preview] {
    var previews: [Preview] = []
    for definition in try WrittenDefinition.all(in: sources, catalog: snapshot().catalog) {
      previews.append(try await preview(definition, rows: rows, asOf: asOf))
    }
    return previews
  }

  public func preview(_ text: String, rows: Int = 100, asOf: Instant? = nil) async throws
    -> [Preview]
  {
    try await preview([DefinitionSource(text: text)], rows: rows, asOf: asOf)
  }

  /// The same of a saved segment: its current definition, not its last run.
  public func preview(segment name: String, rows: Int = 100, asOf: Instant? = nil) async throws
    -> Preview
  {
    let saved = try segment(name)
    noteUse(of: saved.id)
    return try await preview(WrittenDefinition(saved.definition), rows: rows, asOf: asOf)
  }

  private func preview(_ written: WrittenDefinition, rows: Int, asOf: Instant?) async throws
    -> Preview
  {
    try await reading { try await preview(written, rows: rows, asOf: asOf ?? now(), of: $0) }
  }

  private func preview(
    _ written: WrittenDefinition, rows: Int, asOf: Instant, of snapshot: Snapshot
  ) async throws -> Preview {
    let started = ContinuousClock.now
    let definition = written.definition
    let (planned, facts) = try planned(written, asOf: asOf, of: snapshot)
    let (references, _) = try publishedMembers(of: planned.plan.references)
    let evaluator = Evaluator(data: data.current, snapshot: snapshot)
    let evaluation = try await evaluator.evaluate([planned.plan], with: references)[0].get()
    let table =
      rows == 0
      ? ResultTable(columns: [], rows: [])
      : try await self.rows(
        of: evaluation.members, planned.plan,
        projection: shown(definition, planned.plan, facts: facts, snapshot: snapshot),
        references: references, snapshot: snapshot, limit: rows)
    return Preview(
      segment: definition.name, sentence: planned.checked.sentence,
      count: evaluation.members.count, counts: evaluation.counts,
      warnings: planned.checked.warnings, pending: evaluation.pending, rows: table,
      took: ContinuousClock.now - started)
  }

  /// The plan of a definition that is not saved, and the segments it may refer to.
  func planned(_ written: WrittenDefinition, asOf: Instant, of snapshot: Snapshot) throws -> (
    DefinitionCheck.Planned, facts: [String: SegmentFacts]
  ) {
    var facts = try segmentFacts()
    facts[written.definition.name] = nil
    let check = DefinitionCheck(catalog: snapshot.catalog, asOf: asOf, facts: facts)
    return (try check.planning([written])[0], facts)
  }

  private func rows(
    of members: MemberSet, _ plan: LogicalPlan, projection: [ResolvedProjection],
    references: ReferencedSets, snapshot: Snapshot, limit: Int?
  ) async throws -> ResultTable {
    let request = MemberRows(
      members: members, audience: plan.audience, catalog: snapshot.catalog,
      projection: projection, references: references, limit: limit)
    var rows: [[DuckDBValue]] = []
    for try await slice in engine.rows(request, in: snapshot.version) { rows += slice }
    return ResultTable(columns: request.columns, rows: rows)
  }

  /// What a list of members shows: the definition's projection, else every attribute it uses.
  func shown(
    _ definition: SegmentDefinition, _ plan: LogicalPlan, facts: [String: SegmentFacts],
    snapshot: Snapshot
  ) throws -> [ResolvedProjection] {
    guard definition.projection.isEmpty else { return plan.projection }
    let planner = Planner(PlanContext(catalog: snapshot.catalog, asOf: plan.asOf, segments: facts))
    var used = definition
    return plan.usedAttributes.compactMap { reference in
      // An attribute of a `none` or of the right of `except` has no rows to show.
      used.projection = [reference]
      return try? planner.plan(used).projection.first
    }
  }
}

extension MemberRows {
  /// The names of the columns: the key, then the projections.
  public var columns: [String] { [audience.key] + projection.map(\.reference.description) }
}
