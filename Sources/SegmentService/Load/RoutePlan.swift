import SegmentCompiler

/// Which routes the parts of a table store.
struct RoutePlan {
  /// With their columns, in the order of the audiences.
  let routes: [Route]
  /// Tables other than its own that a table's routes lead through.
  let dependencies: Set<String>

  static let mostSteps = 4
  static let mostPerAudience = 4

  /// Chains of relationships walked from source to target that end in an audience's table and meet no table
  /// twice; the shortest ones, in the order of the workspace file.
  init(table: String, relationships: [Relationship], audiences: [AudienceDefinition]) {
    var chains: [(audience: String, steps: [Relationship])] = []
    for audience in audiences {
      if audience.table == table {
        chains.append((audience.name, []))
        continue
      }
      let found = RoutePlan.chains(from: table, to: audience.table, relationships)
      chains += found.prefix(RoutePlan.mostPerAudience).map { (audience.name, $0) }
    }
    routes = chains.enumerated().map { index, chain in
      Route(
        audience: chain.audience, steps: chain.steps.map(\.name),
        column: "_muster_profile_\(index)")
    }
    dependencies = Set(chains.flatMap { $0.steps.map(\.target) })
  }

  private static func chains(
    from table: String, to end: String, _ relationships: [Relationship]
  ) -> [[Relationship]] {
    var found: [[Relationship]] = []
    var open: [[Relationship]] = [[]]
    for _ in 0..<mostSteps {
      open = open.flatMap { chain in
        let tables = [table] + chain.map(\.target)
        return relationships.filter { $0.source == tables.last && !tables.contains($0.target) }
          .map { chain + [$0] }
      }
      found += open.filter { $0.last?.target == end }
      open.removeAll { $0.last?.target == end }
    }
    return found
  }
}
