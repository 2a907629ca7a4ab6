extension LogicalPlan {
  /// The tables whose rows decide who is a member.
  public var tables: Set<String> {
    var tables: Set<String> = [audience.table]
    // A limit is by an attribute of the profile's own row.
    for leaf in leaves { leaf.addTables(to: &tables) }
    return tables
  }
}

extension Leaf {
  fileprivate func addTables(to tables: inout Set<String>) {
    switch self {
    case .profile(_, let table, let predicate):
      tables.insert(table)
      predicate.addTables(to: &tables)
    case .has(let has):
      tables.formUnion(has.path.places.map(\.table))
      has.filter.addTables(to: &tables)
      has.match.addTables(to: &tables)
      switch has.quantifier {
      case .any, .every: break
      case .first(let column), .last(let column):
        tables.formUnion(column.row.lookups.map(\.target))
      case .aggregate(let aggregate):
        tables.formUnion(aggregate.column?.row.lookups.map(\.target) ?? [])
      }
    }
  }
}

extension RowPredicate {
  fileprivate func addTables(to tables: inout Set<String>) {
    for row in rows { tables.formUnion(row.lookups.map(\.target)) }
    visit { if case .related(_, let kinship) = $0 { tables.insert(kinship.table) } }
  }
}
