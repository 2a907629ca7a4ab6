import SegmentCompiler
import SegmentStore

/// Submits jobs when the schedule says so, and makes planned changes when their time has come.
public struct Scheduler: Sendable {
  private let service: SegmentService
  private let runner: JobRunner
  private let sleep: @Sendable (Int64) async throws -> Void
  private let note: @Sendable (SchedulerNote) -> Void

  /// How late a refresh may begin without being called late, in microseconds.
  static let tolerance: Int64 = 60_000_000
  /// The longest time without a look at the clock: it may have been set, or the schedule changed.
  static let longestPause: Int64 = 15_000_000

  /// - Parameters:
  ///   - sleep: waits for so many microseconds.
  ///   - note: told what happens, for logs.
  public init(
    _ service: SegmentService, runner: JobRunner,
    sleep: @escaping @Sendable (Int64) async throws -> Void = {
      try await Task.sleep(for: .microseconds($0))
    },
    note: @escaping @Sendable (SchedulerNote) -> Void = { _ in }
  ) {
    self.service = service
    self.runner = runner
    self.sleep = sleep
    self.note = note
  }

  /// Works until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      do {
        try await look()
        try await sleep(pause())
      } catch is CancellationError {
        return
      } catch {
        note(.trouble(error))
        try? await sleep(Scheduler.longestPause)
      }
    }
  }

  /// Does what is due now.
  func look() async throws {
    try await submitDueJobs()
    if let unused = try service.cleanUpDaily() {
      if !unused.isEmpty { note(.deactivatedUnused(unused)) }
      if let warning = try service.activeSegments().warning { note(.nearLimit(warning)) }
    }
    // Of segments that have begun to keep one, and those that could not be written.
    try await service.writeOutputFiles()
  }

  private func submitDueJobs() async throws {
    let changed = try service.makePlannedChanges()
    if !changed.isEmpty { note(.changed(changed)) }
    // Whoever has made the change, and whatever became of the process since.
    if let job = try await runner.submitDue(trigger: .schedule, by: .schedule) {
      note(.submitted(job))
    }
    let due = try service.dueOccurrences()
    guard let last = due.last else { return }
    let lateness = service.now().microseconds - last.instant.microseconds
    let isLate = due.count > 1 || lateness > Scheduler.tolerance
    // Several that were missed are made up for once.
    let job = try await runner.submit(
      JobRequest(
        .scheduled(on: Set(due.map(\.date))), loading: true,
        trigger: isLate ? .late : .schedule), by: .schedule,
      also: { try $0.noteOccurrence(last) })
    note(.submitted(job))
  }

  private func pause() throws -> Int64 {
    let now = service.now().microseconds
    let next = try service.schedule().next(after: service.now())?.instant.microseconds
    return max(1_000, min(Scheduler.longestPause, (next ?? .max) - now))
  }
}

/// What a scheduler has done.
public enum SchedulerNote: Sendable {
  case changed([ChangedSegment])
  case submitted(JobRecord)
  /// The cleanup of the day has found segments that nobody uses.
  case deactivatedUnused([ChangedSegment])
  /// Told once a day.
  case nearLimit(String)
  /// It is tried again.
  case trouble(any Error)
}
