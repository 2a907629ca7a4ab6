import SegmentCompiler
import SegmentEngines
import SegmentStore

/// How many members a definition selects: exactly, or as far as a sample of the profiles tells.
public struct Estimate: Sendable {
  /// A number, and between which it lies with a confidence of 95 %; where it was counted, both ends are the number.
  public struct Count: Sendable, Equatable {
    public var value: Int
    public var range: ClosedRange<Int>
  }

  public struct Rule: Sendable, Equatable {
    public var rule: Count
    public var cumulative: Count
  }

  public var segment: String
  public var sentence: String
  public var count: Count
  public var rules: [Rule]
  /// All profiles of the audience.
  public var universe: Int
  /// How many profiles were asked about; nil where all were, and every count is exact.
  public var sample: Int?
  public var warnings: [Diagnostic]
  public var pending: [ProfileKey]
  public var took: Duration

  public var isExact: Bool { sample == nil }
}

extension SegmentService {
  /// How many profiles a sample has: enough for 0.3 % of the universe.
  public static let sampledProfiles = 100_000

  /// Counts definitions exactly, one after another. Where that takes long, the number is estimated from a sample of
  /// the profiles meanwhile.
  ///
  /// A sample takes profiles as a whole, with all of their rows, so every condition is as true of them as it is
  /// without. Manual segments, and audiences of hardly more profiles than a sample has, are always counted.
  ///
  /// - Parameters:
  ///   - budget: how long to wait for an exact number before a sample is drawn.
  ///   - profiles: about how many profiles the sample has.
  ///   - onSample: is given the estimate, and says whether to wait for the exact number all the same.
  /// - Returns: the exact one, or the estimate where that was enough.
  public func estimate(
    _ sources: [DefinitionSource], asOf: Instant? = nil, budget: Duration = .seconds(1),
    profiles: Int = SegmentService.sampledProfiles,
    onSample: @escaping @Sendable (Estimate) async throws -> Bool = { _ in false }
  ) async throws -> [Estimate] {
    let asOf = asOf ?? now()
    return try await reading { snapshot in
      var estimates: [Estimate] = []
      for written in try WrittenDefinition.all(in: sources, catalog: snapshot.catalog) {
        let (planned, _) = try planned(written, asOf: asOf, of: snapshot)
        let (references, _) = try publishedMembers(of: planned.plan.references)
        let counting = Counting(
          planned: planned, references: references, data: data.current, snapshot: snapshot)
        estimates.append(
          try await counting.run(budget: budget, profiles: profiles, onSample: onSample))
      }
      return estimates
    }
  }
}

/// Counts one plan: exactly, and by a sample where that takes long.
private struct Counting: Sendable {
  let planned: DefinitionCheck.Planned
  let references: ReferencedSets
  let data: DataFile.Open
  let snapshot: Snapshot
  private let started = ContinuousClock.now

  init(
    planned: DefinitionCheck.Planned, references: ReferencedSets, data: DataFile.Open,
    snapshot: Snapshot
  ) {
    self.planned = planned
    self.references = references
    self.data = data
    self.snapshot = snapshot
  }

  private enum Step { case counted(Estimate), overdue, sampled(Estimate) }

  func run(
    budget: Duration, profiles: Int, onSample: @Sendable (Estimate) async throws -> Bool
  ) async throws -> Estimate {
    try await withThrowingTaskGroup(of: Step.self) { group in
      defer { group.cancelAll() }
      group.addTask { .counted(try await estimate(of: nil)) }
      if let sample = sample(of: profiles) {
        group.addTask {
          try await Task.sleep(for: budget)
          return .overdue
        }
        while let step = try await group.next() {
          switch step {
          case .counted(let exact): return exact
          case .overdue: group.addTask { .sampled(try await estimate(of: sample)) }
          case .sampled(let estimate):
            guard try await onSample(estimate) else { return estimate }
          }
        }
      }
      guard case .counted(let exact)? = try await group.next() else {
        preconditionFailure("it is counted in the end")
      }
      return exact
    }
  }

  /// All profiles of the audience.
  private var universe: Int {
    snapshot.version.parts[planned.plan.audience.table].map { Int($0.rows) } ?? 0
  }

  /// nil where a sample would not be much faster than counting.
  private func sample(of profiles: Int) -> ProfileSample? {
    guard case .rules = planned.plan.content, universe > profiles * 2 else { return nil }
    return ProfileSample(share: Double(profiles) / Double(universe), seed: 1)
  }

  private func estimate(of sample: ProfileSample?) async throws -> Estimate {
    let evaluator = Evaluator(data: data, snapshot: snapshot, sample: sample)
    let evaluation = try await evaluator.evaluate([planned.plan], with: references)[0].get()
    let scale = Scale(sampled: evaluation.universe, of: sample == nil ? nil : universe)
    var count = scale.count(evaluation.members.count)
    if sample != nil, let limit = planned.plan.limit { count = count.limited(to: limit.count) }
    return Estimate(
      segment: planned.plan.segment, sentence: planned.checked.sentence, count: count,
      rules: evaluation.counts.map {
        Estimate.Rule(rule: scale.count($0.rule), cumulative: scale.count($0.cumulative))
      },
      universe: sample == nil ? evaluation.universe : universe,
      sample: sample == nil ? nil : evaluation.universe, warnings: planned.checked.warnings,
      pending: evaluation.pending, took: ContinuousClock.now - started)
  }
}

/// From a count in a sample to one of the universe.
struct Scale {
  /// Profiles in the sample.
  var sampled: Int
  /// Profiles in the universe; nil where all were asked about.
  var of: Int?

  /// Wilson's interval of 95 %, narrowed by the share of the universe that was asked about. It holds for rare
  /// members as well, where a normal approximation says ±0.
  func count(_ found: Int) -> Estimate.Count {
    guard let universe = of, sampled < universe, sampled > 0 else {
      return Estimate.Count(value: found, range: found...found)
    }
    let all = Double(universe)
    // As if drawn with replacement from a larger sample.
    let n = Double(sampled) * (all - 1) / (all - Double(sampled))
    let p = Double(found) / Double(sampled)
    let z2 = 1.96 * 1.96
    let center = (p + z2 / (2 * n)) / (1 + z2 / n)
    let half = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))).squareRoot() / (1 + z2 / n)
    // Those found are members for sure, the others of the sample are none.
    let least = max(found, Int(((center - half) * all).rounded(.down)))
    let most = min(universe - sampled + found, Int(((center + half) * all).rounded(.up)))
    let value = min(max(Int((p * all).rounded()), least), most)
    return Estimate.Count(value: value, range: least...most)
  }
}

extension Estimate.Count {
  fileprivate func limited(to limit: Int) -> Estimate.Count {
    Estimate.Count(
      value: min(value, limit),
      range: min(range.lowerBound, limit)...min(range.upperBound, limit))
  }
}
