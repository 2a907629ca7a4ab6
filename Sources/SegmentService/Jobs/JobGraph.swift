import SegmentCompiler
import SegmentStore

/// A job's tasks and how they hang together: a pure value, which changes by events alone.
public struct JobGraph: Sendable, Equatable {
  public private(set) var job: JobRecord
  /// Numbers of the tasks that have changed since ``takeChanges()``.
  private var changed: Set<Int> = []
  private var positions: [Int: Int]

  public init(_ job: JobRecord) {
    self.job = job
    positions = Dictionary(
      uniqueKeysWithValues: job.tasks.enumerated().map { ($1.id, $0) })
  }

  public subscript(id: Int) -> TaskRecord? { positions[id].map { job.tasks[$0] } }

  /// Tasks that can start now.
  public var ready: [TaskRecord] { job.tasks.filter { $0.state.status == .queued } }

  public var isFinished: Bool { job.tasks.allSatisfy { $0.state.status.isFinal } }

  /// When the first task that is retrying may be tried again.
  public var nextRetry: Instant? {
    job.tasks.compactMap(\.state.retryAt).min().map(Instant.init(microseconds:))
  }

  /// What a worker has to store: the job, and the tasks that have changed.
  public mutating func takeChanges() -> (job: JobRecord, tasks: Set<Int>) {
    defer { changed = [] }
    return (job, changed)
  }

  public mutating func begin(asOf: Instant) { job.asOf = job.asOf ?? asOf.microseconds }

  /// - Parameter dataVersion: nil for the one that will be in force.
  public mutating func read(dataVersion: Int64?) { job.dataVersion = dataVersion }

  public mutating func published(_ run: Int64, by task: Int) {
    guard let position = positions[task] else { return }
    job.tasks[position].run = run
  }

  /// Tells a task of an event; one that cannot happen to it changes nothing.
  public mutating func tell(
    _ task: Int, _ event: TaskEvent, at now: Instant, policy: RetryPolicy
  ) {
    guard let position = positions[task],
      let state = job.tasks[position].state.after(event, at: now, policy: policy)
    else { return }
    job.tasks[position].state = state
    if state.status == .processing { job.tasks[position].started = now.microseconds }
    if state.status.isFinal { job.tasks[position].finished = now.microseconds }
    changed.insert(task)
  }

  /// Lets everything happen that follows from where the tasks stand and from the time: tasks become ready or are
  /// skipped because of others, and those whose pause is over are queued again.
  public mutating func settle(at now: Instant, policy: RetryPolicy) {
    for task in job.tasks {
      if let retryAt = task.state.retryAt, retryAt <= now.microseconds {
        tell(task.id, .retryCameDue, at: now, policy: policy)
      }
    }
    // A task comes after those that it depends on, so that one pass is enough.
    for task in job.tasks where task.state.status == .notStarted {
      let dependencies = task.dependsOn.compactMap { self[$0] }
      if let lost = dependencies.first(where: { $0.state.status.isLost }) {
        tell(task.id, .wasSkipped(cause: lost.reason), at: now, policy: policy)
      } else if dependencies.allSatisfy({ $0.state.status == .successful }) {
        tell(task.id, .becameReady, at: now, policy: policy)
      }
    }
    if isFinished, job.finished == nil { job.finished = now.microseconds }
  }

  /// Ends everything that has not come to its end.
  public mutating func cancel(at now: Instant) {
    for task in job.tasks where !task.state.status.isFinal {
      tell(task.id, .wasCanceled, at: now, policy: RetryPolicy())
    }
    if job.finished == nil { job.finished = now.microseconds }
  }

  /// Gives up what was being worked on when the process ended.
  public mutating func recover(at now: Instant, policy: RetryPolicy) {
    for task in job.tasks where task.state.status == .processing {
      tell(task.id, .wasLost, at: now, policy: policy)
    }
  }
}

extension TaskStatus {
  /// Whether what depends on it cannot be done any more.
  fileprivate var isLost: Bool { isFinal && self != .successful }
}

extension TaskRecord {
  /// Why a task that depends on this one is skipped.
  fileprivate var reason: String {
    let what =
      kind == .load ? "It reads the table '\(name)', which" : "It refers to '\(name)', which"
    return switch state.status {
    case .canceled: "\(what) was canceled."
    case .skipped: "\(what) was skipped."
    default: kind == .load ? "\(what) was not loaded." : "\(what) was not refreshed."
    }
  }
}
