/// Renders the rows that show members: key, profile attributes, and lists of attributes of joined rows.
public struct MemberRowsRenderer: Sendable {
  let source: SQLSource
  let catalog: Catalog
  let audience: Audience

  public init(source: SQLSource, catalog: Catalog, audience: Audience) {
    self.source = source
    self.catalog = catalog
    self.audience = audience
  }

  /// One row per member in key order: the key, then one column per projection, named by its reference.
  ///
  /// - Parameter members: a table with a column `ordinal`.
  public func rows(of members: String, projection: [ResolvedProjection]) throws -> SQLQuery {
    let ordinal = try ordinalColumn()
    var columns: [SQLQuery] = ["\(key) AS \(identifier: audience.key)"]
    var joins: SQLQuery = ""
    for (index, item) in projection.enumerated() {
      let name = item.reference.description
      switch item.source {
      case .profile(let attribute):
        columns.append("p0.\(identifier: attribute) AS \(identifier: name)")
      case .rows(let sources):
        let alias: SQLQuery = "r\(number: index)"
        columns.append(
          "coalesce(\(alias).items, \(source.dialect.emptyList)) AS \(identifier: name)")
        joins +=
          "\nLEFT JOIN (\n\(try lists(of: sources, members: members))) AS \(alias) ON \(alias).ordinal = p0.\(identifier: ordinal)"
      }
    }
    return
      "\(try profiles(columns.joined(", ")))\nJOIN \(identifier: members) AS m ON m.ordinal = p0.\(identifier: ordinal)\(joins)\nORDER BY \(key)"
  }

  /// The first profiles in key order, of those in a table with a column `ordinal` or of all: columns `key` and `ordinal`.
  ///
  /// - Parameter after: only greater keys.
  public func keys(of members: String?, after: ProfileKey?, limit: Int?) throws -> SQLQuery {
    var query = try profiles("\(key) AS key, p0.\(identifier: ordinalColumn()) AS ordinal")
    if let members {
      query +=
        "\nJOIN \(identifier: members) AS m ON m.ordinal = p0.\(identifier: try ordinalColumn())"
    }
    query += "\nWHERE \(try isIn(after: after, through: nil))\nORDER BY \(key)"
    if let limit { query += "\nLIMIT \(number: limit)" }
    return query
  }

  /// The profiles in a range of keys: one column `ordinal`.
  public func ordinals(after: ProfileKey?, through: ProfileKey?) throws -> SQLQuery {
    let rows = try profiles("p0.\(identifier: ordinalColumn()) AS ordinal")
    return "\(rows)\nWHERE \(try isIn(after: after, through: through))"
  }

  private var key: SQLQuery { "p0.\(identifier: audience.key)" }

  private func ordinalColumn() throws -> String {
    try source.ordinalColumn(of: audience.table, audience: audience.name)
  }

  private func profiles(_ columns: SQLQuery) throws -> SQLQuery {
    let table = try source.part(audience.table).storedName
    return "SELECT \(columns)\nFROM \(identifier: table) AS p0"
  }

  private func isIn(after: ProfileKey?, through: ProfileKey?) throws -> SQLQuery {
    var conditions: [SQLQuery] = ["p0.\(identifier: try ordinalColumn()) IS NOT NULL"]
    if let after { conditions.append("\(key) > \(bind: after.value)") }
    if let through { conditions.append("\(key) <= \(bind: through.value)") }
    return conditions.joined(" AND ")
  }

  /// Columns `ordinal` and `items`: one entry per row of the attribute's table, in key order.
  private func lists(of sources: [ProjectedRows], members: String) throws -> SQLQuery {
    let keys = sources.prefix(1).flatMap { first in
      catalog.key(of: first.has.path.table(of: first.column.row)).map(\.name)
    }
    // UNION drops what several joined rows, or several rules, repeat.
    let inner = try sources.map { try entries(of: $0, keys: keys, members: members) }
      .joined("\n  UNION\n")
    let order =
      keys.indices.map { "k\(number: $0) NULLS LAST" as SQLQuery } + ["r" as SQLQuery]
    let list = source.dialect.list("v", order.joined(", "))
    return
      "  SELECT ordinal, \(list) AS items\n  FROM (\n\(inner)\n  ) AS entries\n  WHERE v IS NOT NULL\n  GROUP BY ordinal\n"
  }

