/// Plans definitions: resolves names, types, paths and bounds, and collects every problem.
public struct Planner: Sendable {
  let context: PlanContext

  public init(_ context: PlanContext) { self.context = context }

  /// - Throws: ``Diagnostics`` with every error (and warning) of the definition.
  public func plan(_ definition: SegmentDefinition) throws -> LogicalPlan {
    let reader = DocumentReader()
    let plan = plan(definition, reader: reader)
    guard var plan, !reader.diagnostics.contains(where: { $0.severity == .error }) else {
      throw Diagnostics(reader.diagnostics)
    }
    plan.warnings = reader.diagnostics
    return plan
  }

  private func plan(_ definition: SegmentDefinition, reader: DocumentReader) -> LogicalPlan? {
    let catalog = context.catalog
    let zone = zone(of: definition, reader: reader)
    guard let audience = audience(of: definition, reader: reader) else { return nil }
    let paths = PathResolver(catalog: catalog, audience: audience)
    let scope = PathScope(
      catalog: catalog, audience: audience, path: paths.profilePath, zone: zone,
      weekStart: definition.weekStart ?? catalog.weekStart, asOf: context.asOf,
      today: zone.localTime(at: context.asOf).date, segments: context.segments,
      acyclic: context.acyclic, segmentName: definition.name)
    let planner = RulePlanner(profile: scope, paths: paths, reader: reader)
    let content: LogicalPlan.Content
    switch definition.content {
    case .rules(let items): content = .rules(planner.items(items, at: "rules"))
    case .keys(let keys): content = .keys(self.keys(keys, in: scope, reader: reader))
    case .keysFile(let file):
      content = .keys([])
      reader.note(
        "keysFileUnread", at: "keysFile",
        "The file '\(file.path)' cannot be read from here: it stands beside a definition that is a file itself."
      )
    }
    let limit = definition.limit.flatMap { self.limit($0, in: scope, reader: reader) }
    let projection = Projector(scope: scope, reader: reader, content: content)
      .projection(definition.projection)
    return LogicalPlan(
      segment: definition.name, audience: audience, asOf: context.asOf, zone: zone,
      content: content, limit: limit, projection: projection,
      references: definition.references, warnings: [])
  }

  private func zone(of definition: SegmentDefinition, reader: DocumentReader) -> Zone {
    guard let name = definition.timeZone else { return Zone(context.catalog.timeZone) ?? .utc }
    if let zone = Zone(name) { return zone }
    reader.note(
      "invalidTimeZone", at: "timeZone",
      "'\(name)' is no IANA time zone such as Europe/Oslo.",
      hint: NearNames.hint(name, among: Zone.knownNames))
    return .utc
  }

  private func audience(of definition: SegmentDefinition, reader: DocumentReader) -> Audience? {
    let audiences = context.catalog.audiences
    let names = audiences.map(\.name)
    guard let name = definition.audience else {
      if audiences.count == 1 { return audiences[0] }
      reader.note(
        "missingKey", at: "",
        "The key 'audience' is missing; the workspace has \(names.joined(separator: ", ")).")
      return nil
    }
    if let audience = context.catalog.audience(name) { return audience }
    reader.note(
      "unknownAudience", at: "audience",
      "There is no audience '\(name)'; there are \(names.joined(separator: ", ")).",
      hint: NearNames.hint(name, among: names))
    return nil
  }

  private func keys(_ keys: [Scalar], in scope: PathScope, reader: DocumentReader) -> [ProfileKey] {
    let table = scope.catalog.table(scope.audience.table)
    guard let type = table?.attribute(scope.audience.key)?.type else {
      scope.noteUndeclared(
        scope.audience.key, of: scope.audience.table, at: "keys", reader: reader)
      return []
    }
    return keys.enumerated().compactMap { index, key in
      switch (key, type) {
      case (.text(let text), .text): return .text(Text(text))
      case (.number(let text), .integer):
        if let number = Int64(text) { return .integer(number) }
      default: break
      }
      reader.note(
        "wrongValueType", at: "keys[\(index)]",
        "The keys of '\(scope.audience.name)' are of type \(type.name); this one is not.",
        hint: type == .text ? "Write the key in quotes." : nil)
      return nil
    }
  }

  private func limit(_ limit: Limit, in scope: PathScope, reader: DocumentReader)
    -> ResolvedLimit?
  {
    switch limit.choice {
    case .random(let salt):
      return ResolvedLimit(count: limit.count, choice: .random(salt: salt))
    case .top(let by, let descending):
      guard let column = scope.column(by, at: "limit.by", reader: reader) else { return nil }
      guard column.row.lookups.isEmpty else {
        reader.note(
          "invalidReference", at: "limit.by", "A limit is by an attribute of the profile itself.")
        return nil
      }
      return ResolvedLimit(count: limit.count, choice: .top(by: column, descending: descending))
    }
  }
}

