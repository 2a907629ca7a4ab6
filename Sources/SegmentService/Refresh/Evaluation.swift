import SegmentCompiler
import SegmentEngines
import SegmentStore

/// What a plan selects.
struct Evaluation: Sendable {
  var members: MemberSet
  /// Per top-level item of the rules, before the limit.
  var counts: [RuleCount]
  /// Keys of a manual segment that no profile has yet.
  var pending: [ProfileKey]
  /// How many profiles were asked about.
  var universe: Int
}

/// Evaluates plans: leaves by the engine (or out of the cache), everything else by folding sets.
struct Evaluator: Sendable {
  let data: DataFile.Open
  let snapshot: Snapshot
  /// The profiles that are asked about; nil for all. Of a sample no limit is applied, and nothing is cached.
  var sample: ProfileSample?

  /// Evaluates several plans together, so that equal leaves are evaluated once.
  ///
  /// - Returns: for each plan its evaluation or what went wrong with it.
  func evaluate(
    _ plans: [LogicalPlan], with references: ReferencedSets,
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> [Result<Evaluation, any Error>] {
    let sets = try await leafSets(of: plans, with: references, progress: progress)
    var results: [Result<Evaluation, any Error>] = []
    for plan in plans {
      do {
        results.append(.success(try await fold(plan, sets: sets, references: references)))
      } catch let error as CancellationError {
        throw error
      } catch {
        results.append(.failure(error))
      }
    }
    return results
  }

  // MARK: Leaves

  private func leafSets(
    of plans: [LogicalPlan], with references: ReferencedSets,
    progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws -> LeafSets {
    var leaves: [Leaf] = []
    var seen: Set<Leaf> = []
    for plan in plans {
      for leaf in [plan.audience.universe] + plan.leaves where seen.insert(leaf).inserted {
        leaves.append(leaf)
      }
    }
    let sets = LeafSets()
    var missing: [Leaf] = []
    var keys: [Leaf: String] = [:]
    for leaf in leaves {
      do {
        guard sample == nil else {
          missing.append(leaf)
          continue
        }
        let key = try data.engine.cacheKey(of: leaf, with: references, in: snapshot.version)
        if let set = data.cache.set(for: key) {
          await sets.add(leaf, .success(set))
        } else {
          keys[leaf] = key
          missing.append(leaf)
        }
      } catch {
        await sets.add(leaf, .failure(error))
      }
    }
    let total = leaves.count
    progress(total - missing.count, total)
    try await data.engine.evaluate(missing, with: references, in: snapshot.version, of: sample) {
      [keys] leaf, result in
      if case .success(let set) = result, let key = keys[leaf] {
        try data.cache.keep(set, for: key)
      }
      progress(await sets.add(leaf, result), total)
    }
    return sets
  }

  // MARK: Folding

  private func fold(_ plan: LogicalPlan, sets: LeafSets, references: ReferencedSets) async throws
    -> Evaluation
  {
    let universe = try await sets.set(of: plan.audience.universe)
    var result: Evaluation
    switch plan.content {
    case .keys(let keys):
      let ordinals = try await data.engine.ordinals(
        of: keys, audience: plan.audience, in: snapshot.version)
      result = Evaluation(
        members: MemberSet(ordinals.values), counts: [],
        pending: keys.filter { ordinals[$0] == nil }, universe: universe.count)
    case .rules(let items):
      let leaves = try await sets.all(plan.leaves)
      let folder = SetFolder(
        plan: plan, universe: universe, leaves: leaves,
        references: references.entries.mapValues(\.members))
      let (members, counts) = folder.fold(items)
      result = Evaluation(members: members, counts: counts, pending: [], universe: universe.count)
    }
    if let limit = plan.limit, sample == nil {
      result.members = try await data.engine.best(
        limit, of: result.members, audience: plan.audience, catalog: snapshot.catalog,
        in: snapshot.version)
    }
    return result
  }
}

/// Sets as they come in from the engine's workers.
private actor LeafSets {
  private var results: [Leaf: Result<MemberSet, any Error>] = [:]
  private var added = 0

  /// Returns how many were added.
  @discardableResult
  func add(_ leaf: Leaf, _ result: Result<MemberSet, any Error>) -> Int {
    results[leaf] = result
    added += 1
    return added
  }

  func set(of leaf: Leaf) throws -> MemberSet {
    guard let result = results[leaf] else {
      preconditionFailure("the engine hands over a result for every leaf")
    }
    return try result.get()
  }

  func all(_ leaves: [Leaf]) throws -> [Leaf: MemberSet] {
    var sets: [Leaf: MemberSet] = [:]
    for leaf in leaves { sets[leaf] = try set(of: leaf) }
    return sets
  }
}

extension Audience {
  /// The profiles present.
  var universe: Leaf { .profile(audience: name, table: table, .always(true)) }
}
