import SegmentCompiler
import SegmentEngines
import SegmentStore

/// What evaluating one segment among others came to.
enum SegmentOutcome: Sendable {
  case evaluated(EvaluatedSegment)
  case failed(cause: String, retry: Retry = .never)

  static func failed(_ error: any Error) -> SegmentOutcome {
    .failed(cause: "\(error)", retry: error.retry)
  }
  /// Not tried, because of another segment.
  case skipped(cause: String)
}

/// A segment with its members, of which nothing is published.
struct EvaluatedSegment: Sendable {
  var plan: LogicalPlan
  var evaluation: Evaluation
  /// Of the members' bytes.
  var checksum: String
}

/// Evaluates segments together, in layers: those that are referred to first.
struct LayeredEvaluation {
  let service: SegmentService
  let snapshot: Snapshot
  let asOf: Instant
  /// One file for all of it.
  let data: DataFile.Open
  /// What is evaluated, each name once.
  let definitions: [SegmentDefinition]

  /// When the evaluation began.
  private(set) var started: Instant
  private var facts: [String: SegmentFacts]
  private var sets = ReferencedSets()
  /// Why members of segments that are not evaluated here cannot be read.
  private var unreadable: [String: any Error] = [:]
  /// What came of each segment, and when that was known.
  private(set) var outcomes: [String: (outcome: SegmentOutcome, at: Instant)] = [:]
  /// The runs that were read of segments that are not evaluated here.
  private(set) var runsRead: [String: RunReference] = [:]

  /// - Parameters:
  ///   - facts: every segment that may be referred to.
  ///   - leftOut: segments that are not tried, with the cause: those that refer to them are skipped as well.
  init(
    of definitions: [SegmentDefinition], service: SegmentService, snapshot: Snapshot,
    asOf: Instant, facts: [String: SegmentFacts],
    leavingOut leftOut: [(name: String, cause: String)] = []
  ) {
    self.service = service
    self.snapshot = snapshot
    self.asOf = asOf
    data = service.data.current
    started = service.now()
    self.definitions = definitions
    self.facts = facts
    for definition in definitions { self.facts[definition.name]?.isAvailable = true }
    for (name, cause) in leftOut { outcomes[name] = (.skipped(cause: cause), started) }
  }

  /// The same with all outcomes.
  func run(progress: @escaping @Sendable (Int, Int) -> Void) async throws -> LayeredEvaluation {
    var evaluation = self
    evaluation.started = service.now()
    try await evaluation.runLayers(progress: progress)
    return evaluation
  }

  private mutating func runLayers(progress: @escaping @Sendable (Int, Int) -> Void) async throws {
    try readPublished()
    var waiting = definitions
    while !waiting.isEmpty {
      let names = Set(waiting.map(\.name))
      let ready = waiting.filter { names.isDisjoint(with: $0.references) }
      // A circle of references: planning says so for each of them.
      let layer = ready.isEmpty ? waiting : ready
      try await runLayer(layer, progress: progress)
      let done = Set(layer.map(\.name))
      waiting.removeAll { done.contains($0.name) }
    }
  }

  /// Members of segments that are referred to without being evaluated now.
  private mutating func readPublished() throws {
    let evaluated = Set(definitions.map(\.name))
    for name in Set(definitions.flatMap(\.references)).subtracting(evaluated) {
      do {
        let (published, runs) = try service.publishedMembers(of: [name])
        sets.entries[name] = published.entries[name]
        runsRead[name] = runs.first
      } catch let error as WorkspaceError {
        unreadable[name] = error
      }
    }
  }

  private mutating func runLayer(
    _ layer: [SegmentDefinition], progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws {
    var plans: [LogicalPlan] = []
    let planner = Planner(PlanContext(catalog: snapshot.catalog, asOf: asOf, segments: facts))
    for definition in layer {
      let references = definition.references
      if let failed = references.first(where: isFailed) {
        finish(
          definition.name, .skipped(cause: "It refers to '\(failed)', which was not refreshed."))
      } else if let error = references.compactMap({ unreadable[$0] }).first {
        finish(definition.name, .failed(error))
      } else {
        do {
          plans.append(try planner.plan(definition))
        } catch {
          finish(definition.name, .failed(error))
        }
      }
    }
    let evaluator = Evaluator(data: data, snapshot: snapshot)
    let results = try await evaluator.evaluate(plans, with: sets, progress: progress)
    for (plan, result) in zip(plans, results) {
      switch result {
      case .success(let evaluation):
        let checksum = DurableFile.checksum(evaluation.members.bytes)
        finish(
          plan.segment,
          .evaluated(EvaluatedSegment(plan: plan, evaluation: evaluation, checksum: checksum)))
        sets.entries[plan.segment] = ReferencedSets.Entry(
          members: evaluation.members, fingerprint: checksum)
      case .failure(let error): finish(plan.segment, .failed(error))
      }
    }
  }

  private func isFailed(_ name: String) -> Bool {
    switch outcomes[name]?.outcome {
    case nil, .evaluated: false
    case .failed, .skipped: true
    }
  }

  mutating func finish(_ name: String, _ outcome: SegmentOutcome) {
    outcomes[name] = (outcome, service.now())
  }
}