/// Plans rules, has conditions and trees.
struct RulePlanner {
  let profile: PathScope
  let paths: PathResolver
  let reader: DocumentReader

  func items(_ items: [RuleItem], at place: String) -> [PlannedItem] {
    items.enumerated().compactMap { index, item in
      let place = "\(place)[\(index)]"
      switch item.content {
      case .group(let inner):
        return PlannedItem(
          combine: item.combine, place: place, name: nil,
          content: .group(self.items(inner, at: "\(place).group")))
      case .rule(let rule):
        let problems = reader.diagnostics.count
        guard let outline = self.rule(rule, at: place) else { return nil }
        // A warning that names the cause says it better.
        if outline.isNever, reader.diagnostics.count == problems {
          reader.note(
            "neverTrue", at: place, "No profile can ever satisfy this rule.", severity: .warning)
        }
        return PlannedItem(
          combine: item.combine, place: place, name: rule.name, content: .rule(outline))
      }
    }
  }

  private func rule(_ rule: Rule, at place: String) -> Outline? {
    guard let path = paths.resolve(rule.has.origin, at: place, reader: reader) else { return nil }
    guard path.hops.isEmpty else { return has(rule.has, path: path, at: place) }
    guard rule.has.match != nil else {
      reader.note(
        "emptyPathNeedsMatch", at: place,
        "A rule on the profile needs a 'match' that says which profiles it selects.",
        hint: "For a rule over another table, name it with 'from' or 'path'.")
      return nil
    }
    return onProfile(rule.has, path: path, at: place)
  }

  /// A condition with the empty path: its one joined row is the profile, so that quantifiers come down to
  /// its tree, in which has conditions and memberships may stand.
  private func onProfile(_ has: Has, path: ResolvedPath, at place: String) -> Outline? {
    switch has.quantifier {
    case .any, .every:
      return profileTree(has, at: place)
    case .none:
      return profileTree(has, at: place).map { .not($0) }
    case .first(let reference):
      return profileTree(has, having: reference, key: "first", at: place)
    case .last(let reference):
      return profileTree(has, having: reference, key: "last", at: place)
    case .aggregate:
      return self.has(has, path: path, at: place)
    }
  }

  private func profileTree(_ has: Has, having time: Reference, key: String, at place: String)
    -> Outline?
  {
    let column = self.time(time, in: profile, at: "\(place).quantifier.\(key)")
    guard let column, let tree = profileTree(has, at: place) else { return nil }
    let present = RowPredicate.negation(of: .missing(.column(column)))
    return .all([.comparison(text: "\(time) is not empty", present), tree])
  }

  private func profileTree(_ has: Has, at place: String) -> Outline? {
    let filter = has.where.map { outline($0, in: profile, mayHave: true, at: "\(place).where") }
    let match = has.match.map { outline($0, in: profile, mayHave: true, at: "\(place).match") }
    let parts = [filter, match].compactMap { $0 }
    guard parts.allSatisfy({ $0 != nil }) else { return nil }
    return parts.count == 1 ? parts[0] : .all(parts.compactMap { $0 })
  }

  // MARK: Has

  private func has(_ has: Has, path: ResolvedPath, at place: String) -> Outline? {
    let scope = profile.with(path: path)
    let filter = has.where.map { outline($0, in: scope, mayHave: false, at: "\(place).where") }
    let match = has.match.map { outline($0, in: scope, mayHave: false, at: "\(place).match") }
    let resolved = quantifier(has, in: scope, at: place)
    guard let resolved, filter != .some(nil), match != .some(nil) else { return nil }
    warnOfProfileConditions(has.quantifier, filter ?? nil, match ?? nil, in: scope, at: place)
    return .has(
      PlannedHas(
        text: Sentence.has(has, path: path),
        has: ResolvedHas(
          path: path, quantifier: resolved.quantifier,
          filter: (filter ?? nil)?.predicate ?? .always(true),
          match: (match ?? nil)?.predicate ?? .always(true)),
        complemented: resolved.complemented,
        projects: has.quantifier != .none,
        filter: filter ?? nil, match: match ?? nil))
  }

  private func quantifier(_ has: Has, in scope: PathScope, at place: String)
    -> (quantifier: ResolvedQuantifier, complemented: Bool)?
  {
    if has.match == nil {
      switch has.quantifier {
      case .every, .first, .last:
        reader.note(
          "matchRequired", at: place,
          "'match' is missing: it says what must hold of the rows.")
        return nil
      case .any, .none, .aggregate: break
      }
    }
    let place = "\(place).quantifier"
    switch has.quantifier {
    case .any: return (.any, false)
    case .none: return (.any, true)
    case .every: return (.every, false)
    case .first(let reference):
      return time(reference, in: scope, at: "\(place).first").map { (.first($0), false) }
    case .last(let reference):
      return time(reference, in: scope, at: "\(place).last").map { (.last($0), false) }
    case .aggregate(let aggregate):
      return AggregatePlanner(scope: scope, reader: reader, place: place).plan(aggregate)
    }
  }

