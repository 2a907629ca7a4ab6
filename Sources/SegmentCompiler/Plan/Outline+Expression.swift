extension PlannedHas {
  public var expression: SetExpression {
    complemented ? .complement(.leaf(.has(has))) : .leaf(.has(has))
  }
}

extension LogicalPlan {
  /// The set that a rule's outline selects.
  public func expression(of outline: Outline) -> SetExpression {
    outline.expression(audience: audience)
  }

  /// Every leaf of the plan, each once, in order of first appearance.
  public var leaves: [Leaf] {
    var leaves: [Leaf] = []
    var seen: Set<Leaf> = []
    func visit(_ expression: SetExpression) {
      switch expression {
      case .leaf(let leaf): if seen.insert(leaf).inserted { leaves.append(leaf) }
      case .all(let parts), .any(let parts): parts.forEach(visit)
      case .complement(let part): visit(part)
      case .members: break
      }
    }
    func visit(_ items: [PlannedItem]) {
      for item in items {
        switch item.content {
        case .rule(let outline): visit(expression(of: outline))
        case .group(let inner): visit(inner)
        }
      }
    }
    if case .rules(let items) = content { visit(items) }
    return leaves
  }
}

extension Outline {
  /// Comparisons of the profile that stand together become one leaf: one scan instead of several, and
  /// still one set to share with every segment that says the same.
  func expression(audience: Audience) -> SetExpression {
    func leaf(_ predicate: RowPredicate) -> SetExpression {
      .leaf(.profile(audience: audience.name, table: audience.table, predicate))
    }
    func combine(
      _ parts: [Outline], _ predicates: ([RowPredicate]) -> RowPredicate,
      _ sets: ([SetExpression]) -> SetExpression
    ) -> SetExpression {
      let pure = parts.compactMap(\.predicate)
      let others = parts.filter { $0.predicate == nil }.map { $0.expression(audience: audience) }
      let joined = pure.isEmpty ? [] : [leaf(predicates(pure))]
      return joined.count + others.count == 1 ? (joined + others)[0] : sets(joined + others)
    }
    switch self {
    case .comparison(_, let predicate): return leaf(predicate)
    case .member(_, let segment, let negated):
      let members = SetExpression.members(of: segment)
      return negated ? .complement(members) : members
    case .has(let has): return has.expression
    case .not(let part):
      return predicate.map(leaf) ?? .complement(part.expression(audience: audience))
    case .all(let parts):
      return combine(parts, RowPredicate.all(of:)) { .all($0) }
    case .any(let parts):
      return combine(parts, RowPredicate.any(of:)) { .any($0) }
    }
  }

  /// The tree as one predicate on a joined row; nil where it holds has conditions or memberships.
  public var predicate: RowPredicate? {
    func predicates(_ parts: [Outline]) -> [RowPredicate]? {
      let result = parts.compactMap(\.predicate)
      return result.count == parts.count ? result : nil
    }
    switch self {
    case .comparison(_, let predicate): return predicate
    case .member, .has: return nil
    case .not(let part): return part.predicate.map(RowPredicate.negation(of:))
    case .all(let parts): return predicates(parts).map(RowPredicate.all(of:))
    case .any(let parts): return predicates(parts).map(RowPredicate.any(of:))
    }
  }

  /// Every comparison with its place.
  func visitComparisons(at place: String, _ body: (RowPredicate, String) -> Void) {
    switch self {
    case .comparison(_, let predicate): body(predicate, place)
    case .member, .has, .not: break
    case .all(let parts):
      for (index, part) in parts.enumerated() {
        part.visitComparisons(at: "\(place).all[\(index)]", body)
      }
    case .any(let parts):
      for (index, part) in parts.enumerated() {
        part.visitComparisons(at: "\(place).any[\(index)]", body)
      }
    }
  }

  /// The has conditions in the tree.
  var hasConditions: [PlannedHas] {
    switch self {
    case .has(let has): [has]
    case .all(let parts), .any(let parts): parts.flatMap(\.hasConditions)
    case .comparison, .member, .not: []
    }
  }
}

extension Outline {
  /// Whether no data whatsoever can make it true.
  var isNever: Bool {
    switch self {
    case .comparison(_, let predicate): predicate == .always(false)
    case .member: false
    case .not(let part): part.predicate == .always(true)
    case .has(let planned):
      !planned.complemented
        && RowPredicate.all(of: [planned.has.filter, planned.has.match]) == .always(false)
    case .all(let parts): parts.contains(where: \.isNever)
    case .any(let parts): parts.allSatisfy(\.isNever)
    }
  }
}

extension LogicalPlan {
  /// The attributes that the rules read, as references, each once; the audience's key left out.
  public var usedAttributes: [Reference] {
    var references: [Reference] = []
    func add(_ column: Column, on path: ResolvedPath) {
      let isKey = column.row == RowReference(place: 0) && column.attribute == audience.key
      let reference = Reference(
        [path.places[column.row.place].name] + column.row.lookups.map(\.name.name)
          + [column.attribute])
      if !isKey, !references.contains(reference) { references.append(reference) }
    }
    let profile = onProfile(.always(true)).path
    for leaf in leaves {
      switch leaf {
      case .profile(_, _, let predicate): predicate.columns.forEach { add($0, on: profile) }
      case .has(let has): has.columns.forEach { add($0, on: has.path) }
      }
    }
    return references
  }
}

extension LogicalPlan {
  /// A predicate on the profile's own row as a has condition with the empty path.
  public func onProfile(_ predicate: RowPredicate) -> ResolvedHas {
    let path = ResolvedPath(
      audience: audience.name,
      places: [ResolvedPath.Place(name: audience.table, table: audience.table)], hops: [])
    return ResolvedHas(path: path, quantifier: .any, filter: .always(true), match: predicate)
  }
}
