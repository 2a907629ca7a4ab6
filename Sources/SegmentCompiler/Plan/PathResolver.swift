/// Resolves paths, and finds the shortest ones.
struct PathResolver {
  static let maximumHops = 20

  let catalog: Catalog
  let audience: Audience

  var profilePath: ResolvedPath {
    ResolvedPath(
      audience: audience.name,
      places: [ResolvedPath.Place(name: audience.table, table: audience.table)], hops: [])
  }

  /// The path that a rule names; nil where a problem was noted.
  func resolve(_ origin: PathOrigin, at place: String, reader: DocumentReader) -> ResolvedPath? {
    switch origin {
    case .profile: profilePath
    case .table(let name): resolve(from: name, at: place + ".from", reader: reader)
    case .steps(let steps): resolve(steps, at: place + ".path", reader: reader)
    }
  }

  // MARK: From a table

  private func resolve(from table: String, at place: String, reader: DocumentReader)
    -> ResolvedPath?
  {
    guard catalog.table(table) != nil else {
      reader.note(
        "unknownTable", at: place, "There is no table '\(table)'.",
        hint: NearNames.hint(table, among: catalog.tables.map(\.name)))
      return nil
    }
    guard table != audience.table else { return profilePath }
    let paths = shortestPaths(from: table)
    guard let shortest = paths.first else {
      reader.note(
        "noPath", at: place,
        "No relationships lead from '\(table)' to the profile table '\(audience.table)'.")
      return nil
    }
    guard paths.count == 1 else {
      let choices = paths.map { "path: [\($0.map(\.step.description).joined(separator: ", "))]" }
      reader.note(
        "ambiguousPath", at: place,
        "There are \(paths.count) equally short paths from '\(table)' to '\(audience.table)': \(choices.joined(separator: "; ")).",
        hint: "Name one of them with 'path' instead of 'from'.")
      return nil
    }
    return path(shortest)
  }

  /// All paths of the least number of hops, the far one first.
  fileprivate func shortestPaths(from table: String) -> [[ResolvedPath.Hop]] {
    var frontier: [(table: String, hops: [ResolvedPath.Hop])] = [(table, [])]
    for _ in 0..<PathResolver.maximumHops {
      var next: [(table: String, hops: [ResolvedPath.Hop])] = []
      for (current, hops) in frontier {
        for hop in self.hops(from: current)
        where !hops.contains(where: { $0.relationship == hop.relationship }) {
          next.append((hop.nearTable, hops + [hop]))
        }
      }
      let arrived = next.filter { $0.table == audience.table }.map(\.hops)
      if !arrived.isEmpty { return arrived }
      // One way to each table is enough to tell that a path exists; a few, that it is not the only one.
      var perTable: [String: Int] = [:]
      frontier = next.filter {
        perTable[$0.table, default: 0] += 1
        return perTable[$0.table]! <= 8
      }
    }
    return []
  }

  private func hops(from table: String) -> [ResolvedPath.Hop] {
    catalog.relationships.flatMap { relationship in
      [true, false].map { ResolvedPath.Hop(relationship: relationship, toSource: $0) }
    }.filter { $0.farTable == table }
  }

  // MARK: By steps

  private func resolve(_ steps: [PathStep], at place: String, reader: DocumentReader)
    -> ResolvedPath?
  {
    guard steps.count <= PathResolver.maximumHops else {
      reader.note(
        "pathTooLong", at: place,
        "A path has at most \(PathResolver.maximumHops) hops, this one has \(steps.count).")
      return nil
    }
    var used: Set<RelationshipName> = []
    var hops: [ResolvedPath.Hop] = []
    for (index, step) in steps.enumerated() {
      let place = "\(place)[\(index)]"
      guard let relationship = catalog.relationship(step.relationship) else {
        noteUnknown(step, at: place, reader: reader)
        return nil
      }
      guard used.insert(step.relationship).inserted else {
        reader.note(
          "repeatedRelationship", at: place,
          "The relationship \(step.relationship) stands on the path twice.")
        return nil
      }
      let hop = ResolvedPath.Hop(relationship: relationship, toSource: !step.reversed)
      if let reached = hops.last?.nearTable, reached != hop.farTable {
        reader.note(
          "brokenPath", at: place,
          "The path has reached '\(reached)', but \(step) starts at '\(hop.farTable)'.",
          hint: reached == hop.nearTable
            ? "To walk it the other way, write \(step.turned)." : nil)
        return nil
      }
      hops.append(hop)
    }
    if let reached = hops.last?.nearTable, reached != audience.table {
      let turned = steps.reversed().map(\.turned.description).joined(separator: ", ")
      reader.note(
        "brokenPath", at: place,
        "The path ends at '\(reached)', not at the profile table '\(audience.table)'.",
        hint: hops.first?.farTable == audience.table
          ? "Paths start at the far table and end at the profile table: [\(turned)]." : nil)
      return nil
    }
    return path(hops)
  }

  private func noteUnknown(_ step: PathStep, at place: String, reader: DocumentReader) {
    let table = step.relationship.table
    if catalog.table(table) == nil {
      reader.note(
        "unknownTable", at: place, "There is no table '\(table)'.",
        hint: NearNames.hint(table, among: catalog.tables.map(\.name)))
      return
    }
    let known = catalog.relationships.filter { $0.source == table }.map(\.name.description)
    reader.note(
      "unknownRelationship", at: place, "There is no relationship \(step.relationship).",
      hint: NearNames.hint(step.relationship.description, among: known)
        ?? (known.isEmpty ? nil : "'\(table)' has \(known.joined(separator: ", "))."))
  }

  /// From hops that are known to be sound, the far one first.
  private func path(_ hops: [ResolvedPath.Hop]) -> ResolvedPath {
    var path = profilePath
    var seen = [audience.table: 1]
    for hop in hops.reversed() {
      let table = hop.farTable
      seen[table, default: 0] += 1
      let name = seen[table]! == 1 ? table : "\(table)#\(seen[table]!)"
      path.hops.append(hop)
      path.places.append(ResolvedPath.Place(name: name, table: table))
    }
    return path
  }
}

extension Catalog {
  /// The shortest ways from every table that leads to an audience's profiles, as definitions write them.
  public func shortestPaths(to audience: Audience) -> [(table: String, steps: [PathStep])] {
    let resolver = PathResolver(catalog: self, audience: audience)
    return tables.filter { $0.name != audience.table }.flatMap { table in
      resolver.shortestPaths(from: table.name).map { (table.name, $0.map(\.step)) }
    }
  }
}
