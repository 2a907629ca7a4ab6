/// What a definition is planned against: the only things besides the definition that a plan depends on.
public struct PlanContext: Sendable {
  public let catalog: Catalog
  public let asOf: Instant
  /// Every segment there is, by name.
  public let segments: [String: SegmentFacts]
  /// Those from which no way leads into a circle, which are nearly all.
  let acyclic: Set<String>

  public init(catalog: Catalog, asOf: Instant, segments: [String: SegmentFacts] = [:]) {
    self.catalog = catalog
    self.asOf = asOf
    self.segments = segments
    acyclic = PlanContext.acyclic(segments)
  }

  /// Takes segments away, those first that refer to no other, as long as there are any.
  private static func acyclic(_ segments: [String: SegmentFacts]) -> Set<String> {
    var open: [String: Int] = [:]
    var users: [String: [String]] = [:]
    var ready: [String] = []
    for (name, facts) in segments {
      let references = Set(facts.references).filter { segments[$0] != nil }
      open[name] = references.count
      if references.isEmpty { ready.append(name) }
      for reference in references { users[reference, default: []].append(name) }
    }
    var acyclic: Set<String> = []
    while let name = ready.popLast() {
      acyclic.insert(name)
      for user in users[name] ?? [] {
        open[user, default: 0] -= 1
        if open[user] == 0 { ready.append(user) }
      }
    }
    return acyclic
  }
}

/// What has to be known of a segment to refer to it.
public struct SegmentFacts: Sendable, Equatable {
  public var audience: String
  /// Names of the segments it refers to itself.
  public var references: [String]
  /// It has a published run, or is refreshed before in the same job.
  public var isAvailable: Bool

  public init(audience: String, references: [String], isAvailable: Bool) {
    self.audience = audience
    self.references = references
    self.isAvailable = isAvailable
  }
}

/// Everything that names inside one rule are resolved with: its path and the plan's fixed points.
struct PathScope {
  let catalog: Catalog
  let audience: Audience
  let path: ResolvedPath
  let zone: Zone
  let weekStart: Weekday
  let asOf: Instant
  let today: CivilDate
  let segments: [String: SegmentFacts]
  let acyclic: Set<String>
  /// The segment being planned, to find cycles.
  let segmentName: String

  var isProfile: Bool { path.hops.isEmpty }

  func with(path: ResolvedPath) -> PathScope {
    PathScope(
      catalog: catalog, audience: audience, path: path, zone: zone, weekStart: weekStart,
      asOf: asOf, today: today, segments: segments, acyclic: acyclic, segmentName: segmentName)
  }

  /// Resolves `Place.Lookup.….Attribute`.
  func column(_ reference: Reference, at place: String, reader: DocumentReader) -> Column? {
    guard reference.parts.count >= 2 else {
      reader.note(
        "invalidReference", at: place,
        "'\(reference)' names no attribute; expected is Table.Attribute.",
        hint: attributeHint(reference.parts[0]))
      return nil
    }
    guard
      let row = row(Reference(Array(reference.parts.dropLast())), at: place, reader: reader)
    else { return nil }
    let table = path.table(of: row)
    let name = reference.parts.last!
    if let attribute = catalog.table(table)?.attribute(name) {
      return Column(row: row, attribute: name, type: attribute.type)
    }
    noteUnknownAttribute(name, of: table, at: place, reader: reader)
    return nil
  }

  private func noteUnknownAttribute(
    _ name: String, of table: String, at place: String, reader: DocumentReader
  ) {
    guard !catalog.tables.contains(where: { $0.name == table && $0.isPartial }) else {
      noteUndeclared(name, of: table, at: place, reader: reader)
      return
    }
    let known = catalog.attributeNames(of: table)
    reader.note(
      "unknownAttribute", at: place, "The table '\(table)' has no attribute '\(name)'.",
      hint: NearNames.hint(name, among: known)
        ?? "It has \(known.map { "'\($0)'" }.joined(separator: ", ")).")
  }

  /// Without data, an attribute that is not declared may exist or not.
  func noteUndeclared(_ name: String, of table: String, at place: String, reader: DocumentReader) {
    reader.note(
      "undeclaredAttribute", at: place,
      "Whether '\(table)' has an attribute '\(name)' is not known: no data is loaded here, and the workspace file does not declare it with a type.",
      hint: NearNames.hint(name, among: catalog.attributeNames(of: table))
        ?? "Declare it, or run 'muster catalog --lock' where the data is loaded and keep workspace.lock.yaml beside the workspace file."
    )
  }

