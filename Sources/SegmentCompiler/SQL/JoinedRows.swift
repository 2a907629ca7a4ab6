/// The FROM clause of a path: which stored tables have to be joined to see its joined rows.
///
/// Stored tables carry the ordinal of the profile they lead to, so a path is entered at the farthest
/// table that knows its profile by itself (the *anchor*), and tables nearer to the profile are joined only
/// if a condition reads them: their existence is what the ordinal says.
struct JoinedRows {
  let path: ResolvedPath
  let source: SQLSource
  /// The index of the anchor's place.
  let anchor: Int
  /// The ordinal of the joined row's profile.
  let ordinal: SQLQuery
  private(set) var from: SQLQuery
  private var lookupAliases: [RowReference: SQLQuery] = [:]

  /// - Parameter rows: every row that an expression reads.
  init(_ path: ResolvedPath, reading rows: Set<RowReference>, source: SQLSource) throws {
    self.path = path
    self.source = source
    let entry = try JoinedRows.anchor(of: path, source: source)
    anchor = entry.place
    ordinal = "\(JoinedRows.alias(anchor)).\(identifier: entry.column)"
    from =
      "\(try JoinedRows.table(path.places[anchor].table, source)) AS \(JoinedRows.alias(anchor))"
    try joinPlaces(read: Set(rows.map(\.place)))
    for row in rows.sorted(by: JoinedRows.isBefore) { try joinLookups(of: row) }
  }

  private static func anchor(of path: ResolvedPath, source: SQLSource) throws
    -> (place: Int, column: String)
  {
    var best = (
      place: 0,
      column: try source.ordinalColumn(of: path.places[0].table, audience: path.audience)
    )
    var steps: [RelationshipName] = []
    for (index, hop) in path.hops.enumerated() {
      guard hop.toSource else { break }
      steps.insert(hop.relationship.name, at: 0)
      let part = try source.part(path.places[index + 1].table)
      guard let route = part.route(audience: path.audience, steps: steps) else { continue }
      best = (index + 1, route.column)
    }
    return best
  }

  private mutating func joinPlaces(read places: Set<Int>) throws {
    // Outward of the anchor every table counts, read or not.
    for index in path.places.indices where index > anchor {
      try joinPlace(index, to: index - 1, over: path.hops[index - 1])
    }
    let nearest = places.filter { $0 > 0 && $0 < anchor }.min() ?? anchor
    for index in stride(from: anchor - 1, through: nearest, by: -1) {
      try joinPlace(index, to: index + 1, over: path.hops[index])
    }
    if anchor > 0, places.contains(0) {
      let own = try source.ordinalColumn(of: path.places[0].table, audience: path.audience)
      from +=
        "\n  JOIN \(try JoinedRows.table(path.places[0].table, source)) AS \(JoinedRows.alias(0)) ON \(JoinedRows.alias(0)).\(identifier: own) = \(ordinal)"
    }
  }

  private mutating func joinPlace(
    _ index: Int, to joined: Int, over hop: ResolvedPath.Hop
  ) throws {
    // A hop leads outward from its inner place; the source of its relationship is the outer place
    // if it is walked from target to source.
    let isSource = hop.toSource == (index > joined)
    let relationship = hop.relationship
    let mine = isSource ? relationship.foreignKey : relationship.targetKey
    let theirs = isSource ? relationship.targetKey : relationship.foreignKey
    from +=
      "\n  JOIN \(try JoinedRows.table(path.places[index].table, source)) AS \(JoinedRows.alias(index)) ON \(JoinedRows.alias(index)).\(identifier: mine) = \(JoinedRows.alias(joined)).\(identifier: theirs)"
  }

  private mutating func joinLookups(of row: RowReference) throws {
    guard let last = row.lookups.last, lookupAliases[row] == nil else { return }
    let parent = RowReference(place: row.place, lookups: Array(row.lookups.dropLast()))
    try joinLookups(of: parent)
    let alias: SQLQuery = "l\(number: lookupAliases.count + 1)"
    from +=
      "\n  LEFT JOIN \(try JoinedRows.table(last.target, source)) AS \(alias) ON \(alias).\(identifier: last.targetKey) = \(self.alias(of: parent)).\(identifier: last.foreignKey)"
    lookupAliases[row] = alias
  }

  func alias(of row: RowReference) -> SQLQuery {
    lookupAliases[row] ?? JoinedRows.alias(row.place)
  }

  func column(_ column: Column) -> SQLQuery {
    "\(alias(of: column.row)).\(identifier: column.attribute)"
  }

  static func alias(_ place: Int) -> SQLQuery { "p\(number: place)" }

  private static func table(_ name: String, _ source: SQLSource) throws -> SQLQuery {
    "\(identifier: try source.part(name).storedName)"
  }

  private static func isBefore(_ a: RowReference, _ b: RowReference) -> Bool {
    (a.place, a.lookups.map(\.name.description).joined(separator: " "))
      < (b.place, b.lookups.map(\.name.description).joined(separator: " "))
  }
}