  private func time(_ reference: Reference, in scope: PathScope, at place: String) -> Column? {
    guard let column = scope.column(reference, at: place, reader: reader) else { return nil }
    guard column.type == .date || column.type == .datetime else {
      reader.note(
        "timeAttributeRequired", at: place,
        "'\(reference)' is a \(column.type.name); first and last go by a date or datetime.")
      return nil
    }
    return column
  }

  /// Inside `none` and aggregates a condition on the profile filters rows, not profiles, which is rarely meant.
  private func warnOfProfileConditions(
    _ quantifier: Quantifier, _ filter: Outline?, _ match: Outline?, in scope: PathScope,
    at place: String
  ) {
    let code: String
    switch quantifier {
    case .none: code = "profileConditionInsideNone"
    case .aggregate: code = "profileConditionInsideAggregate"
    case .any, .every, .first, .last: return
    }
    guard !scope.isProfile else { return }
    for case (let outline?, let place) in [(filter, "\(place).where"), (match, "\(place).match")] {
      outline.visitComparisons(at: place) { predicate, place in
        let rows = predicate.rows
        guard !rows.isEmpty, rows.allSatisfy({ $0.place == 0 }) else { return }
        reader.note(
          code, at: place,
          "This condition on the profile only filters rows here: it does not leave profiles out.",
          hint: "If you mean profiles, give it a rule of its own and combine them with intersect.",
          severity: .warning)
      }
    }
  }

  // MARK: Trees

  private func outline(_ condition: Condition, in scope: PathScope, mayHave: Bool, at place: String)
    -> Outline?
  {
    func outlines(_ conditions: [Condition], _ key: String) -> [Outline]? {
      let result = conditions.enumerated().compactMap { index, condition in
        outline(condition, in: scope, mayHave: mayHave, at: "\(place).\(key)[\(index)]")
      }
      return result.count == conditions.count ? result : nil
    }
    switch condition {
    case .all(let conditions): return outlines(conditions, "all").map { .all($0) }
    case .any(let conditions): return outlines(conditions, "any").map { .any($0) }
    case .comparison(let comparison):
      return self.comparison(comparison, in: scope, mayHave: mayHave, at: place)
    case .has(let has):
      guard mayHave else {
        reader.note(
          "hasInsidePath", at: "\(place).has",
          "A has condition stands only in the tree of a rule on the profile, not on a path.")
        return nil
      }
      let place = "\(place).has"
      guard let path = paths.resolve(has.origin, at: place, reader: reader) else { return nil }
      guard path.hops.isEmpty else { return self.has(has, path: path, at: place) }
      guard has.match != nil else {
        reader.note(
          "emptyPathNeedsMatch", at: place,
          "A has condition needs a path ('from' or 'path') or a 'match'.")
        return nil
      }
      return onProfile(has, path: path, at: place)
    }
  }

  private func comparison(
    _ comparison: Comparison, in scope: PathScope, mayHave: Bool, at place: String
  ) -> Outline? {
    let profile = scope.audience.table
    let text = Sentence.comparison(
      comparison, profile: profile, subject: scope.isProfile ? nil : profile)
    let lowering: Lowering
    switch comparison.subject {
    case .attribute(let reference):
      guard let column = scope.column(reference, at: "\(place).attribute", reader: reader) else {
        return nil
      }
      lowering = Lowering(
        scope: scope, reader: reader, test: comparison.test, place: place,
        subject: .column(column), type: Lowering.SubjectType(column.type), row: nil,
        mayCompareAttributes: true)
    case .row(let reference):
      let row: RowReference?
      if let reference {
        row = scope.row(reference, at: "\(place).row", reader: reader)
      } else {
        row = RowReference(place: 0)
      }
      guard let row else { return nil }
      lowering = Lowering(
        scope: scope, reader: reader, test: comparison.test, place: place,
        subject: .literal(.boolean(true)), type: .row, row: row, mayCompareAttributes: false)
    }
    guard let predicate = lowering.predicate() else { return nil }
    if mayHave, let (segment, negated) = predicate.profileMembership(in: scope.audience) {
      return .member(text: text, segment: segment, negated: negated)
    }
    return .comparison(text: text, predicate)
  }
}

extension RowPredicate {
  /// The segment, where this says nothing but whether the profile is a member of one of its audience.
  fileprivate func profileMembership(in audience: Audience) -> (segment: String, negated: Bool)? {
    switch self {
    case .member(RowReference(place: 0), audience: audience.name, let segment): (segment, false)
    case .not(.member(RowReference(place: 0), audience: audience.name, let segment)):
      (segment, true)
    default: nil
    }
  }
}