  private func entries(of projected: ProjectedRows, keys: [String], members: String) throws
    -> SQLQuery
  {
    let has = projected.has
    let row = projected.column.row
    let rows = try JoinedRows(has.path, reading: has.rows.union([row]), source: source)
    let renderer = PredicateRenderer(rows: rows)
    let alias = rows.alias(of: row)
    var columns: [SQLQuery] = ["\(rows.ordinal) AS ordinal"]
    for (index, key) in keys.enumerated() {
      columns.append("\(alias).\(identifier: key) AS k\(number: index)")
    }
    columns.append("\(alias).\(identifier: Part.rowColumn) AS r")
    columns.append("\(rows.column(projected.column)) AS v")
    let isMember: SQLQuery =
      "\(rows.ordinal) IN (SELECT ordinal FROM \(identifier: members))"
    switch has.quantifier {
    case .any, .every, .aggregate:
      let condition = try renderer.sql(.all(of: [has.filter, has.match]))
      return
        "  SELECT DISTINCT \(columns.joined(", "))\n  FROM \(rows.from)\n  WHERE \(condition) AND \(isMember)\(try satisfying(projected, rows))"
    case .first(let column), .last(let column):
      let time = rows.column(column)
      let extreme: SQLQuery = if case .first = has.quantifier { "min" } else { "max" }
      let filter = try renderer.sql(.all(of: [has.filter, .not(.missing(.column(column)))]))
      columns.append("\(time) AS t")
      columns.append("\(extreme)(\(time)) OVER (PARTITION BY \(rows.ordinal)) AS deciding")
      columns.append("(\(try renderer.sql(has.match))) IS TRUE AS matches")
      let names =
        keys.indices.map { "k\(number: $0)" as SQLQuery } + ["r" as SQLQuery, "v" as SQLQuery]
      return
        "  SELECT DISTINCT ordinal, \(names.joined(", "))\n  FROM (SELECT \(columns.joined(", "))\n  FROM \(rows.from)\n  WHERE \(filter) AND \(isMember)) AS timed\n  WHERE t = deciding AND matches"
    }
  }

  /// Restricts rows to profiles for which their condition is true; of `any`, first and last the rows say it
  /// themselves.
  private func satisfying(_ projected: ProjectedRows, _ rows: JoinedRows) throws -> SQLQuery {
    if case .any = projected.has.quantifier { return "" }
    let selected = try LeafRenderer(source).ordinals(of: .has(projected.has))
    let not: SQLQuery = projected.complemented ? "NOT " : ""
    return
      " AND \(rows.ordinal) \(not)IN (SELECT ordinal FROM (\(selected)) AS selected WHERE ordinal IS NOT NULL)"
  }

  /// The best `count` of the members by a limit: one column `ordinal`.
  public func best(of members: String, limit: ResolvedLimit) throws -> SQLQuery {
    let ordinal = try ordinalColumn()
    let order: SQLQuery
    switch limit.choice {
    case .top(let column, let descending):
      let direction: SQLQuery = descending ? "DESC" : "ASC"
      order = "p0.\(identifier: column.attribute) \(direction) NULLS LAST, \(key)"
    case .random(let salt):
      let isText = catalog.table(audience.table)?.attribute(audience.key)?.type == .text
      let text: SQLQuery = isText ? key : "CAST(\(key) AS VARCHAR)"
      order = "\(source.dialect.splitHash(salt, text)), \(key)"
    }
    return
      "\(try profiles("p0.\(identifier: ordinal) AS ordinal"))\nJOIN \(identifier: members) AS m ON m.ordinal = p0.\(identifier: ordinal)\nORDER BY \(order)\nLIMIT \(number: limit.count)"
  }
}
