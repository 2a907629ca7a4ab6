import SegmentCompiler
import SegmentStore

/// The work on one job, from wherever it stands to its end.
struct JobWork: Sendable {
  let job: Int64
  let service: SegmentService
  let settings: JobRunner.Settings
  /// Waves of all jobs are evaluated one after the other, each with the whole machine.
  let turn: Turn
  let signal: JobSignal
  let note: @Sendable (JobNote) -> Void

  private enum Step { case again, finished }

  func run() async {
    var failures = 0
    while true {
      do {
        if try await step() == .finished { return note(.finished(job: job)) }
        failures = 0
      } catch {
        if signal.order == .stop || error is CancellationError { return }
        // The store or the disk: the job stands where it was stored last.
        note(.trouble(job: job, error))
        failures += 1
        await pause(settings.retries.pause(afterAttempt: min(failures, 4)) ?? 0)
      }
      if signal.order == .stop { return }
    }
  }

  private func step() async throws -> Step {
    guard let record = try service.store.job(job) else { return .finished }
    var graph = JobGraph(record)
    graph.recover(at: service.now(), policy: policy)
    if signal.order == .cancel { graph.cancel(at: service.now()) }
    graph.begin(asOf: service.now())
    graph.settle(at: service.now(), policy: policy)
    try store(&graph)
    if graph.isFinished { return .finished }

    let ready = graph.ready
    let loads = ready.filter { $0.kind == .load }
    if !loads.isEmpty {
      try await load(loads, &graph)
    } else if !ready.isEmpty {
      graph = try await turn.take { [graph] in
        // It may have been long until the turn came.
        guard signal.order == nil else { return graph }
        return try await Wave(work: self, graph: graph).run(Array(ready.prefix(settings.wave)))
      }
    } else if let retry = graph.nextRetry {
      await pause(retry.microseconds - service.now().microseconds)
    }
    return .again
  }

  var policy: RetryPolicy {
    var policy = settings.retries
    policy.jitter = settings.jitter()
    return policy
  }

  /// Stores what has changed, with runs that are published by it.
  func store(
    _ graph: inout JobGraph, runs: [RunRecord] = [], from dataFile: String? = nil
  ) throws {
    let (record, tasks) = graph.takeChanges()
    try service.store.save(
      record, tasks: tasks, runs: runs, workspaceFile: runs.isEmpty ? nil : service.text,
      from: dataFile)
    if !tasks.isEmpty { note(.changed(job: job, tasks: tasks)) }
    if !runs.isEmpty { note(.published(job: job, runs)) }
  }

  /// Waits, unless there is an order.
  private func pause(_ microseconds: Int64) async {
    guard microseconds > 0 else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await settings.sleep(microseconds) }
      group.addTask { await signal.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  /// Does something unless there is an order before it is done, or it takes too long.
  ///
  /// - Parameter limit: microseconds; nil for as long as it takes.
  func guarded<Value: Sendable>(
    limit: Int64?, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> GuardedEnd<Value> {
    try await withThrowingTaskGroup(of: GuardedEnd<Value>.self) { group in
      group.addTask { .done(try await body()) }
      group.addTask {
        await signal.wait()
        return .ordered
      }
      if let limit {
        group.addTask {
          try await settings.sleep(limit)
          return .tookTooLong
        }
      }
      defer { group.cancelAll() }
      return try await group.next()!
    }
  }

  enum GuardedEnd<Value: Sendable>: Sendable {
    case done(Value)
    case tookTooLong
    /// There is an order; what was begun is given up.
    case ordered
  }

  // MARK: Loading

  private func load(_ tasks: [TaskRecord], _ graph: inout JobGraph) async throws {
    for task in tasks { graph.tell(task.id, .started, at: service.now(), policy: policy) }
    try store(&graph)
    var events: [String: TaskEvent] = [:]
    do {
      switch try await guarded(limit: nil, { try await service.load() }) {
      case .done(let report): events = LoadRunEvents(report).events
      case .tookTooLong, .ordered: return giveUp(tasks, &graph)
      }
    } catch let failure as LoadFailure {
      events = LoadRunEvents(failure.report, nothingPublished: true).events
    } catch let failure as TidyingFailure {
      note(.trouble(job: job, failure))
    } catch is CancellationError {
      return giveUp(tasks, &graph)
    } catch {
      for task in tasks {
        events[task.name] = .failed(cause: "\(error)", isRetryable: error.isRetryable)
      }
    }
    for task in tasks {
      graph.tell(task.id, events[task.name] ?? .succeeded, at: service.now(), policy: policy)
    }
    graph.settle(at: service.now(), policy: policy)
    try store(&graph)
  }

  /// What was begun is queued again; where the job is cancelled, the next step says so.
  func giveUp(_ tasks: [TaskRecord], _ graph: inout JobGraph) {
    for task in tasks { graph.tell(task.id, .wasStopped, at: service.now(), policy: policy) }
    try? store(&graph)
  }
}

/// What a load means to the tasks of its tables.
private struct LoadRunEvents {
  var events: [String: TaskEvent] = [:]

  init(_ report: LoadReport, nothingPublished: Bool = false) {
    for table in report.tables {
      switch table.outcome {
      case .failed:
        events[table.table] = .failed(
          cause: table.problems.map(\.description).joined(separator: "\n"), isRetryable: false)
      case .loaded, .unchanged:
        events[table.table] =
          nothingPublished
          ? .failed(
            cause: "Another table failed that was never loaded, so that nothing was loaded.",
            isRetryable: false)
          : .succeeded
      }
    }
  }
}
