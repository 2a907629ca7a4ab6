import SegmentCompiler
import SegmentStore

/// Segments of one job that are evaluated together and published by one transaction.
struct Wave: Sendable {
  let work: JobWork
  var graph: JobGraph

  private var service: SegmentService { work.service }

  /// The graph after the tasks have come to an end, or have been given up.
  func run(_ tasks: [TaskRecord]) async throws -> JobGraph {
    var wave = self
    try await wave.runAll(tasks)
    return wave.graph
  }

  private mutating func runAll(_ tasks: [TaskRecord]) async throws {
    let found = try findSegments(tasks)
    for (task, _) in found { tell(task, .started) }
    try work.store(&graph)
    guard !found.isEmpty else { return }
    let tasks = found.map(\.task)
    switch try await evaluated(found, limit: work.settings.timeLimit) {
    case .done(let evaluation): try await publish(evaluation, found)
    case .ordered: work.giveUp(tasks, &graph)
    case .tookTooLong where found.count == 1: try await publishTimeout(found)
    case .tookTooLong:
      // One of them is slow: each gets the time for itself.
      for segment in found where work.signal.order == nil {
        switch try await evaluated([segment], limit: work.settings.timeLimit) {
        case .done(let evaluation): try await publish(evaluation, [segment])
        case .tookTooLong: try await publishTimeout([segment])
        case .ordered: break
        }
      }
      work.giveUp(tasks, &graph)
    }
  }

  private typealias Found = (task: TaskRecord, record: SegmentRecord)

  /// Leaves out segments that have been deleted or deactivated since the job was made.
  private mutating func findSegments(_ tasks: [TaskRecord]) throws -> [Found] {
    let records = Dictionary(
      uniqueKeysWithValues: try service.store.segmentRecords().map { ($0.id, $0) })
    var found: [Found] = []
    for task in tasks {
      guard let record = task.segmentID.flatMap({ records[$0] }) else {
        tell(task, .wasSkipped(cause: "It was deleted meanwhile."))
        continue
      }
      if record.state == .active {
        found.append((task, record))
      } else {
        tell(task, .wasSkipped(cause: record.state.skipCause))
      }
    }
    return found
  }

  private mutating func tell(_ task: TaskRecord, _ event: TaskEvent) {
    graph.tell(task.id, event, at: service.now(), policy: work.policy)
  }

  // MARK: Evaluating

  private mutating func evaluated(_ found: [Found], limit: Int64) async throws
    -> JobWork.GuardedEnd<LayeredEvaluation>
  {
    let (service, work, job) = (service, work, graph.job)
    let records = found.map(\.record)
    do {
      let end = try await work.guarded(limit: limit) {
        try await service.reading(preferring: job.dataVersion) { snapshot in
          let evaluation = LayeredEvaluation(
            of: try records.map { try service.storedDefinition($0.version) }, service: service,
            snapshot: snapshot, asOf: job.asOf.map(Instant.init(microseconds:)) ?? service.now(),
            facts: try service.segmentFacts())
          return try await evaluation.run { done, total in
            work.note(.progress(job: job.id, done: done, of: total))
          }
        }
      }
      if case .done(let evaluation) = end {
        graph.read(dataVersion: evaluation.snapshot.version.id)
      }
      return end
    } catch let error where !(error is CancellationError) {
      // Nothing could be begun, such as without data: it is the fate of each of them.
      return .done(try await failing(found, .failed(error)))
    }
  }

  /// An evaluation in which all have failed.
  private func failing(_ found: [Found], _ outcome: SegmentOutcome) async throws
    -> LayeredEvaluation
  {
    try await service.reading(preferring: graph.job.dataVersion) { snapshot in
      var evaluation = LayeredEvaluation(
        of: [], service: service, snapshot: snapshot,
        asOf: graph.job.asOf.map(Instant.init(microseconds:)) ?? service.now(), facts: [:])
      for (_, record) in found { evaluation.finish(record.name, outcome) }
      return evaluation
    }
  }

  // MARK: Publishing

  private mutating func publishTimeout(_ found: [Found]) async throws {
    let seconds = work.settings.timeLimit / 1_000_000
    let cause =
      "It took longer than \(seconds) seconds, which is the most that one segment may take."
    try await publish(failing(found, .failed(cause: cause)), found)
  }

  private mutating func publish(_ evaluation: LayeredEvaluation, _ found: [Found]) async throws {
    var after = graph
    let now = service.now()
    let policy = work.policy
    for (task, record) in found {
      after.tell(task.id, event(evaluation.outcomes[record.name]?.outcome), at: now, policy: policy)
    }
    after.settle(at: now, policy: policy)
    // One that will be tried again has no run yet.
    let ended = found.filter { after[$0.task.id]?.state.status.isFinal == true }
    let tasks = Dictionary(uniqueKeysWithValues: ended.map { ($0.record.name, $0.task.id) })
    let work = work
    _ = try await service.publish(
      evaluation, of: ended.map { ($0.record.name, $0.record.version.number, $0.record.id) }
    ) { runs in
      for run in runs {
        if let task = tasks[run.segment] { after.published(run.id, by: task) }
      }
      try work.store(&after, runs: runs, from: evaluation.data.name)
    }
    graph = after
    do {
      try await service.dataTurn.takeIfFree { try await service.expire(after: "refresh") }
    } catch let failure as TidyingFailure {
      work.note(.trouble(job: work.job, failure))
    }
  }

  private func event(_ outcome: SegmentOutcome?) -> TaskEvent {
    switch outcome {
    case .evaluated: .succeeded
    case .failed(let cause, let isRetryable): .failed(cause: cause, isRetryable: isRetryable)
    case .skipped(let cause): .failed(cause: cause, isRetryable: false)
    case nil: .failed(cause: "It was not evaluated.", isRetryable: true)
    }
  }
}
