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
      let choices = paths.map { "path: [\($0.map(\.description).joined(separator: ", "))]" }
      reader.note(
        "ambiguousPath", at: place,
        "There are \(paths.count) equally short paths from '\(table)' to '\(audience.table)': \(choices.joined(separator: "; ")).",
        hint: "Name one of them with 'path' instead of 'from'.")
      return nil
    }
    return path(shortest)
  }

  /// All paths of the least number of hops.
  func shortestPaths(from table: String) -> [[PathStep]] {
    var frontier: [(table: String, steps: [PathStep])] = [(table, [])]
    for _ in 0..<PathResolver.maximumHops {
      var next: [(table: String, steps: [PathStep])] = []
      for (current, steps) in frontier {
        for (step, reached) in self.steps(from: current)
        where !steps.contains(where: { $0.relationship == step.relationship }) {
          next.append((reached, steps + [step]))
        }
      }
      let arrived = next.filter { $0.table == audience.table }.map(\.steps)
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

  private func steps(from table: String) -> [(PathStep, String)] {
    catalog.relationships.flatMap { relationship -> [(PathStep, String)] in
      var steps: [(PathStep, String)] = []
      if relationship.source == table {
        steps.append((PathStep(relationship: relationship.name), relationship.target))
      }
      if relationship.target == table {
        steps.append(
          (PathStep(relationship: relationship.name, reversed: true), relationship.source))
      }
      return steps
    }
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
    var current: String?
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
      let from = step.reversed ? relationship.target : relationship.source
      if let current, current != from {
        reader.note(
          "brokenPath", at: place,
          "The path has reached '\(current)', but \(step) starts at '\(from)'.",
          hint: hint(relationship, from: current, step))
        return nil
      }
      current = step.reversed ? relationship.source : relationship.target
    }
    guard current == audience.table else {
      reader.note(
        "brokenPath", at: place,
        "The path ends at '\(current ?? "")', not at the profile table '\(audience.table)'.",
        hint: steps.last.flatMap { step in
          catalog.relationship(step.relationship).flatMap { hint($0, from: current ?? "", step) }
        })
      return nil
    }
    return path(steps)
  }

  private func hint(_ relationship: Relationship, from table: String, _ step: PathStep) -> String? {
    let other = PathStep(relationship: step.relationship, reversed: !step.reversed)
    let start = other.reversed ? relationship.target : relationship.source
    return start == table || table.isEmpty || start == audience.table
      || relationship.source == audience.table
      ? "To walk it the other way, write \(other)." : nil
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

  /// From steps that are known to be sound.
  private func path(_ steps: [PathStep]) -> ResolvedPath {
    var path = profilePath
    var seen = [audience.table: 1]
    for step in steps.reversed() {
      guard let relationship = catalog.relationship(step.relationship) else { continue }
      let hop = ResolvedPath.Hop(relationship: relationship, toSource: !step.reversed)
      let table = hop.toSource ? relationship.source : relationship.target
      seen[table, default: 0] += 1
      let name = seen[table]! == 1 ? table : "\(table)#\(seen[table]!)"
      path.hops.append(hop)
      path.places.append(ResolvedPath.Place(name: name, table: table))
    }
    return path
  }
}
