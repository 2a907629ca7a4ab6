/// Resolves projected attributes against the rules whose joined rows may be shown.
struct Projector {
  let scope: PathScope
  let reader: DocumentReader
  let content: LogicalPlan.Content

  func projection(_ references: [Reference]) -> [ResolvedProjection] {
    references.enumerated().compactMap { index, reference in
      project(reference, at: "project[\(index)]")
    }
  }

  private func project(_ reference: Reference, at place: String) -> ResolvedProjection? {
    let profile = scope.path.places[0].name
    guard reference.parts.count >= 2, reference.parts[0] != profile else {
      return projectProfile(reference, at: place)
    }
    let sources = showing.compactMap { planned -> (planned: PlannedHas, place: Int)? in
      let place = planned.has.path.places.firstIndex { $0.name == reference.parts[0] }
      return place.map { (planned, $0) }
    }
    guard let first = sources.first?.planned else {
      // A rule that could not be planned may have been the one that has it.
      guard !reader.diagnostics.contains(where: { $0.severity == .error }) else { return nil }
      // Says whether the table is unknown or on no path.
      _ = scope.column(reference, at: place, reader: reader)
      return nil
    }
    guard
      let column = scope.with(path: first.has.path).column(reference, at: place, reader: reader)
    else { return nil }
    let rows = sources.map { planned, place in
      let row = RowReference(place: place, lookups: column.row.lookups)
      return ProjectedRows(
        has: planned.has, complemented: planned.complemented,
        column: Column(row: row, attribute: column.attribute, type: column.type))
    }
    return ResolvedProjection(reference: reference, type: column.type, source: .rows(rows))
  }

  private func projectProfile(_ reference: Reference, at place: String) -> ResolvedProjection? {
    guard let column = scope.column(reference, at: place, reader: reader) else { return nil }
    guard !column.row.lookups.isEmpty else {
      return ResolvedProjection(
        reference: reference, type: column.type, source: .profile(attribute: column.attribute))
    }
    let row = ResolvedHas(
      path: scope.path, quantifier: .any, filter: .always(true), match: .always(true))
    return ResolvedProjection(
      reference: reference, type: column.type,
      source: .rows([ProjectedRows(has: row, complemented: false, column: column)]))
  }

  /// The has conditions that are neither `none` nor on the right of `except`.
  private var showing: [PlannedHas] {
    func visit(_ items: [PlannedItem]) -> [PlannedHas] {
      items.filter { $0.combine != .except }.flatMap { item in
        switch item.content {
        case .rule(let outline): outline.hasConditions.filter(\.projects)
        case .group(let inner): visit(inner)
        }
      }
    }
    if case .rules(let items) = content { return visit(items) }
    return []
  }
}

extension SegmentDefinition {
  /// Names of the segments it refers to, each once, in order of first mention.
  public var references: [String] {
    var names: [String] = []
    func visit(_ condition: Condition?) {
      switch condition {
      case nil: break
      case .all(let parts), .any(let parts): parts.forEach(visit)
      case .has(let has): visit(has)
      case .comparison(let comparison):
        guard comparison.test.operator == "memberOf",
          case .scalar(.text(let written)) = comparison.test.value
        else { return }
        let name = SegmentDefinition.canonicalName(written)
        if !names.contains(name) { names.append(name) }
      }
    }
    func visit(_ has: Has) {
      visit(has.where)
      visit(has.match)
    }
    func visit(_ items: [RuleItem]) {
      for item in items {
        switch item.content {
        case .rule(let rule): visit(rule.has)
        case .group(let inner): visit(inner)
        }
      }
    }
    if case .rules(let items) = content { visit(items) }
    return names
  }

  /// The definition with every `from` replaced by the path it stands for in this catalog.
  public func namingPaths(in catalog: Catalog) throws -> SegmentDefinition {
    guard case .rules(let items) = content,
      let audience = audience.flatMap(catalog.audience)
        ?? (catalog.audiences.count == 1 ? catalog.audiences[0] : nil)
    else { return self }
    let paths = PathResolver(catalog: catalog, audience: audience)
    let reader = DocumentReader()
    func named(_ has: Has, at place: String) -> Has {
      var has = has
      if let path = paths.resolve(has.origin, at: place, reader: reader) {
        has.origin = path.steps.isEmpty ? .profile : .steps(path.steps)
      }
      has.where = has.where.map { named($0, at: "\(place).where") }
      has.match = has.match.map { named($0, at: "\(place).match") }
      return has
    }
    func named(_ condition: Condition, at place: String) -> Condition {
      switch condition {
      case .all(let parts): .all(parts.map { named($0, at: place) })
      case .any(let parts): .any(parts.map { named($0, at: place) })
      case .has(let has): .has(named(has, at: place))
      case .comparison: condition
      }
    }
    func named(_ items: [RuleItem], at place: String) -> [RuleItem] {
      items.enumerated().map { index, item in
        let place = "\(place)[\(index)]"
        switch item.content {
        case .group(let inner):
          return RuleItem(
            combine: item.combine, content: .group(named(inner, at: "\(place).group")))
        case .rule(let rule):
          return RuleItem(
            combine: item.combine,
            content: .rule(Rule(name: rule.name, has: named(rule.has, at: place))))
        }
      }
    }
    var definition = self
    definition.content = .rules(named(items, at: "rules"))
    definition.audience = audience.name
    guard reader.diagnostics.isEmpty else { throw Diagnostics(reader.diagnostics) }
    return definition
  }
}
