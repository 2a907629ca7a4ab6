/// Plans an aggregate quantifier: its grain, its type, and its test.
struct AggregatePlanner {
  let scope: PathScope
  let reader: DocumentReader
  /// Of the quantifier.
  let place: String

  /// The quantifier, and whether the profiles without it are meant: where the test holds over no rows, the
  /// engine selects the profiles that have rows and fail it.
  func plan(_ aggregate: Aggregate) -> (quantifier: ResolvedQuantifier, complemented: Bool)? {
    guard let (grain, column) = counted(aggregate) else { return nil }
    guard let type = resultType(aggregate.function, column, at: "\(place).of") else { return nil }
    let lowering = Lowering(
      scope: scope, reader: reader, test: aggregate.test, place: place, subject: .aggregate,
      type: type, row: nil, mayCompareAttributes: false)
    guard let test = lowering.predicate() else { return nil }
    let holdsWithoutRows = test.value(whereAggregateIs: aggregate.function.valueOfNoRows)
    let resolved = ResolvedAggregate(
      function: aggregate.function, grain: grain, column: column,
      test: holdsWithoutRows ? .negation(of: test) : test)
    return (.aggregate(resolved), holdsWithoutRows)
  }

  private func counted(_ aggregate: Aggregate) -> (grain: Int, column: Column?)? {
    let place = "\(place).of"
    if aggregate.function == .count {
      guard let reference = aggregate.of else { return (defaultGrain, nil) }
      guard let row = scope.row(reference, at: place, reader: reader) else { return nil }
      guard row.lookups.isEmpty else {
        reader.note(
          "invalidReference", at: place, "'count' counts the rows of a table of the path.")
        return nil
      }
      return (row.place, nil)
    }
    guard let reference = aggregate.of else {
      reader.note(
        "missingKey", at: self.place,
        "'of' is missing: the attribute of which to take the \(aggregate.function.rawValue).")
      return nil
    }
    return scope.column(reference, at: place, reader: reader).map { ($0.row.place, $0) }
  }

  /// The table reached by the last one-to-many step, walking outward.
  private var defaultGrain: Int {
    scope.path.hops.lastIndex(where: \.mayFindMany).map { $0 + 1 } ?? scope.path.hops.count
  }

  private func resultType(_ function: AggregateFunction, _ column: Column?, at place: String)
    -> Lowering.SubjectType?
  {
    guard let column else { return .integer }
    switch (function, column.type) {
    case (.count, _), (.countDistinct, _): return .integer
    case (.sum, .integer): return .exact(.wide)
    case (.sum, .decimal(_, let scale)): return .exact(.decimal(precision: 38, scale: scale))
    case (.average, .integer), (.average, .decimal): return .exact(.ratio)
    case (.sum, .double), (.average, .double): return .double
    case (.minimum, .integer), (.minimum, .decimal), (.minimum, .double), (.minimum, .date),
      (.minimum, .datetime), (.maximum, .integer), (.maximum, .decimal), (.maximum, .double),
      (.maximum, .date), (.maximum, .datetime):
      return Lowering.SubjectType(column.type)
    case (.sum, _), (.average, _), (.minimum, _), (.maximum, _):
      let wanted =
        function == .sum || function == .average ? "a number" : "a number or a date"
      reader.note(
        "aggregateNeedsNumber", at: place,
        "'\(function.rawValue)' needs \(wanted); '\(column.attribute)' is a \(column.type.name).")
      return nil
    }
  }
}

extension AggregateFunction {
  /// nil for missing.
  fileprivate var valueOfNoRows: Int64? { self == .count || self == .countDistinct ? 0 : nil }
}

extension RowPredicate {
  /// The truth of a test on an aggregate whose value is known (nil: missing).
  fileprivate func value(whereAggregateIs value: Int64?) -> Bool {
    switch self {
    case .always(let constant): constant
    case .all(let parts): parts.allSatisfy { $0.value(whereAggregateIs: value) }
    case .any(let parts): parts.contains { $0.value(whereAggregateIs: value) }
    case .not(let part): !part.value(whereAggregateIs: value)
    case .missing: value == nil
    case .compare(.aggregate, let relation, .literal(.integer(let bound))):
      value.map { relation.holds($0, bound) } ?? false
    default: false
    }
  }
}

extension RowPredicate.Relation {
  func holds(_ left: Int64, _ right: Int64) -> Bool {
    switch self {
    case .equal: left == right
    case .less: left < right
    case .lessOrEqual: left <= right
    case .greater: left > right
    case .greaterOrEqual: left >= right
    }
  }
}
