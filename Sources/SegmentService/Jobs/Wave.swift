import SegmentCompiler
import SegmentStore

/// Segments of one job that are evaluated together and published by one transaction.
struct Wave: Sendable {
  private let work: JobWork
  private var graph: JobGraph
  /// One for all, who fail together.
  private let policy: RetryPolicy

  init(work: JobWork, graph: JobGraph) {
    self.work = work
    self.graph = graph
    policy = work.policy
  }

  private var service: SegmentService { work.service }

  enum End: Sendable {
    /// The tasks have come to an end, or have been given up.
    case done
    /// One of them is slow: they are queued again, so that each gets the time for itself.
    case tookTooLong
  }

  /// - Throws: ``DataFileLost``; what the store throws when it is about its file.
  func run(_ tasks: [TaskRecord]) async throws -> End {
    var wave = self
    return try await wave.runAll(tasks)
  }

  private mutating func runAll(_ tasks: [TaskRecord]) async throws -> End {
    let found = try begin(tasks)
    guard !found.isEmpty else { return .done }
    do {
      switch try await evaluated(found) {
      case .done(let evaluation): try await publish(evaluation, found)
      case .ordered: work.giveUp(found.map(\.task), &graph)
      case .tookTooLong where found.count > 1:
        work.giveUp(found.map(\.task), &graph)
        return .tookTooLong
      case .tookTooLong: try await publish(failure(of: found, timeout), found)
      }
    } catch let error where error.isOfTasks {
      // Nothing could be begun, or nothing be written: it is the fate of each of them.
      try await fail(found, error)
    }
    return .done
  }

  /// Ends tasks by failed runs; where there can be none, such as without data, the tasks alone say why.
  private mutating func fail(_ found: [Found], _ error: any Error) async throws {
    do {
      try await publish(failure(of: found, .failed(error)), found)
    } catch let second where second.isOfTasks {
      for segment in found {
        tell(segment.task, .failed(cause: "\(error)", isRetryable: error.retry != .never))
      }
      graph.settle(at: service.now(), policy: policy)
      try work.store(&graph)
      if error.retry == .afterRestart { throw DataFileLost(cause: "\(error)") }
    }
  }

  private struct Found {
    let task: TaskRecord
    let record: SegmentRecord
    let definition: SegmentDefinition
  }

  /// Starts the tasks, and ends those for which nothing is to be evaluated.
  private mutating func begin(_ tasks: [TaskRecord]) throws -> [Found] {
    let segments = Dictionary(
      uniqueKeysWithValues: try service.store.overviews(of: Set(tasks.compactMap(\.segmentID)))
        .map { ($0.record.id, $0) })
    var found: [Found] = []
    for task in tasks {
      // It may have been deleted or deactivated since the job was made.
      guard let segment = task.segmentID.flatMap({ segments[$0] }) else {
        tell(task, .wasSkipped(cause: "It was deleted meanwhile."))
        continue
      }
      let record = segment.record
      guard record.state == .active else {
        tell(task, .wasSkipped(cause: record.state.skipCause))
        continue
      }
      tell(task, .started)
      if let newer = segment.lastPublished, isNewer(newer, of: record) {
        tell(task, .succeeded)
        graph.published(newer.id, by: task.id)
        continue
      }
      do {
        let definition = try service.storedDefinition(record.version)
        found.append(Found(task: task, record: record, definition: definition))
      } catch {
        tell(task, .failed(cause: "\(error)", isRetryable: false))
      }
    }
    graph.settle(at: service.now(), policy: policy)
    try work.store(&graph)
    return found
  }

  /// Whether a run, made since the job was begun, says more than the job could.
  private func isNewer(_ run: RunRecord, of record: SegmentRecord) -> Bool {
    guard let asOf = graph.job.asOf else { return false }
    return run.started > asOf && run.asOf > asOf && run.segmentVersion == record.version.number
      && run.dataVersion >= graph.job.dataVersion ?? 0
  }

  private mutating func tell(_ task: TaskRecord, _ event: TaskEvent) {
    graph.tell(task.id, event, at: service.now(), policy: policy)
  }

  // MARK: Evaluating

  private mutating func evaluated(_ found: [Found]) async throws
    -> JobWork.GuardedEnd<LayeredEvaluation>
  {
    let (service, work, job, asOf) = (service, work, graph.job, asOf)
    let definitions = found.map(\.definition)
    let end = try await work.guarded(limit: work.settings.timeLimit) {
      try await service.reading(preferring: job.dataVersion) { snapshot in
        let evaluation = LayeredEvaluation(
          of: definitions, service: service, snapshot: snapshot, asOf: asOf,
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
  }

  private var asOf: Instant {
    graph.job.asOf.map(Instant.init(microseconds:)) ?? service.now()
  }

  /// An evaluation in which all have failed.
  private func failure(of found: [Found], _ outcome: SegmentOutcome) async throws
    -> LayeredEvaluation
  {
    try await service.reading(preferring: graph.job.dataVersion) { snapshot in
      var evaluation = LayeredEvaluation(
        of: [], service: service, snapshot: snapshot, asOf: asOf, facts: [:])
      for segment in found { evaluation.finish(segment.record.name, outcome) }
      return evaluation
    }
  }

  private var timeout: SegmentOutcome {
    let seconds = work.settings.timeLimit / 1_000_000
    return .failed(
      cause: "It took longer than \(seconds) seconds, which is the most that one segment may take.")
  }

  // MARK: Publishing

  private mutating func publish(_ evaluation: LayeredEvaluation, _ found: [Found]) async throws {
    var after = graph
    let now = service.now()
    for segment in found {
      after.tell(
        segment.task.id, event(evaluation.outcomes[segment.record.name]?.outcome), at: now,
        policy: policy)
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
    for case .failed(let cause, .afterRestart) in evaluation.outcomes.values.map(\.outcome) {
      throw DataFileLost(cause: cause)
    }
    // The runs are published, whatever becomes of the rest.
    do {
      try await service.dataTurn.takeIfFree { try await service.expire(after: "refresh") }
    } catch let failure as TidyingFailure {
      work.note(.trouble(job: work.job, failure))
    }
    do {
      try await service.writeOutputFiles()
    } catch let failure as OutputFilesFailure {
      work.note(.trouble(job: work.job, failure))
    }
  }

  private func event(_ outcome: SegmentOutcome?) -> TaskEvent {
    switch outcome {
    case .evaluated: .succeeded
    case .failed(let cause, let retry): .failed(cause: cause, isRetryable: retry != .never)
    case .skipped(let cause): .wasSkipped(cause: cause)
    case nil: .failed(cause: "It was not evaluated.", isRetryable: true)
    }
  }
}
