import SegmentCompiler
import SegmentStore

extension Cascade {
  /// Marks everything in the views that is of the profiles whose keys were added.
  ///
  /// All views are followed together: a row that is gone from one may still be referred to in another.
  ///
  /// - Parameter places: whose keys are wanted of erased rows, beside those that others refer to.
  func follow(_ views: [DataView], keysOf places: Set<KeyPlace> = []) async throws {
    let wanted = places.union(views.flatMap(\.links).filter { !$0.isDerivation }.map(\.target))
    var before = -1
    while before != total {
      before = total
      for view in views {
        for rows in view.rows.values { try await takeProfiles(rows) }
        for link in view.links {
          try await takeSource(link, view)
          try await takeTarget(link, view)
        }
      }
      for view in views { try await addKeys(view, wanted) }
    }
    for view in views { try await breakRoutes(view) }
  }

  private var total: Int { sizes.values.reduce(0, +) + marks.values.reduce(0, +) }

  /// Whether there is anything new since the step was taken with these counts.
  private func isDue(_ step: Step, _ found: [Int]) -> Bool {
    defer { taken[step] = found }
    return found.contains { $0 > 0 } && taken[step] != found
  }

  /// Rows whose own key is a profile's.
  private func takeProfiles(_ rows: StoredRows) async throws {
    for set in sets.keys
    where set.kind == .suppressed(.profile) && set.place.table == rows.table {
      try await mark(rows, where: isKey(set.place.attribute, of: rows, in: [set]))
    }
  }

  /// Rows that refer to an erased one, by a key that no row has any more; rows that an erased profile is
  /// derived from.
  private func takeSource(_ link: Link, _ view: DataView) async throws {
    guard let source = view.rows[link.source.table] else { return }
    let target = view.rows[link.target.table]
    if let target, !target.isStored, target.columns[link.target.attribute] == nil { return }
    let set = KeySet(link.isDerivation ? .profile : .row, link.target)
    let step = Step(link: link, isOwned: false, rows: [source.id, target?.id ?? 0])
    guard isDue(step, [sizes[set] ?? 0, target.flatMap { marks[$0.id] } ?? 0]) else { return }
    var condition = isKey(link.source.attribute, of: source, in: [set])
    if !link.isDerivation, let target, target.columns[link.target.attribute] != nil {
      condition += """
         AND r.\(identifier: link.source.attribute) NOT IN (
          SELECT r.\(identifier: link.target.attribute) FROM \(target.sql) AS r
          WHERE \(isKey(link.target.attribute, of: target, in: [set])) AND NOT \(isMarked(target)))
        """
    }
    if link.takesSource { return try await mark(source, where: condition) }
    for attribute in link.clears {
      try await mark(source, attribute: attribute, where: condition)
    }
  }

  /// Rows that only erased ones referred to, where a row belongs to those that refer to it.
  private func takeTarget(_ link: Link, _ view: DataView) async throws {
    guard link.takesTarget, let source = view.rows[link.source.table],
      let target = view.rows[link.target.table], target.isStored
    else { return }
    let owned = KeySet(.owned, link.target)
    let candidates = KeySet(referredTo: link.target)
    let owners = view.links.filter { $0.target == link.target && $0.takesTarget }
      .compactMap { owner in view.rows[owner.source.table].map { (owner.source.attribute, $0) } }
    let step = Step(link: link, isOwned: true, rows: [target.id] + owners.map(\.1.id))
    guard isDue(step, [sizes[owned] ?? 0] + owners.map { marks[$0.1.id] ?? 0 }) else { return }
    try await add(link.source.attribute, of: source, where: isMarked(source), to: candidates)
    var condition: SQLQuery = """
      NOT \(isMarked(target))
      AND \(isKey(link.target.attribute, of: target, in: [owned, candidates]))
      """
    for (attribute, rows) in owners where rows.columns[attribute] != nil {
      condition += """
         AND r.\(identifier: link.target.attribute) NOT IN (
          SELECT r.\(identifier: attribute) FROM \(rows.sql) AS r
          WHERE \(isKey(attribute, of: rows, in: [owned, candidates])) AND NOT \(isMarked(rows)))
        """
    }
    try await add(link.target.attribute, of: target, where: condition, to: owned)
    try await mark(target, where: condition)
  }

  /// The keys of erased rows, for those that refer to them.
  private func addKeys(_ view: DataView, _ places: Set<KeyPlace>) async throws {
    for place in places {
      guard let rows = view.rows[place.table], isTouched(rows) else { continue }
      try await add(place.attribute, of: rows, where: isMarked(rows), to: KeySet(.row, place))
    }
  }

  // MARK: Routes

  /// Marks stored ordinals of rows that stay where the way to the profile led over an erased row. Ways that end at
  /// one need no mark: its ordinal is burnt.
  private func breakRoutes(_ view: DataView) async throws {
    for rows in view.rows.values {
      for route in rows.routes where route.steps.count > 1 {
        if let condition = leads(rows, over: route.steps.dropLast(), view) {
          try await mark(rows, attribute: route.column, where: condition)
        }
      }
    }
  }

  /// Whether the row `r` leads to an erased one by these steps; nil where none can.
  private func leads(
    _ rows: StoredRows, over steps: ArraySlice<RelationshipName>, _ view: DataView
  ) -> SQLQuery? {
    guard let step = steps.first,
      let link = view.links.first(where: { $0.relationship == step }),
      let target = view.rows[link.target.table], rows.columns[link.source.attribute] != nil,
      target.columns[link.target.attribute] != nil
    else { return nil }
    let conditions = [
      isTouched(target) ? isMarked(target) : nil, leads(target, over: steps.dropFirst(), view),
    ].compactMap { $0 }
    guard !conditions.isEmpty else { return nil }
    return """
      r.\(identifier: link.source.attribute) IN (
        SELECT r.\(identifier: link.target.attribute) FROM \(target.sql) AS r
        WHERE \(conditions.joined(" OR ")))
      """
  }
}
