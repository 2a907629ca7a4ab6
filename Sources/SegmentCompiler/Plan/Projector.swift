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
