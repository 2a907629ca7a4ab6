import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// How the tasks of a job hang together, without anybody who works on them.
@Suite struct JobGraphTests {
  private static let now = Instant(microseconds: 1_000_000)
  private static let policy = RetryPolicy(mostAttempts: 2, firstPause: 50, longestPause: 50)

  /// Two tables; a and b read one each, c reads both by referring to them, d stands alone.
  private static func graph() -> JobGraph {
    let queued = TaskState(status: .queued)
    return JobGraph(
      JobRecord(
        id: 1, trigger: .manual, requested: 0,
        tasks: [
          TaskRecord(id: 1, kind: .load, name: "T", state: queued),
          TaskRecord(id: 2, kind: .load, name: "U", state: queued),
          TaskRecord(id: 3, kind: .segment, name: "a", dependsOn: [1]),
          TaskRecord(id: 4, kind: .segment, name: "b", dependsOn: [2]),
          TaskRecord(id: 5, kind: .segment, name: "c", dependsOn: [3, 4]),
          TaskRecord(id: 6, kind: .segment, name: "d"),
        ]))
  }

  private static func statuses(_ graph: JobGraph) -> [TaskStatus] {
    graph.job.tasks.map(\.state.status)
  }

  private static func tell(_ graph: inout JobGraph, _ events: [(Int, TaskEvent)]) {
    for (task, event) in events { graph.tell(task, event, at: now, policy: policy) }
    graph.settle(at: now, policy: policy)
  }

  @Test func `tasks wait for what they depend on`() {
    var graph = Self.graph()
    graph.settle(at: Self.now, policy: Self.policy)
    #expect(graph.ready.map(\.name) == ["T", "U", "d"])
    Self.tell(&graph, [(1, .started), (1, .succeeded), (2, .started)])
    #expect(graph.ready.map(\.name) == ["a", "d"])
    Self.tell(&graph, [(2, .succeeded)])
    for id in [3, 4, 6] { Self.tell(&graph, [(id, .started), (id, .succeeded)]) }
    #expect(graph.ready.map(\.name) == ["c"])
    #expect(!graph.isFinished && graph.job.finished == nil)
    Self.tell(&graph, [(5, .started), (5, .succeeded)])
    #expect(graph.isFinished && graph.job.finished == Self.now.microseconds)
  }

  @Test func `a failure skips exactly what depends on it, and says so`() {
    var graph = Self.graph()
    Self.tell(
      &graph,
      [
        (1, .started), (1, .failed(cause: "ragged rows", isRetryable: false)), (2, .started),
        (2, .succeeded),
      ])
    #expect(
      Self.statuses(graph) == [.failed, .successful, .skipped, .queued, .skipped, .queued])
    #expect(graph[3]?.state.cause == "It reads the table 'T', which was not loaded.")
    #expect(graph[5]?.state.cause == "It refers to 'a', which was skipped.")
    #expect(graph[3]?.finished == Self.now.microseconds)
  }

  @Test func `what is retrying keeps others waiting, not skipped`() {
    var graph = Self.graph()
    Self.tell(&graph, [(1, .started), (1, .failed(cause: "full", isRetryable: true))])
    #expect(graph[1]?.state.status == .failureRetrying && graph[3]?.state.status == .notStarted)
    #expect(graph.nextRetry == Instant(microseconds: Self.now.microseconds + 50))
    graph.settle(at: Instant(microseconds: Self.now.microseconds + 49), policy: Self.policy)
    #expect(graph[1]?.state.status == .failureRetrying)
    graph.settle(at: Instant(microseconds: Self.now.microseconds + 50), policy: Self.policy)
    #expect(graph[1]?.state.status == .queued && graph.nextRetry == nil)
    Self.tell(&graph, [(1, .started), (1, .failed(cause: "full", isRetryable: true))])
    #expect(graph[1]?.state == TaskState(status: .failed, attempts: 2, cause: "full"))
    #expect(graph[3]?.state.status == .skipped)
  }

  @Test func `a canceled job ends at once and keeps what is done`() {
    var graph = Self.graph()
    graph.settle(at: Self.now, policy: Self.policy)
    Self.tell(&graph, [(6, .started), (6, .succeeded), (1, .started)])
    graph.cancel(at: Self.now)
    #expect(
      Self.statuses(graph) == [
        .canceled, .canceled, .canceled, .canceled, .canceled, .successful,
      ])
    #expect(graph.isFinished && graph.job.finished != nil)
  }

  @Test func `what was being worked on when the process ended is tried again`() {
    var graph = Self.graph()
    graph.settle(at: Self.now, policy: Self.policy)
    Self.tell(&graph, [(1, .started), (6, .started), (6, .succeeded)])
    _ = graph.takeChanges()
    graph.recover(at: Self.now, policy: Self.policy)
    #expect(graph[1]?.state.status == .failureRetrying && graph[1]?.state.attempts == 1)
    #expect(graph.takeChanges().tasks == [1])
    #expect(graph.takeChanges().tasks == [])
  }

  /// Whatever happens in whatever order: a job comes to its end, nothing that depends on a loss succeeds, and
  /// nothing starts before what it depends on.
  @Test(arguments: 0..<200) func `any course of events keeps the order`(seed: Int) {
    var random = Seeded(state: UInt64(seed))
    var graph = Self.graph()
    var time = Self.now.microseconds
    var steps = 0
    while !graph.isFinished, steps < 1_000 {
      steps += 1
      time += 20
      let now = Instant(microseconds: time)
      graph.settle(at: now, policy: Self.policy)
      for task in graph.ready where random.next() % 2 == 0 {
        for dependency in task.dependsOn {
          #expect(graph[dependency]?.state.status == .successful)
        }
        graph.tell(task.id, .started, at: now, policy: Self.policy)
        let end: TaskEvent? =
          switch random.next() % 6 {
          case 0: .failed(cause: "", isRetryable: true)
          case 1: .failed(cause: "", isRetryable: false)
          case 2: .wasStopped
          case 3: nil
          default: .succeeded
          }
        if let end { graph.tell(task.id, end, at: now, policy: Self.policy) }
      }
      graph.recover(at: now, policy: Self.policy)
    }
    #expect(graph.isFinished, "after \(steps) steps")
    for task in graph.job.tasks where task.state.status == .successful {
      #expect(task.dependsOn.allSatisfy { graph[$0]?.state.status == .successful })
    }
  }
}

/// SplitMix64.
private struct Seeded {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
