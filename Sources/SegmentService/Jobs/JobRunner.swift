import SegmentCompiler
import SegmentStore

/// Works on jobs: one wave of ready tasks after the other, those of several jobs by turns.
///
/// Every step is stored together with what it has published, so that a job goes on where it stood when the process
/// ended, and nothing stays *processing*.
public actor JobRunner {
  public struct Settings: Sendable {
    public var retries: RetryPolicy
    /// Microseconds that one segment may take.
    public var timeLimit: Int64
    /// How many segments are evaluated together at most. Between two waves other jobs have their turn.
    public var wave: Int
    /// From 0 to 1, see ``RetryPolicy/jitter``.
    public var jitter: @Sendable () -> Double
    /// Waits for so many microseconds.
    public var sleep: @Sendable (Int64) async throws -> Void

    public init(
      retries: RetryPolicy = RetryPolicy(), timeLimit: Int64 = 3_600_000_000, wave: Int = 200,
      jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
      sleep: @escaping @Sendable (Int64) async throws -> Void = {
        try await Task.sleep(for: .microseconds($0))
      }
    ) {
      self.retries = retries
      self.timeLimit = timeLimit
      self.wave = wave
      self.jitter = jitter
      self.sleep = sleep
    }
  }

  private let service: SegmentService
  private let settings: Settings
  private let note: @Sendable (JobNote) -> Void
  nonisolated let turn = Turn()
  private let jobs: AsyncStream<Int64>
  private let incoming: AsyncStream<Int64>.Continuation
  private var signals: [Int64: JobSignal] = [:]
  /// Jobs that somebody works on: one that comes in twice is worked on once.
  private var taken: Set<Int64> = []
  private var isStopping = false
  /// Why nobody can work on anything any more.
  private var lost: DataFileLost?

  /// - Parameter note: told what happens, for logs and whoever watches.
  public init(
    _ service: SegmentService, settings: Settings = Settings(),
    note: @escaping @Sendable (JobNote) -> Void = { _ in }
  ) {
    self.service = service
    self.settings = settings
    self.note = note
    (jobs, incoming) = AsyncStream.makeStream()
  }

  /// Works on what is unfinished and on what comes in, until ``stop()``: then what is being worked on is queued
  /// again.
  ///
  /// - Throws: ``DataFileLost`` where the process has to be started again.
  public func run() async throws {
    for job in try service.store.unfinishedJobs() { incoming.yield(job.id) }
    await withDiscardingTaskGroup { group in
      for await job in jobs {
        // What came in before the stop is taken up at the next start.
        if isStopping { break }
        guard taken.insert(job).inserted else { continue }
        let signal = signal(for: job)
        group.addTask(executorPreference: WorkerExecutor.jobs, priority: .utility) {
          [service, settings, turn, note] in
          let work = JobWork(
            job: job, service: service, settings: settings, turn: turn, signal: signal, note: note)
          let lost = await work.run()
          await self.end(job, lost)
        }
      }
    }
    if let lost { throw lost }
  }

  /// Makes a job and takes it up.
  ///
  /// - Parameters:
  ///   - author: who wants it.
  ///   - also: done by the transaction that makes it.
  @discardableResult
  public func submit(
    _ request: JobRequest, by author: Author,
    also: @Sendable (StoreSettings) throws -> Void = { _ in }
  ) throws -> JobRecord {
    let job = try service.acting(as: author).makeJob(request, also: also)
    note(.submitted(job))
    incoming.yield(job.id)
    return job
  }

  /// Makes a job of the segments that are to be refreshed at once, and takes it up; nil where there is none.
  @discardableResult
  public func submitDue(trigger: JobTrigger = .manual, by author: Author) throws -> JobRecord? {
    let due = try service.dueSegments()
    guard !due.isEmpty else { return nil }
    let ids = due.map(\.id)
    return try submit(
      JobRequest(.named(due.map(\.name)), trigger: trigger), by: author,
      also: { try $0.removeDue(ids) })
  }

  /// Ends a job: what was published stays, what is being worked on is given up.
  ///
  /// - Parameter author: who wants it.
  /// - Returns: whether there was something to end.
  @discardableResult
  public func cancel(_ job: Int64, by author: Author) throws -> Bool {
    guard let record = try service.store.job(job), record.finished == nil else { return false }
    try service.store.acting(as: author).log(
      .jobCanceled, AuditObject("job \(job)", id: "\(job)"), at: service.now().microseconds)
    signal(for: job).send(.cancel)
    return true
  }

  public func stop() {
    isStopping = true
    incoming.finish()
    for signal in signals.values { signal.send(.stop) }
  }

  /// Stops where an error, of whatever asked the engine, says that nothing can be read in this process any more:
  /// then ``run()`` throws ``DataFileLost``.
  public func stop(after error: any Error) {
    guard error.retry == .afterRestart, lost == nil else { return }
    lost = DataFileLost(cause: "\(error)")
    stop()
  }

  private func signal(for job: Int64) -> JobSignal {
    if let signal = signals[job] { return signal }
    let signal = JobSignal()
    if isStopping { signal.send(.stop) }
    signals[job] = signal
    return signal
  }

  private func end(_ job: Int64, _ lost: DataFileLost?) {
    signals[job] = nil
    taken.remove(job)
    guard let lost else { return }
    self.lost = lost
    stop()
  }
}

/// What happens to a job.
public enum JobNote: Sendable {
  /// It is taken up as soon as there is room.
  case submitted(JobRecord)
  /// Tasks have another state: stored, so that whoever is told finds it.
  case changed(job: Int64, tasks: [TaskRecord])
  /// How many queries of those tasks that are evaluated together are done.
  case progress(job: Int64, done: Int, of: Int)
  case loading(job: Int64, LoadProgress)
  case published(job: Int64, [RunRecord])
  case finished(job: Int64)
  /// Something besides its tasks failed; it is tried again.
  case trouble(job: Int64, any Error)
}
