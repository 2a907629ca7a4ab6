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
    let outward = Dictionary(grouping: relationships, by: \.source)
    let distances = distances(to: end, relationships)
    var found: [[Relationship]] = []
    func walk(_ chain: [Relationship], at current: String, steps: Int) {
      for next in outward[current] ?? [] where found.count < mostPerAudience {
        let target = next.target
        guard target != table, !chain.contains(where: { $0.target == target }) else { continue }
        if target == end {
          if steps == 1 { found.append(chain + [next]) }
        } else if let distance = distances[target], distance < steps {
          walk(chain + [next], at: target, steps: steps - 1)
        }
      }
    }
    for steps in 1...mostSteps { walk([], at: table, steps: steps) }
    return found
  }

  /// The fewest steps to a table; without them a dense workspace has too many chains to try.
  private static func distances(to end: String, _ relationships: [Relationship]) -> [String: Int] {
    var distances = [end: 0]
    for steps in 1...mostSteps {
      for relationship in relationships
      where distances[relationship.target] == steps - 1 && distances[relationship.source] == nil {
        distances[relationship.source] = steps
      }
    }
    return distances
  }
}
