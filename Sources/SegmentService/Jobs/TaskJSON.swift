import SegmentCompiler
import SegmentStore

/// A task of a job, as programs read it.
public struct TaskJSON: Encodable, Sendable {
  var task: Int
  var kind: TaskKind
  var name: String
  var status: TaskStatus
  var attempts: Int
  /// Numbers of tasks.
  var dependsOn: [Int]
  var cause: String?
  var retryAt: String?
  var started: String?
  var finished: String?
  var run: Int64?

  public init(_ record: TaskRecord) {
    task = record.id
    kind = record.kind
    name = record.name
    status = record.state.status
    attempts = record.state.attempts
    dependsOn = record.dependsOn
    cause = record.state.cause
    retryAt = record.state.retryAt.map(text)
    started = record.started.map(text)
    finished = record.finished.map(text)
    run = record.run
  }
}

private func text(_ time: Int64) -> String { Instant(microseconds: time).description }
