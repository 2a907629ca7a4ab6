import SegmentCompiler
import SegmentStore
import Synchronization
import Testing

@testable import SegmentService

extension Shop {
  /// Those who are in Oslo, by reference.
  static let fans = "{segment: fans, rules: [{match: {is: memberOf, value: oslo}}]}\n"

  /// Pauses last no time, time limits for ever.
  static func settings(attempts: Int = 3) -> JobRunner.Settings {
    JobRunner.Settings(
      retries: RetryPolicy(mostAttempts: attempts, firstPause: 0, longestPause: 0),
      jitter: { 0 },
      sleep: { microseconds in
        if microseconds > 60_000_000 { try await Task.sleep(for: .seconds(3_600)) }
      })
  }

  /// Runs `body` beside a runner that pauses for no time.
  @discardableResult
  func running<Result: Sendable>(
    settings: JobRunner.Settings = Shop.settings(), notes: Notes = Notes(),
    _ body: @escaping @Sendable (JobRunner) async throws -> Result
  ) async throws -> Result {
    let runner = JobRunner(service, settings: settings, note: { notes.add($0) })
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await runner.run() }
      let result = try await body(runner)
      await runner.stop()
      try await group.waitForAll()
      return result
    }
  }

  /// A job when it is finished.
  func done(_ job: Int64, _ notes: Notes) async throws -> JobRecord {
    await notes.finished(job)
    return try #require(try service.store.job(job))
  }

  /// Does a job from its beginning to its end.
  func finish(
    _ job: JobRecord, settings: JobRunner.Settings = Shop.settings(), notes: Notes = Notes()
  ) async throws -> JobRecord {
    // A runner before may have worked on it beside others.
    if let ended = try service.store.job(job.id), ended.finished != nil { return ended }
    return try await running(settings: settings, notes: notes) { _ in
      try await done(job.id, notes)
    }
  }
}

/// What a runner has told.
final class Notes: Sendable {
  private struct State {
    var finished: Set<Int64> = []
    var published: [Int64] = []
    var troubles: [String] = []
    var waiting: [(job: Int64, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  /// The jobs that have published, in order.
  var published: [Int64] { state.withLock { $0.published } }

  var troubles: [String] { state.withLock { $0.troubles } }

  func add(_ note: JobNote) {
    let waiting: [CheckedContinuation<Void, Never>] = state.withLock { state in
      switch note {
      case .published(let job, _): state.published.append(job)
      case .finished(let job):
        state.finished.insert(job)
        defer { state.waiting.removeAll { $0.job == job } }
        return state.waiting.filter { $0.job == job }.map(\.continuation)
      case .trouble(_, let error): state.troubles.append("\(error)")
      case .submitted, .changed, .progress, .loading: break
      }
      return []
    }
    for continuation in waiting { continuation.resume() }
  }

  func finished(_ job: Int64) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.finished.contains(job) { return true }
        state.waiting.append((job, continuation))
        return false
      }
      if isOver { continuation.resume() }
    }
  }
}
