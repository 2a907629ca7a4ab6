import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Combines the sets of a plan's leaves into the set of its rules: pure set algebra.
struct SetFolder {
  let plan: LogicalPlan
  let universe: MemberSet
  let leaves: [Leaf: MemberSet]
  let references: [String: MemberSet]

  /// Combines a list from left to right; also the count of each item, and of everything up to it.
  func fold(_ items: [PlannedItem]) -> (members: MemberSet, counts: [RuleCount]) {
    var members = MemberSet()
    var counts: [RuleCount] = []
    for item in items {
      let set = self.set(of: item)
      switch item.combine {
      case nil: members = set
      case .union: members = members.union(set)
      case .intersect: members = members.intersection(set)
      case .except: members = members.subtracting(set)
      case .exclusive: members = members.symmetricDifference(set)
      }
      counts.append(RuleCount(rule: set.count, cumulative: members.count))
    }
    return (members, counts)
  }

  private func set(of item: PlannedItem) -> MemberSet {
    switch item.content {
    case .rule(let outline): set(of: plan.expression(of: outline))
    case .group(let items): fold(items).members
    }
  }

  func set(of expression: SetExpression) -> MemberSet {
    switch expression {
    case .leaf(let leaf):
      guard let set = leaves[leaf] else { preconditionFailure("every leaf was evaluated") }
      return set
    case .members(let segment):
      guard let set = references[segment] else {
        preconditionFailure("every referenced segment was read")
      }
      // Members that vanished since are profiles no more.
      return set.intersection(universe)
    case .complement(let part): return universe.subtracting(set(of: part))
    case .all(let parts):
      return parts.dropFirst().reduce(set(of: parts[0])) { $0.intersection(set(of: $1)) }
    case .any(let parts):
      return parts.dropFirst().reduce(set(of: parts[0])) { $0.union(set(of: $1)) }
    }
  }
}
