import SegmentCompiler
import SegmentStore

/// What happens to a task.
public enum TaskEvent: Sendable, Hashable {
  /// Everything it depends on is done.
  case becameReady
  case started
  case succeeded
  case failed(cause: String, isRetryable: Bool)
  case wasSkipped(cause: String)
  case wasCanceled
  /// Its time to be tried again has come.
  case retryCameDue
  /// Who worked on it is gone.
  case wasLost
  /// Who worked on it has left off, through no fault of the task.
  case wasStopped
}

extension TaskState {
  /// The state after an event; nil where the event cannot happen in this state and changes nothing.
  public func after(_ event: TaskEvent, at now: Instant, policy: RetryPolicy) -> TaskState? {
    switch (status, event) {
    case (.notStarted, .becameReady):
      TaskState(status: .queued)
    case (.queued, .started):
      TaskState(status: .processing, attempts: attempts + 1)
    case (.processing, .succeeded):
      TaskState(status: .successful, attempts: attempts)
    case (.processing, .failed(let cause, let isRetryable)):
      failing(cause, isRetryable: isRetryable, at: now, policy)
    case (.processing, .wasLost):
      failing(
        "The process that worked on it ended before it was done.", isRetryable: true, at: now,
        policy)
    case (.processing, .wasStopped):
      TaskState(status: .queued, attempts: attempts - 1)
    case (.failureRetrying, .retryCameDue):
      TaskState(status: .queued, attempts: attempts)
    case (.notStarted, .wasSkipped(let cause)), (.queued, .wasSkipped(let cause)),
      (.processing, .wasSkipped(let cause)), (.failureRetrying, .wasSkipped(let cause)):
      TaskState(status: .skipped, attempts: attempts, cause: cause)
    case (.notStarted, .wasCanceled), (.queued, .wasCanceled), (.processing, .wasCanceled),
      (.failureRetrying, .wasCanceled):
      TaskState(status: .canceled, attempts: attempts)
    case (.notStarted, _), (.queued, _), (.processing, _), (.failureRetrying, _),
      (.successful, _), (.failed, _), (.skipped, _), (.canceled, _):
      nil
    }
  }

  private func failing(
    _ cause: String, isRetryable: Bool, at now: Instant, _ policy: RetryPolicy
  ) -> TaskState {
    guard isRetryable, let pause = policy.pause(afterAttempt: attempts) else {
      return TaskState(status: .failed, attempts: attempts, cause: cause)
    }
    return TaskState(
      status: .failureRetrying, attempts: attempts, retryAt: now.microseconds + pause,
      cause: cause)
  }
}

/// How often a task is tried, and how long the pauses between are.
public struct RetryPolicy: Sendable, Hashable {
  public var mostAttempts: Int
  /// Microseconds after the first attempt; each further pause is twice as long.
  public var firstPause: Int64
  /// Microseconds.
  public var longestPause: Int64
  /// From 0 to 1: what is taken off a pause, at most half of it, so that tasks that failed together do not
  /// come back together.
  public var jitter: Double

  public init(
    mostAttempts: Int = 5, firstPause: Int64 = 10_000_000, longestPause: Int64 = 600_000_000,
    jitter: Double = 0
  ) {
    self.mostAttempts = mostAttempts
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.jitter = jitter
  }

  /// Microseconds until the next attempt; nil where there is none.
  func pause(afterAttempt attempt: Int) -> Int64? {
    attempt < mostAttempts ? length(ofPause: attempt) : nil
  }

  /// Microseconds of a pause, counted from 1.
  func length(ofPause number: Int) -> Int64 {
    let doublings = min(max(0, number - 1), 40)
    let pause = min(Double(longestPause), Double(firstPause) * Double(1 << doublings))
    return Int64(pause * (1 - 0.5 * min(1, max(0, jitter))))
  }
}