  private func attributeHint(_ name: String) -> String? {
    let owners = path.places.filter { catalog.table($0.table)?.attribute(name) != nil }
    guard let owner = owners.first else { return nil }
    return "Did you mean '\(Reference([owner.name, name]))'?"
  }

  /// Resolves `Place.Lookup.…`.
  func row(_ reference: Reference, at place: String, reader: DocumentReader) -> RowReference? {
    let name = reference.parts[0]
    guard let index = path.places.firstIndex(where: { $0.name == name }) else {
      noteUnknownPlace(name, at: place, reader: reader)
      return nil
    }
    var row = RowReference(place: index)
    for lookup in reference.parts.dropFirst() {
      let table = path.table(of: row)
      guard
        let relationship = catalog.relationship(RelationshipName(table: table, name: lookup))
      else {
        noteUnknownLookup(lookup, of: table, at: place, reader: reader)
        return nil
      }
      row.lookups.append(relationship)
    }
    return row
  }

  private func noteUnknownPlace(_ name: String, at place: String, reader: DocumentReader) {
    let places = path.places.map { "'\($0.name)'" }.joined(separator: ", ")
    if catalog.table(name) != nil {
      reader.note(
        "attributeNotOnPath", at: place,
        "The table '\(name)' is not on the path; on it are \(places).",
        hint: "Use a path that holds it, a has condition, or a lookup from a table of the path.")
    } else if name.contains("#") {
      reader.note(
        "unknownPlace", at: place, "The path has no place '\(name)'; it has \(places).",
        hint: NearNames.hint(name, among: path.places.map(\.name)))
    } else {
      reader.note(
        "unknownTable", at: place, "There is no table '\(name)'.",
        hint: NearNames.hint(name, among: catalog.tables.map(\.name)))
    }
  }

  private func noteUnknownLookup(
    _ name: String, of table: String, at place: String, reader: DocumentReader
  ) {
    let pointsHere = catalog.relationships.contains {
      $0.target == table && ($0.source == name || $0.name.name == name)
    }
    let known = catalog.relationships.filter { $0.source == table }.map(\.name.name)
    if pointsHere {
      reader.note(
        "lookupNotManyToOne", at: place,
        "A lookup goes from many to one; '\(name)' may have many rows for one of '\(table)'.",
        hint: "Use a path or a has condition that starts at '\(name)'.")
    } else {
      reader.note(
        "unknownRelationship", at: place,
        "The table '\(table)' has no relationship '\(name)' to look up.",
        hint: NearNames.hint(name, among: known)
          ?? (known.isEmpty
            ? nil : "It has \(known.map { "'\($0)'" }.joined(separator: ", ")).")
      )
    }
  }

  /// Finds a segment that may be referred to.
  func segment(_ name: String, at place: String, reader: DocumentReader) -> SegmentFacts? {
    if let loop = loop(from: name) {
      reader.note(
        "referenceCycle", at: place,
        "Segments may not refer to each other in a circle: \(loop.joined(separator: " → ")).")
      return nil
    }
    guard let facts = segments[name] else {
      reader.note(
        "unknownSegment", at: place, "There is no segment '\(name)'.",
        hint: NearNames.hint(name, among: Array(segments.keys)))
      return nil
    }
    guard facts.isAvailable else {
      reader.note(
        "segmentNeverRun", at: place,
        "The segment '\(name)' was never refreshed, so its members are not known.",
        hint: "Refresh '\(name)' first, or both together.")
      return nil
    }
    return facts
  }

  /// The way from this segment over `name` back to it, if there is one.
  private func loop(from name: String) -> [String]? {
    if acyclic.contains(segmentName) { return nil }
    // Each with the one it was reached from.
    var reached = [name: segmentName]
    var waiting = [name]
    while let current = waiting.popLast() {
      if Text(current) == Text(segmentName) {
        var way = [segmentName]
        var step = reached[current] ?? segmentName
        while Text(step) != Text(segmentName) {
          way.append(step)
          step = reached[step] ?? segmentName
        }
        return [segmentName] + way.reversed()
      }
      for next in segments[current]?.references ?? [] where reached[next] == nil {
        reached[next] = current
        waiting.append(next)
      }
    }
    return nil
  }
}
