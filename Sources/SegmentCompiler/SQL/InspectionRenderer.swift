/// Renders what "why" looks at: the joined rows of one profile with the truth of every comparison.
public struct InspectionRenderer: Sendable {
  let source: SQLSource
  let catalog: Catalog

  public init(source: SQLSource, catalog: Catalog) {
    self.source = source
    self.catalog = catalog
  }

  /// The columns of an inspection, in order: `counts` and `matches` (booleans), `time` (of first and last),
  /// one boolean per comparison, then the shown values.
  public struct Inspection: Sendable {
    public var query: SQLQuery
    public var comparisons: [RowPredicate]
    /// References of the shown values: the key of the far table, then what the conditions read.
    public var shown: [String]
  }

  /// The joined rows of a has condition for one profile, in the order of the far table's key.
  public func rows(of has: ResolvedHas, comparisons: [RowPredicate], ordinal: UInt32) throws
    -> Inspection
  {
    let far = RowReference(place: has.path.places.count - 1)
    // A comparison may have dropped out of the condition, as what is always true does.
    let read = comparisons.reduce(has.rows.union([far])) { $0.union($1.rows) }
    let rows = try JoinedRows(has.path, reading: read, source: source)
    let renderer = PredicateRenderer(rows: rows)
    let keys = catalog.key(of: has.path.places[far.place].table).map {
      Column(row: far, attribute: $0.name, type: $0.type)
    }
    let shown = uniqued(keys + has.columns)
    var columns: [SQLQuery] = [
      "(\(try renderer.sql(has.filter))) IS TRUE", "(\(try renderer.sql(has.match))) IS TRUE",
    ]
    if let time = has.time { columns.append(rows.column(time)) }
    columns += try comparisons.map { "(\(try renderer.sql($0))) IS TRUE" }
    columns += shown.map(rows.column)
    let order =
      keys.map { "\(rows.column($0)) NULLS LAST" as SQLQuery }
      + ["\(rows.alias(of: far)).\(identifier: Part.rowColumn)" as SQLQuery]
    return Inspection(
      query:
        "SELECT \(columns.joined(", "))\nFROM \(rows.from)\nWHERE \(rows.ordinal) = \(bind: .integer(Int64(ordinal)))\nORDER BY \(order.joined(", "))",
      comparisons: comparisons,
      shown: shown.map { $0.title(on: has.path) })
  }

  /// Column 0: the aggregate's value; column 1, of exact averages: the number of values; last: its test.
  public func aggregate(of has: ResolvedHas, _ aggregate: ResolvedAggregate, ordinal: UInt32) throws
    -> SQLQuery
  {
    let rows = try JoinedRows(has.path, reading: has.rows, source: source)
    let renderer = try AggregateRenderer(has: has, aggregate: aggregate, rows: rows)
    let values = try renderer.perProfile(
      where: "\(rows.ordinal) = \(bind: .integer(Int64(ordinal)))")
    return "SELECT *, (\(try renderer.test())) IS TRUE AS holds\nFROM (\n\(values)\n) AS totals"
  }

  private func uniqued(_ columns: [Column]) -> [Column] {
    var seen: Set<Column> = []
    return columns.filter { seen.insert($0).inserted }
  }
}

extension Column {
  /// `Order.BillTo.City`, with the place's name.
  public func title(on path: ResolvedPath) -> String {
    Reference([path.places[row.place].name] + row.lookups.map(\.name.name) + [attribute])
      .description
  }
}

extension ResolvedHas {
  var time: Column? {
    switch quantifier {
    case .first(let column), .last(let column): column
    case .any, .every, .aggregate: nil
    }
  }

  /// The columns that its conditions and its quantifier read.
  var columns: [Column] {
    var columns = filter.columns + match.columns
    if let time { columns.append(time) }
    if case .aggregate(let aggregate) = quantifier, let column = aggregate.column {
      columns.append(column)
    }
    return columns
  }
}

extension RowPredicate {
  /// The columns it reads, in order of appearance.
  public var columns: [Column] {
    var columns: [Column] = []
    visit { columns += $0.expressions.compactMap(\.column) }
    return columns
  }
}
