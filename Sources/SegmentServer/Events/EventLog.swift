import Foundation
import SegmentService
import SegmentStore
import Synchronization

/// What happened last, for whoever watches: a bounded number of events, each with a number of its own.
///
/// Watchers read from here at their own pace, so that a slow one costs nothing: what it has missed when the events are
/// gone is told to it.
public final class EventLog: Sendable {
  private struct State {
    /// The last ones; their numbers follow each other.
    var events: [Event] = []
    var last = 0
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextWatcher = 0
    var progress: [Int64: JobProgress] = [:]
    var isClosed = false
  }

  /// Tells the events of one process from those of another, whose numbers begin anew.
  private let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)
  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: how many events are held at least.
  public init(capacity: Int = 1_000) { self.capacity = capacity }

  // MARK: Writing

  /// Takes down what happens to jobs.
  public func note(_ note: JobNote) {
    switch note {
    case .submitted(let job): add(.job, EventBody.Job(job))
    case .changed(let job, let tasks):
      state.withLock { $0.progress[job] = nil }
      add(.tasks, EventBody.Tasks(job: job, tasks: tasks.map(TaskJSON.init)))
    case .progress(let job, let done, let total):
      report(job, JobProgress(done: done, total: total))
    case .loading(let job, let progress): report(job, JobProgress(progress))
    case .published(let job, let runs): add(.runs, EventBody.Runs(job: job, runs))
    case .finished(let job):
      state.withLock { $0.progress[job] = nil }
      add(.finished, EventBody.Finished(job: job))
    case .trouble(let job, let error):
      add(.trouble, EventBody.Trouble(job: job, cause: "\(error)"))
    }
  }

  /// Takes down segments that were made or changed.
  public func note(_ segments: [SegmentNotice]) {
    add(.segments, EventBody.Segments(segments))
  }

  /// Each twentieth of the way is an event; ``progress(of:)`` knows every step.
  private func report(_ job: Int64, _ progress: JobProgress) {
    let isNews = state.withLock { state in
      defer { state.progress[job] = progress }
      return state.progress[job]?.twentieths != progress.twentieths
    }
    if isNews { add(.progress, EventBody.Progress(job: job, progress: progress)) }
  }

  private func add(_ kind: Event.Kind, _ body: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Bodies hold texts, whole numbers and finite fractions: all of them can be encoded.
    guard let data = try? encoder.encode(body) else { return }
    let watchers = state.withLock { state in
      state.last += 1
      state.events.append(
        Event(number: state.last, kind: kind, json: String(decoding: data, as: UTF8.self)))
      if state.events.count >= 2 * capacity { state.events.removeFirst(capacity) }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield() }
  }

  /// Ends all that watch.
  func close() {
    let watchers = state.withLock { state in
      state.isClosed = true
      defer { state.watchers = [:] }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.finish() }
  }

  // MARK: Reading

  /// How far the tasks of a job are that are being worked on; nil where that is not known.
  func progress(of job: Int64) -> JobProgress? { state.withLock { $0.progress[job] } }

  /// The id of the event with a number, unique among all processes.
  func id(of number: Int) -> String { "\(name)-\(number)" }

  /// The number of an id; nil for one of another process.
  func number(of id: String) -> Int? {
    guard id.hasPrefix("\(name)-") else { return nil }
    return Int(id.dropFirst(name.count + 1))
  }

  /// The number of the last event.
  var last: Int { state.withLock { $0.last } }

  /// What came after an event.
  ///
  /// - Returns: nil where some of it is not held any more, or never happened.
  func events(after number: Int) -> [Event]? {
    state.withLock { state in
      let first = state.last - state.events.count
      guard first <= number, number <= state.last else { return nil }
      return Array(state.events.dropFirst(number - first))
    }
  }

  /// Wakes whoever watches: after each event, or several of them, until ``close()``.
  func watch() -> EventWatch {
    let (wakes, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let watcher = state.withLock { state -> Int? in
      guard !state.isClosed else { return nil }
      state.nextWatcher += 1
      state.watchers[state.nextWatcher] = continuation
      return state.nextWatcher
    }
    if let watcher {
      continuation.onTermination = { [self] _ in
        state.withLock { _ = $0.watchers.removeValue(forKey: watcher) }
      }
    } else {
      continuation.finish()
    }
    return EventWatch(wakes: wakes, continuation: continuation)
  }
}

/// Wakes one who watches.
struct EventWatch: Sendable {
  let wakes: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init(wakes: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation) {
    self.wakes = wakes
    self.continuation = continuation
  }

  func wake() { continuation.yield() }
  func end() { continuation.finish() }
}

/// Something that happened.
struct Event: Sendable, Equatable {
  enum Kind: String, Sendable, CaseIterable {
    /// Where one who begins to watch stands.
    case ready
    /// Some events are not held any more: read again what you show.
    case resync
    case job, tasks, progress, runs, finished, trouble, segments
  }

  /// 1, 2, 3 … within one process.
  var number: Int
  var kind: Kind
  /// On one line.
  var json: String
}
