import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Synchronization
import Testing

@testable import SegmentService

/// Jobs that are worked on: against a real store, real files and DuckDB.
@Suite(.timeLimit(.minutes(30))) struct JobRunnerTests {
  private func statuses(_ job: JobRecord) -> [String: TaskStatus] {
    Dictionary(uniqueKeysWithValues: job.tasks.map { ("\($0.kind) \($0.name)", $0.state.status) })
  }

  @Test func `a job loads, and refreshes what is referred to first`() async throws {
    let shop = try await Shop(segments: Shop.fans, Shop.oslo)
    try shop.replace("Customer.csv", Shop.customers + "6,Oslo,1,2024-01-01\n")
    let notes = Notes()
    let job = try await shop.running(notes: notes) { runner in
      let job = try await runner.submit(JobRequest(.all, loading: true), by: .named("ann"))
      return try await shop.done(job.id, notes)
    }
    #expect(job.author == "ann" && job.trigger == .manual && job.asOf == Shop.asOf.microseconds)
    #expect(job.tasks.map(\.name) == ["Customer", "Order", "oslo", "fans"])
    #expect(job.tasks.map(\.dependsOn) == [[], [], [1], [1, 3]])
    #expect(job.tasks.allSatisfy { $0.state.status == .successful && $0.state.attempts == 1 })
    #expect(job.finished != nil && job.dataVersion == 2)
    for task in job.tasks.suffix(2) {
      #expect(try shop.service.store.lastPublished(of: task.name)?.id == task.run)
      #expect(try await shop.keys(task.name) == ["1", "2", "6"])
    }
    #expect(try shop.service.store.unfinishedJobs().isEmpty)
  }

  @Test func `what depends on a table that fails is skipped, the rest is refreshed`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    try shop.replace("Order.csv", Shop.orders + "5,x,tea,2024-01-10,1\n")
    let notes = Notes()
    let job = try await shop.running(notes: notes) { runner in
      try await shop.done(runner.submit(JobRequest(.all, loading: true), by: .tester).id, notes)
    }
    #expect(
      statuses(job) == [
        "load Customer": .successful, "load Order": .failed, "segment oslo": .successful,
        "segment coffee": .skipped,
      ])
    let coffee = try #require(job.tasks.first { $0.name == "coffee" })
    #expect(coffee.state.cause == "It reads the table 'Order', which was not loaded.")
    #expect(job.tasks[1].state.cause?.contains("CustomerId") == true)
  }

  @Test func `inactive segments, and what refers to them, are skipped; static ones are left alone`()
    async throws
  {
    let shop = try await Shop(segments: Shop.fans, Shop.oslo, Shop.coffee, Shop.newcomers)
    try shop.service.change("oslo", [.deactivate])
    try shop.service.change("coffee", [.type(.static)])
    let notes = Notes()
    let (job, all) = try await shop.running(notes: notes) { runner in
      let job = try await runner.submit(
        JobRequest(.scheduled(on: [CivilDate(days: 0)]), trigger: .schedule), by: .schedule)
      let all = try await runner.submit(JobRequest(.all), by: .tester)
      return (try await shop.done(job.id, notes), try await shop.done(all.id, notes))
    }
    #expect(
      statuses(job) == [
        "segment fans": .skipped, "segment oslo": .skipped, "segment newcomers": .successful,
      ])
    #expect(job.tasks.first { $0.name == "oslo" }?.state.cause == "It is inactive.")
    #expect(
      job.tasks.first { $0.name == "fans" }?.state.cause
        == "It refers to 'oslo', which was skipped.")
    #expect(statuses(all)["segment coffee"] == .successful)
    #expect(throws: LifecycleError.inactive(["oslo"])) {
      try shop.service.makeJob(JobRequest(.named(["oslo"])))
    }
  }

  // MARK: Failures

  /// Fails the first evaluations.
  private func failing(_ times: Int, _ error: any Error) async throws -> (Shop, Guarded<Int>) {
    let left = Guarded(times)
    let shop = try await Shop(
      engine: { database in
        FailingEngine(engine: DuckDBEngine(database: database)) {
          let fails = left.withLock { left in
            defer { left -= 1 }
            return left > 0
          }
          if fails { throw error }
        }
      }, segments: Shop.oslo, Shop.fans)
    return (shop, left)
  }

  @Test func `what may succeed later is tried again, and others wait for it`() async throws {
    let (shop, _) = try await failing(
      2, DuckDBError(message: "Out of memory", category: .outOfMemory))
    let notes = Notes()
    let job = try await shop.running(notes: notes) { runner in
      try await shop.done(runner.submit(JobRequest(.all), by: .tester).id, notes)
    }
    #expect(job.tasks.map(\.state.status) == [.successful, .successful])
    #expect(job.tasks.map(\.state.attempts) == [3, 1])
    // Tries that came to nothing are no runs.
    #expect(try shop.service.store.runs(of: "oslo").map(\.status) == [.succeeded])
  }

  @Test func `what fails for good is a failed run, and skips what depends on it`() async throws {
    for (error, attempts) in [
      (DuckDBError(message: "Out of memory", category: .outOfMemory), 3),
      (DuckDBError(message: "Bad luck", category: .sql), 1),
    ] {
      let (shop, _) = try await failing(100, error)
      let notes = Notes()
      let job = try await shop.running(notes: notes) { runner in
        try await shop.done(runner.submit(JobRequest(.all), by: .tester).id, notes)
      }
      #expect(job.tasks.map(\.state.status) == [.failed, .skipped])
      #expect(job.tasks[0].state.attempts == attempts && job.tasks[0].state.cause == error.message)
      let run = try #require(try shop.service.store.runs(of: "oslo").first)
      #expect(run.id == job.tasks[0].run && run.cause == error.message)
    }
  }

  @Test func `a segment that takes too long fails alone`() async throws {
    // A time limit passes once the slow segment is being waited for, and never for another.
    let slow = Guarded(true)
    let waiting = Guarded(JobSignal())
    let shop = try await Shop(
      engine: { database in
        FailingEngine(
          engine: DuckDBEngine(database: database),
          beforeLeaf: { leaf in
            guard case .has = leaf, slow.withLock({ $0 }) else { return }
            waiting.withLock { $0 }.send(.stop)
            defer { waiting.withLock { $0 = JobSignal() } }
            try await Task.sleep(for: .seconds(3_600))
          }
        ) {}
      }, segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    var settings = Shop.settings()
    settings.sleep = { _ in
      await waiting.withLock { $0 }.wait()
      try Task.checkCancellation()
    }
    let notes = Notes()
    let job = try await shop.running(settings: settings, notes: notes) { runner in
      try await shop.done(runner.submit(JobRequest(.all), by: .tester).id, notes)
    }
    #expect(
      statuses(job) == [
        "segment coffee": .failed, "segment newcomers": .successful, "segment oslo": .successful,
      ])
    let coffee = try #require(job.tasks.first { $0.name == "coffee" })
    #expect(coffee.state.cause?.contains("longer than 3600 seconds") == true)
    #expect(try shop.service.store.run(try #require(coffee.run))?.cause == coffee.state.cause)
    slow.withLock { $0 = false }
    #expect(try await shop.result("coffee").count == 2)
  }

  // MARK: Giving up

  @Test func `a canceled job leaves the last good members`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.fans)
    try await shop.refresh()
    try shop.replace("Customer.csv", "Id,City,Points,Joined\n7,Oslo,1,2024-01-01\n")
    _ = try await shop.service.load()
    let notes = Notes()
    let job = try await shop.running(notes: notes) { runner in
      let begun = AsyncStream<Void>.makeStream()
      log.interruption.withLock {
        $0 = {
          begun.continuation.yield()
          try await Task.sleep(for: .seconds(3_600))
        }
      }
      let job = try await runner.submit(JobRequest(.all), by: .tester)
      for await _ in begun.stream { break }
      #expect(try await runner.cancel(job.id, by: .tester))
      let ended = try await shop.done(job.id, notes)
      #expect(try await !runner.cancel(job.id, by: .tester), "it has ended")
      return ended
    }
    #expect(job.tasks.map(\.state.status) == [.canceled, .canceled])
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try shop.service.store.runs(of: "oslo").count == 1)
  }

  @Test func `a job goes on where it stood when the process ended`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.fans)
    let id = try await shop.running { runner in
      let begun = AsyncStream<Void>.makeStream()
      log.interruption.withLock {
        $0 = {
          begun.continuation.yield()
          try await Task.sleep(for: .seconds(3_600))
        }
      }
      let job = try await runner.submit(JobRequest(.all), by: .tester)
      for await _ in begun.stream { break }
      return job.id
    }
    // Stopped in time, it is queued again, and the try does not count.
    let stopped = try #require(try shop.service.store.job(id))
    #expect(stopped.finished == nil)
    #expect(stopped.tasks[0].state == TaskState(status: .queued, attempts: 0))

    // Killed, it is found as it was being worked on.
    var killed = stopped
    killed.tasks[0].state = TaskState(status: .processing, attempts: 1)
    try shop.service.store.save(killed, tasks: [1])
    let notes = Notes()
    let job = try await shop.running(notes: notes) { _ in
      try await shop.done(id, notes)
    }
    #expect(job.tasks.map(\.state.status) == [.successful, .successful])
    #expect(job.tasks[0].state.attempts == 2)
  }

  @Test func `segments that are deleted or renamed meanwhile are no trouble`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    let job = try shop.service.makeJob(JobRequest(.all))
    try shop.service.change("oslo", [.rename("capital")])
    try shop.service.delete("coffee")
    try shop.service.change("newcomers", [.deactivate])
    let notes = Notes()
    let ended = try await shop.running(notes: notes) { _ in
      try await shop.done(job.id, notes)
    }
    #expect(
      statuses(ended) == [
        "segment oslo": .successful, "segment coffee": .skipped, "segment newcomers": .skipped,
      ])
    #expect(try await shop.keys("capital") == ["1", "2"])
  }

  @Test func `jobs take turns`() async throws {
    // A wave begins once the other job waits for its turn; the sixth has nobody behind it.
    let turn = Guarded<Turn?>(nil)
    let waves = Guarded(0)
    let shop = try await Shop(
      engine: { database in
        FailingEngine(engine: DuckDBEngine(database: database)) {
          let wave = waves.withLock { waves in
            waves += 1
            return waves
          }
          while wave < 6, turn.withLock({ $0?.waiting }) == 0 { await Task.yield() }
        }
      }, segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    var settings = Shop.settings()
    settings.wave = 1
    let notes = Notes()
    try await shop.running(settings: settings, notes: notes) { runner in
      turn.withLock { $0 = runner.turn }
      let ids = try await [
        runner.submit(JobRequest(.all), by: .tester).id,
        runner.submit(JobRequest(.all), by: .tester).id,
      ]
      for id in ids { _ = try await shop.done(id, notes) }
    }
    #expect(notes.published == [1, 2, 1, 2, 1, 2])
  }
}
