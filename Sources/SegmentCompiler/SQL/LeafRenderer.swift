/// Renders leaves: each becomes one query that yields the ordinals of the profiles it selects, a profile
/// perhaps several times, and NULL for rows that lead to no profile.
public struct LeafRenderer: Sendable {
  let source: SQLSource
  /// The profiles that are asked about; nil for all.
  let sample: ProfileSample?

  public init(_ source: SQLSource, sample: ProfileSample? = nil) {
    self.source = source
    self.sample = sample
  }

  public func ordinals(of leaf: Leaf) throws -> SQLQuery {
    switch leaf {
    case .profile(let audience, let table, let predicate):
      let path = ResolvedPath(
        audience: audience, places: [ResolvedPath.Place(name: table, table: table)], hops: [])
      let rows = try JoinedRows(path, reading: predicate.rows, source: source)
      let condition = try PredicateRenderer(rows: rows).sql(predicate)
      return
        "SELECT \(rows.ordinal) AS ordinal\nFROM \(rows.from)\nWHERE \(condition)\(sampled(rows))"
    case .has(let has):
      return try ordinals(of: has)
    }
  }

  private func ordinals(of has: ResolvedHas) throws -> SQLQuery {
    let rows = try JoinedRows(has.path, reading: has.rows, source: source)
    let renderer = PredicateRenderer(rows: rows)
    let match = try renderer.sql(has.match)
    switch has.quantifier {
    case .any:
      let condition = try renderer.sql(.all(of: [has.filter, has.match]))
      return
        "SELECT \(rows.ordinal) AS ordinal\nFROM \(rows.from)\nWHERE \(condition)\(sampled(rows))"
    case .every:
      let filter = try renderer.sql(has.filter)
      return
        "SELECT \(rows.ordinal) AS ordinal\nFROM \(rows.from)\nWHERE \(filter)\(sampled(rows))\nGROUP BY \(rows.ordinal)\nHAVING bool_and((\(match)) IS TRUE)"
    case .first(let column), .last(let column):
      let time = rows.column(column)
      let extreme: SQLQuery = if case .first = has.quantifier { "min" } else { "max" }
      let filter = try renderer.sql(.all(of: [has.filter, .not(.missing(.column(column)))]))
      // The deciding time has a row for which the tree holds.
      return
        "SELECT \(rows.ordinal) AS ordinal\nFROM \(rows.from)\nWHERE \(filter)\(sampled(rows))\nGROUP BY \(rows.ordinal)\nHAVING \(extreme)(\(time)) FILTER (WHERE \(match)) = \(extreme)(\(time))"
    case .aggregate(let aggregate):
      let values = try AggregateRenderer(has: has, aggregate: aggregate, rows: rows)
      return
        "SELECT ordinal\nFROM (\n\(try values.perProfile(where: isSampled(rows)))\n) AS totals\nWHERE \(try values.test())"
    }
  }

  private func sampled(_ rows: JoinedRows) -> SQLQuery {
    isSampled(rows).map { " AND \($0)" } ?? ""
  }

  /// nil where all profiles are asked about.
  private func isSampled(_ rows: JoinedRows) -> SQLQuery? {
    sample?.contains(rows.ordinal, in: source.dialect)
  }
}

extension ResolvedHas {
  /// Every row that its conditions and its quantifier read.
  var rows: Set<RowReference> {
    var rows = filter.rows.union(match.rows)
    switch quantifier {
    case .any, .every: break
    case .first(let column), .last(let column): rows.insert(column.row)
    case .aggregate(let aggregate):
      rows.insert(aggregate.column?.row ?? RowReference(place: aggregate.grain))
      rows.insert(RowReference(place: aggregate.grain))
    }
    return rows
  }
}

/// Renders the aggregate of each profile.
struct AggregateRenderer {
  let has: ResolvedHas
  let aggregate: ResolvedAggregate
  let rows: JoinedRows

  init(has: ResolvedHas, aggregate: ResolvedAggregate, rows: JoinedRows) throws {
    self.has = has
    self.aggregate = aggregate
    self.rows = rows
  }

  /// Columns `ordinal`, `value` and (of averages) `n`, one row per profile that has counted rows.
  func perProfile(where extra: SQLQuery? = nil) throws -> SQLQuery {
    var condition = try PredicateRenderer(rows: rows).sql(.all(of: [has.filter, has.match]))
    if let extra { condition = "\(condition) AND \(extra)" }
    let grainRow: SQLQuery =
      "\(rows.alias(of: RowReference(place: aggregate.grain))).\(identifier: Part.rowColumn)"
    let value: SQLQuery = aggregate.column.map { rows.column($0) } ?? grainRow
    guard needsDistinctRows else {
      return
        "  SELECT \(rows.ordinal) AS ordinal, \(columns(of: value))\n  FROM \(rows.from)\n  WHERE \(condition)\n  GROUP BY \(rows.ordinal)"
    }
    // Joined rows repeat the counted one: take each once.
    return
      "  SELECT ordinal, \(columns(of: "v"))\n  FROM (\n  SELECT DISTINCT \(rows.ordinal) AS ordinal, \(grainRow) AS r, \(value) AS v\n  FROM \(rows.from)\n  WHERE \(condition)) AS counted\n  GROUP BY ordinal"
  }

  private func columns(of value: SQLQuery) -> SQLQuery {
    let type = aggregate.column?.type
    switch aggregate.function {
    case .count: return "count(\(value)) AS value"
    case .countDistinct: return "count(DISTINCT \(value)) AS value"
    case .minimum: return "min(\(value)) AS value"
    case .maximum: return "max(\(value)) AS value"
    case .sum where type == .double:
      return "\(rows.source.dialect.rounded("sum(\(value))")) AS value"
    case .sum: return "sum(\(value)) AS value"
    case .average where type == .double:
      return "\(rows.source.dialect.rounded("sum(\(value)) / nullif(count(\(value)), 0)")) AS value"
    case .average: return "sum(\(value)) AS value, count(\(value)) AS n"
    }
  }

  /// The test on the columns of ``perProfile(where:)``.
  func test() throws -> SQLQuery {
    var renderer = PredicateRenderer(rows: rows)
    let isRatio = aggregate.function == .average && aggregate.column?.type != .double
    renderer.aggregate = PredicateRenderer.AggregateValue(
      value: "value", ratio: isRatio ? ("value", "n") : nil)
    return try renderer.sql(aggregate.test)
  }

  /// Whether one row of the grain may stand in several joined rows of one profile, and that matters.
  private var needsDistinctRows: Bool {
    switch aggregate.function {
    case .countDistinct, .minimum, .maximum: return false
    case .count, .sum, .average: break
    }
    let hops = has.path.hops
    if hops.dropFirst(aggregate.grain).contains(where: \.mayFindMany) { return true }
    // Many rows that lead to one row of the grain: the same row over several chains.
    let toGrain = hops.prefix(aggregate.grain)
    guard let many = toGrain.firstIndex(where: \.mayFindMany) else { return false }
    return toGrain[many...].contains { !$0.toSource }
  }
}
