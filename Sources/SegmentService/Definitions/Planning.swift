import SegmentCompiler
import SegmentEngines
import SegmentStore

extension SegmentService {
  /// What saving exactly these definitions would change: the segments themselves, and the members of those
  /// that refer to them. Nothing is saved or published.
  ///
  /// - Parameters:
  ///   - keepingOthers: leaves saved segments alone that are not among the definitions, which are deleted otherwise.
  ///   - withSizes: evaluates the members of everything that changes.
  ///   - asOf: what "now" is for relative conditions; nil for now.
  /// - Throws: ``DefinitionErrors`` with every problem of every definition.
  public func plan(
    _ sources: [DefinitionSource], keepingOthers: Bool = false, withSizes: Bool = true,
    asOf: Instant? = nil,
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> ChangePlan {
    try await reading { snapshot in
      try await plan(
        sources, keepingOthers: keepingOthers, withSizes: withSizes, asOf: asOf ?? now(),
        of: snapshot, progress: progress)
    }
  }

  private func plan(
    _ sources: [DefinitionSource], keepingOthers: Bool, withSizes: Bool, asOf: Instant,
    of snapshot: Snapshot, progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws -> ChangePlan {
    let written = try WrittenDefinition.all(in: sources, catalog: snapshot.catalog)
    var change = try DefinitionsChange(
      written, keepingOthers: keepingOthers, service: self, catalog: snapshot.catalog)
    let items = try change.items(asOf: asOf)
    var evaluation = LayeredEvaluation(
      of: try change.evaluated(for: items), service: self, snapshot: snapshot, asOf: asOf,
      facts: change.factsOfEvaluation)
    if withSizes { evaluation = try await evaluation.run(progress: progress) }
    var plan = ChangePlan(
      items: items, unchanged: change.unchanged(items), asOf: asOf,
      dataVersion: snapshot.version.id, hasSizes: withSizes,
      expected: Array(change.standings.values),
      evaluation: evaluation)
    for index in plan.items.indices {
      plan.items[index].size = try size(plan.items[index], evaluation)
    }
    return plan
  }

  private func size(_ item: ChangePlan.Item, _ evaluation: LayeredEvaluation) throws
    -> ChangePlan.Size
  {
    var size = ChangePlan.Size()
    let last = try store.lastPublished(of: item.segment)
    size.before = last?.result?.count
    size.dataVersionBefore = last?.dataVersion
    switch evaluation.outcomes[item.segment]?.outcome {
    case nil: break
    case .failed(let cause, _), .skipped(let cause): size.problem = cause
    case .evaluated(let segment):
      let members = segment.evaluation.members
      size.after = members.count
      size.pending = segment.evaluation.pending.count
      guard last != nil else { break }
      let before = try previousMembers(
        of: item.segment, audience: segment.plan.audience.name
      ).members
      size.entered = members.subtractingCount(before)
      size.exited = before.subtractingCount(members)
    }
    return size
  }

  /// Does what a plan says, in one transaction: all of it or nothing.
  ///
  /// - Parameter refreshing: publishes the members of what changes and is active, in the same transaction.
  /// - Throws: ``ApplyError`` where a segment cannot be refreshed,
  ///   ``SegmentStoreError/changedMeanwhile(_:)`` where others have changed segments since the plan was made.
  public func apply(
    _ plan: ChangePlan, refreshing: Bool = false,
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> AppliedChanges {
    var changes = SegmentChanges()
    changes.expected = plan.expected
    for item in plan.items {
      switch item.action {
      case .create, .change:
        if let after = item.after { changes.saved.append((item.segment, after.json)) }
      case .delete: changes.deleted.append(item.segment)
      case .follow: break
      }
    }
    guard refreshing else {
      try store.apply(changes, at: now().microseconds)
      try? removeUnwantedOutputFiles()
      return AppliedChanges(plan: plan, refreshed: [])
    }
    let evaluation =
      plan.hasSizes ? plan.evaluation : try await evaluate(plan.evaluation, progress)
    try evaluation.requireSuccess()
    changes.workspaceFile = text
    changes.dataFile = evaluation.data.name
    let refreshed = try await publish(evaluation, of: plan.versionsEvaluated) {
      changes.runs = $0
      try store.apply(changes, at: now().microseconds)
    }
    // As after a refresh.
    try await dataTurn.takeIfFree { try await expire(after: "refresh") }
    try await writeOutputFiles()
    return AppliedChanges(plan: plan, refreshed: refreshed)
  }

  /// Evaluates what a plan has not, from the data that it was made of.
  private func evaluate(
    _ evaluation: LayeredEvaluation, _ progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws -> LayeredEvaluation {
    let id = evaluation.snapshot.version.id
    return try await leases.lend(
      choosing: {
        guard try store.dataVersion(id: id) != nil else { throw ApplyError.dataGone(id) }
        return (evaluation, [.dataVersion(id)])
      }, to: { try await $0.run(progress: progress) })
  }
}

extension ChangePlan {
  /// The version that each evaluated segment has once the plan was applied.
  fileprivate var versionsEvaluated: [(name: String, version: Int, id: Int64?)] {
    var versions: [String: Int] = [:]
    for standing in expected { versions[standing.segment] = standing.version }
    for item in items { versions[item.segment] = item.version }
    return evaluation.definitions.compactMap { definition in
      versions[definition.name].map { (definition.name, $0, nil) }
    }
  }
}

extension LayeredEvaluation {
  fileprivate func requireSuccess() throws {
    let failures = definitions.compactMap { definition -> (String, String)? in
      switch outcomes[definition.name]?.outcome {
      case .failed(let cause, _), .skipped(let cause): (definition.name, cause)
      case nil, .evaluated: nil
      }
    }
    guard failures.isEmpty else { throw ApplyError.notRefreshed(failures) }
  }
}

/// From the saved definitions to those that are wanted.
private struct DefinitionsChange {
  let service: SegmentService
  let catalog: Catalog
  let written: [WrittenDefinition]
  let standings: [String: SegmentStanding]
  /// Names of what is written.
  private let given: Set<Text>
  /// What is saved, by name.
  let before: [String: SegmentDefinition]
  /// What will be, by name; as it is saved once ``items(asOf:)`` has found it valid.
  private var after: [String: SegmentDefinition]

  init(
    _ written: [WrittenDefinition], keepingOthers: Bool, service: SegmentService, catalog: Catalog
  ) throws {
    self.service = service
    self.catalog = catalog
    self.written = written
    given = Set(written.map { Text($0.definition.name) })
    standings = Dictionary(
      uniqueKeysWithValues: try service.store.segmentStandings().map { ($0.segment, $0) })
    before = Dictionary(
      uniqueKeysWithValues: try service.store.segments().map {
        ($0.segment, try service.storedDefinition($0))
      })
    guard !written.isEmpty || keepingOthers || before.isEmpty else {
      throw ApplyError.nothingLeft(saved: before.count)
    }
    after = keepingOthers ? before : [:]
    for item in written { after[item.definition.name] = item.definition }
  }

  /// What every segment will mean to a reference.
  private var facts: [String: SegmentFacts] {
    var facts: [String: SegmentFacts] = [:]
    for definition in after.values {
      facts.add(definition, isAvailable: true, in: service.definition)
    }
    return facts
  }

  /// The same for an evaluation: what rests and was never refreshed has no members.
  var factsOfEvaluation: [String: SegmentFacts] {
    var facts = facts
    for name in facts.keys where isResting(name) && !isPublished(name) {
      facts[name]?.isAvailable = false
    }
    return facts
  }

  /// Whether a segment will keep the members that it has: inactive ones, and drafts that are not saved anew.
  private func isResting(_ name: String) -> Bool {
    switch standings[name]?.state {
    case nil, .active: false
    case .inactive: true
    case .draft: !given.contains(Text(name))
    }
  }

  private func isPublished(_ name: String) -> Bool { standings[name]?.lastRun != nil }

  func unchanged(_ items: [ChangePlan.Item]) -> Int {
    before.count - items.count { $0.action != .create }
  }

  // MARK: Items

  /// Everything that changes, by name.
  mutating func items(asOf: Instant) throws -> [ChangePlan.Item] {
    let checked = try checked(written, asOf: asOf)
    for item in checked { after[item.definition.name] = try item.definition.canonical(in: catalog) }
    var items = checked.compactMap(savedItem)
    items += before.keys.filter { after[$0] == nil }.compactMap(deletedItem)
    let followers = followers(of: items)
    // They were valid when they were saved, but what they refer to may be another thing now.
    let changed = Set(items.map(\.segment))
    let kept = after.values.filter {
      !given.contains(Text($0.name)) && !changed.isDisjoint(with: $0.references)
    }
    _ = try self.checked(
      kept.sorted { Text($0.name) < Text($1.name) }.map { WrittenDefinition($0) }, asOf: asOf)
    return (items + followers).sorted { Text($0.segment) < Text($1.segment) }
  }

  /// - Throws: ``DefinitionErrors``, references to segments that are deleted included.
  private func checked(_ definitions: [WrittenDefinition], asOf: Instant) throws
    -> [CheckedDefinition]
  {
    var known = facts
    var errors: [(String, Diagnostics)] = []
    for item in definitions {
      let lost = item.definition.references.filter { after[$0] == nil && before[$0] != nil }
      for name in lost {
        if let definition = before[name] {
          known.add(definition, isAvailable: true, in: service.definition)
        }
      }
      let problems = lost.map { name in
        Diagnostic(
          code: "referenceToDeleted", place: "",
          message:
            "It refers to '\(name)', which would be deleted: it is saved, but not among these definitions.",
          hint: "Add the definition of '\(name)' (muster export writes it), or keep the others.")
      }
      if !problems.isEmpty {
        errors.append((item.definition.name, item.located(Diagnostics(problems))))
      }
    }
    var planned: [DefinitionCheck.Planned] = []
    do {
      planned = try DefinitionCheck(catalog: catalog, asOf: asOf, facts: known)
        .planning(definitions)
    } catch let others as DefinitionErrors {
      errors += others.all
    }
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
    return planned.map(\.checked)
  }

  private func savedItem(_ checked: CheckedDefinition) -> ChangePlan.Item? {
    let name = checked.definition.name
    guard let after = after[name] else { return nil }
    var item = ChangePlan.Item(
      segment: name, action: .create, before: before[name], after: after,
      version: (standings[name]?.newest ?? 0) + 1,
      sentence: checked.sentence, warnings: checked.warnings)
    if let before = before[name] {
      item.action = .change
      item.changes = DefinitionDifference.changes(from: before, to: after, catalog: catalog)
      if standings[name]?.state == .draft {
        item.changes.append(DefinitionChange("state", before: "draft", after: "active"))
      }
      guard !item.changes.isEmpty else { return nil }
    }
    return item
  }

  private func deletedItem(_ name: String) -> ChangePlan.Item? {
    before[name].map { definition in
      ChangePlan.Item(
        segment: name, action: .delete, before: definition, after: nil, version: nil,
        sentence: Sentence.definition(definition, catalog: catalog))
    }
  }

  /// Segments whose definition stays, and that refer to one whose members may change.
  private func followers(of items: [ChangePlan.Item]) -> [ChangePlan.Item] {
    var moved = Set(items.map(\.segment).filter { !isResting($0) })
    var followers: [ChangePlan.Item] = []
    var found = true
    while found {
      let new = after.values.filter {
        !moved.contains($0.name) && !isResting($0.name) && !moved.isDisjoint(with: $0.references)
      }
      moved.formUnion(new.map(\.name))
      followers += new.map { definition in
        ChangePlan.Item(
          segment: definition.name, action: .follow, before: definition, after: definition,
          version: standings[definition.name]?.version,
          sentence: Sentence.definition(definition, catalog: catalog))
      }
      found = !new.isEmpty
    }
    return followers.map { item in
      var item = item
      item.because = (item.after?.references ?? []).filter { moved.contains($0) }
      return item
    }
  }

  // MARK: Evaluation

  /// What has to be evaluated to know the members of everything that changes: that, and whatever it refers to
  /// that was never refreshed.
  func evaluated(for items: [ChangePlan.Item]) throws -> [SegmentDefinition] {
    var names = items.filter { $0.after != nil && !isResting($0.segment) }.map(\.segment)
    var seen = Set(names)
    var next = 0
    while next < names.count {
      for name in after[names[next]]?.references ?? []
      where !isPublished(name) && !isResting(name) && seen.insert(name).inserted {
        names.append(name)
      }
      next += 1
    }
    return names.compactMap { after[$0] }
  }
}
