import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Every state with every event.
@Suite struct TaskStateTests {
  typealias Status = TaskStatus

  static let now = Instant(microseconds: 1_000_000_000)
  static let policy = RetryPolicy(mostAttempts: 3, firstPause: 10, longestPause: 15)

  static let events: [(name: String, event: TaskEvent)] = [
    ("becameReady", .becameReady), ("started", .started), ("succeeded", .succeeded),
    ("failed", .failed(cause: "disk full", isRetryable: false)),
    ("failedRetryably", .failed(cause: "disk full", isRetryable: true)),
    ("wasSkipped", .wasSkipped(cause: "'vip' failed")), ("wasCanceled", .wasCanceled),
    ("retryCameDue", .retryCameDue), ("wasLost", .wasLost), ("wasStopped", .wasStopped),
  ]

  /// Everything that may happen; whatever is not listed must change nothing.
  static let allowed: [Status: [String: Status]] = [
    .notStarted: ["becameReady": .queued, "wasSkipped": .skipped, "wasCanceled": .canceled],
    .queued: ["started": .processing, "wasSkipped": .skipped, "wasCanceled": .canceled],
    .processing: [
      "wasStopped": .queued, "succeeded": .successful, "failed": .failed,
      "failedRetryably": .failureRetrying, "wasLost": .failureRetrying, "wasSkipped": .skipped,
      "wasCanceled": .canceled,
    ],
    .failureRetrying: [
      "retryCameDue": .queued, "wasSkipped": .skipped, "wasCanceled": .canceled,
    ],
    .successful: [:], .failed: [:], .skipped: [:], .canceled: [:],
  ]

  @Test(arguments: Status.allCases) func `every event in every state`(_ status: Status) throws {
    let transitions = try #require(TaskStateTests.allowed[status])
    for (name, event) in TaskStateTests.events {
      let state = TaskState(status: status, attempts: 1)
      let after = state.after(event, at: TaskStateTests.now, policy: TaskStateTests.policy)
      #expect(after?.status == transitions[name], "\(status) \(name)")
    }
    #expect(status.isFinal == transitions.isEmpty)
  }

  @Test func `causes last as long as they are true`() throws {
    var state = TaskState(status: .queued)
    func next(_ event: TaskEvent) throws {
      state = try #require(
        state.after(event, at: TaskStateTests.now, policy: TaskStateTests.policy))
    }
    try next(.started)
    #expect(state == TaskState(status: .processing, attempts: 1))
    try next(.failed(cause: "disk full", isRetryable: true))
    #expect(state.cause == "disk full")
    #expect(state.retryAt == TaskStateTests.now.microseconds + 10)
    try next(.retryCameDue)
    #expect(state == TaskState(status: .queued, attempts: 1))
    try next(.started)
    try next(.wasLost)
    // Twice as long, but no longer than the longest.
    #expect(state.retryAt == TaskStateTests.now.microseconds + 15)
    #expect(state.cause?.contains("ended") == true)
    try next(.retryCameDue)
    try next(.started)
    try next(.failed(cause: "still full", isRetryable: true))
    #expect(state == TaskState(status: .failed, attempts: 3, cause: "still full"))
  }

  @Test func `pauses grow to the longest`() {
    let policy = RetryPolicy(mostAttempts: 100, firstPause: 10, longestPause: 1_000)
    #expect(
      (1...8).map { policy.pause(afterAttempt: $0) } == [10, 20, 40, 80, 160, 320, 640, 1_000])
    #expect(policy.pause(afterAttempt: 99) == 1_000)
    #expect(policy.pause(afterAttempt: 100) == nil)
  }

  @Test(arguments: [(0.0, 100), (0.5, 75), (1.0, 50), (7.0, 50), (-1.0, 100)])
  func `jitter takes off at most half`(jitter: Double, pause: Int64) {
    let policy = RetryPolicy(firstPause: 100, longestPause: 1_000, jitter: jitter)
    #expect(policy.pause(afterAttempt: 1) == pause)
  }
}
