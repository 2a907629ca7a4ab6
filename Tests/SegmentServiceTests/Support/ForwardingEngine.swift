import SegmentCompiler
import SegmentEngines

/// An engine that hands everything on to DuckDB, but for what it answers itself.
protocol ForwardingEngine: QueryEngine {
  var engine: DuckDBEngine { get }
}

extension ForwardingEngine {
  func universe(of audience: Audience, in version: DataVersion) async throws -> MemberSet {
    try await engine.universe(of: audience, in: version)
  }

  func cacheKey(of leaf: Leaf, with references: ReferencedSets, in version: DataVersion) throws
    -> String
  {
    try engine.cacheKey(of: leaf, with: references, in: version)
  }

  func best(
    _ limit: ResolvedLimit, of members: MemberSet, audience: Audience, catalog: Catalog,
    in version: DataVersion
  ) async throws -> MemberSet {
    try await engine.best(limit, of: members, audience: audience, catalog: catalog, in: version)
  }

  func ordinals(of keys: [ProfileKey], audience: Audience, in version: DataVersion) async throws
    -> [ProfileKey: UInt32]
  {
    try await engine.ordinals(of: keys, audience: audience, in: version)
  }

  func ordinals(of audience: Audience, upTo limit: Int, in version: DataVersion) async throws
    -> [ProfileKey: UInt32]?
  {
    try await engine.ordinals(of: audience, upTo: limit, in: version)
  }

  func rows(_ request: MemberRows, in version: DataVersion) -> Pulled<[[DuckDBValue]]> {
    engine.rows(request, in: version)
  }

  func valueCounts(_ request: ValueRequest, in version: DataVersion) async throws -> ValueCounts {
    try await engine.valueCounts(request, in: version)
  }

  func distribution(of attribute: Attribute, in table: String, version: DataVersion) async throws
    -> ValueDistribution
  {
    try await engine.distribution(of: attribute, in: table, version: version)
  }

  func writeParquet(_ request: MemberRows, to path: String, in version: DataVersion) async throws {
    try await engine.writeParquet(request, to: path, in: version)
  }

  func describe(_ leaf: Leaf, in version: DataVersion, with references: ReferencedSets) throws
    -> SQLQuery
  {
    try engine.describe(leaf, in: version, with: references)
  }

  func inspect(
    _ has: ResolvedHas, comparisons: [RowPredicate], ordinal: UInt32, catalog: Catalog,
    with references: ReferencedSets, in version: DataVersion
  ) async throws -> InspectedRows {
    try await engine.inspect(
      has, comparisons: comparisons, ordinal: ordinal, catalog: catalog, with: references,
      in: version)
  }
}
