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

  /// - Returns: why nobody can work on anything any more.
  func run() async -> DataFileLost? {
    var alone: Set<Int> = []
    var failures = 0
    while true {
      do {
        if try await step(&alone) == .finished {
          note(.finished(job: job))
          return nil
        }
        failures = 0
      } catch let lost as DataFileLost {
        note(.trouble(job: job, lost))
        return lost
      } catch {
        if signal.isStopping || error is CancellationError { return nil }
        // The store or the disk: the job stands where it was stored last. A cancellation cannot be stored either.
        note(.trouble(job: job, error))
        failures += 1
        await pause(policy.length(ofPause: failures), unless: [.stop])
      }
      if signal.isStopping, !signal.isCanceled { return nil }
    }
  }

  /// - Parameter alone: tasks that get the time for themselves, after a wave with them took too long.
  private func step(_ alone: inout Set<Int>) async throws -> Step {
    guard let record = try service.store.job(job) else { return .finished }
    var graph = JobGraph(record)
    graph.recover(at: service.now(), policy: policy)
    if signal.isCanceled { graph.cancel(at: service.now()) }
    graph.begin(asOf: service.now())
    graph.settle(at: service.now(), policy: policy)
    try store(&graph)
    if graph.isFinished { return .finished }

    let ready = graph.ready
    let loads = ready.filter { $0.kind == .load }
    if !loads.isEmpty {
      try await load(loads, &graph)
    } else if let first = ready.first {
      let tasks =
        alone.contains(first.id)
        ? [first] : Array(ready.filter { !alone.contains($0.id) }.prefix(settings.wave))
      guard try await takeTurn() else { return .again }
      defer { turn.passOn() }
      if try await Wave(work: self, graph: graph).run(tasks) == .tookTooLong {
        alone.formUnion(tasks.map(\.id))
      }
    } else if let retry = graph.nextRetry {
      await pause(retry.microseconds - service.now().microseconds)
    }
    return .again
  }

  /// Waits for the turn; false where there is an order before it comes.
  private func takeTurn() async throws -> Bool {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await turn.wait()
        return true
      }
      group.addTask {
        await signal.wait()
        return false
      }
      let isMine = try await group.next()!
      group.cancelAll()
      if isMine { return true }
      // It may have come at the same moment.
      if (try? await group.next()) == true { turn.passOn() }
      return false
    }
  }

  /// With jitter of its own: for all that fail together.
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
    let changed = record.tasks.filter { tasks.contains($0.id) }
    if !changed.isEmpty { note(.changed(job: job, tasks: changed)) }
    if !runs.isEmpty { note(.published(job: job, runs)) }
  }

  /// Waits, unless there is such an order.
  private func pause(
    _ microseconds: Int64, unless orders: Set<JobSignal.Order> = [.cancel, .stop]
  ) async {
    guard microseconds > 0 else { return }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await settings.sleep(microseconds) }
      group.addTask { await signal.wait(for: orders) }
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
    // They come back together, since one load is for all of them.
    let policy = policy
    for task in tasks { graph.tell(task.id, .started, at: service.now(), policy: policy) }
    try store(&graph)
    var events = LoadEvents()
    do {
      let loader = service.acting(as: .system("job \(job)"))
      let loaded = try await guarded(limit: nil) {
        try await loader.load { note(.loading(job: job, $0)) }
      }
      switch loaded {
      case .done(let report): events = LoadEvents(report)
      case .tookTooLong, .ordered: return giveUp(tasks, &graph)
      }
    } catch let failure as LoadFailure {
      events = LoadEvents(failure.report, nothingPublished: true)
    } catch let failure as TidyingFailure {
      note(.trouble(job: job, failure))
      if let report = failure.report { events = LoadEvents(report) }
    } catch is CancellationError {
      return giveUp(tasks, &graph)
    } catch {
      if error.isOfStore { throw error }
      events = LoadEvents(failing: tasks, error)
    }
    for task in tasks {
      graph.tell(task.id, events[task.name], at: service.now(), policy: policy)
    }
    // What was pinned before is not what was loaded.
    graph.read(dataVersion: nil)
    graph.settle(at: service.now(), policy: policy)
    try store(&graph)
    if let lost = events.lost { throw lost }
  }

  /// What was begun is queued again; where the job is cancelled, the next step says so.
  func giveUp(_ tasks: [TaskRecord], _ graph: inout JobGraph) {
    for task in tasks { graph.tell(task.id, .wasStopped, at: service.now(), policy: policy) }
    try? store(&graph)
  }
}
