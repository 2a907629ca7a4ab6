import Foundation
import GRDB
import SegmentCompiler
import SegmentEngines
import Synchronization
import Testing

@testable import SegmentService
@testable import SegmentStore

/// What goes wrong around the tasks of a job: nobody is told an untruth, and nothing else suffers.
@Suite(.timeLimit(.minutes(30))) struct JobTroubleTests {
  private func statuses(_ job: JobRecord) -> [String: TaskStatus] {
    Dictionary(uniqueKeysWithValues: job.tasks.map { ($0.name, $0.state.status) })
  }

  private func sql(_ text: String, in shop: Shop) throws {
    try shop.service.store.database.write { try $0.execute(sql: text) }
  }

  // MARK: Causes

  @Test func `tables that failed have failed, whatever becomes of tidying up`() async throws {
    let shop = try await Shop(yaml: Shop.yaml + "\nretention: {dataVersions: 1}\n")
    try sql(
      "CREATE TRIGGER no BEFORE DELETE ON dataVersion BEGIN SELECT RAISE(ABORT, 'no'); END",
      in: shop)
    try shop.replace("Customer.csv", Shop.customers + "6,Oslo,1,2024-01-01\n")
    try shop.replace("Order.csv", Shop.orders + "5,x,tea,2024-01-10,1\n")
    let notes = Notes()
    let job = try await shop.finish(
      shop.service.makeJob(JobRequest(.all, loading: true)), notes: notes)
    #expect(statuses(job) == ["Customer": .successful, "Order": .failed])
    #expect(notes.troubles.first?.contains("Removing what 'retention'") == true)
  }

  @Test func `a table that the workspace no longer has was not loaded`() {
    let report = LoadReport(dataVersion: 1, isNew: false, tables: [], seconds: 0)
    let event = TaskEvent.failed(
      cause: "The workspace file does not have the table any more.", isRetryable: false)
    #expect(LoadEvents(report)["Order"] == event)
  }

  @Test func `tasks that cannot begin say why`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.fans)
    let job = try shop.service.makeJob(JobRequest(.all))
    // As if the workspace file described other tables than those that were loaded.
    try sql("UPDATE part SET definition = 'other'", in: shop)
    let ended = try await shop.finish(job)
    #expect(ended.tasks.map(\.state.status) == [.failed, .skipped])
    #expect(ended.tasks[0].state.attempts == 1)
    #expect(
      ended.tasks[0].state.cause
        == WorkspaceError.changedSinceLoad(["Customer", "Order"]).description)
  }

  @Test func `tasks whose members cannot be written say why, and are tried again`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let folder = shop.service.folder.members
    try FileManager.default.removeItem(at: folder)
    try Data().write(to: folder)
    let job = try await shop.finish(try shop.service.makeJob(JobRequest(.all)))
    #expect(job.tasks[0].state.status == .failed && job.tasks[0].state.attempts == 3)
    #expect(job.tasks[0].state.cause?.contains(folder.lastPathComponent) == true)
  }

  @Test func `a definition that cannot be read fails alone`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    _ = try shop.service.store.save(name: "broken", definition: "{", at: 0)
    let job = try await shop.finish(
      try shop.service.makeJob(JobRequest(.scheduled(on: [CivilDate(days: 0)]), loading: true)))
    #expect(
      statuses(job) == [
        "Customer": .successful, "Order": .successful, "broken": .failed, "coffee": .successful,
        "oslo": .successful,
      ])
    #expect(job.tasks.first { $0.name == "coffee" }?.dependsOn == [1, 2])
    #expect(job.tasks.first { $0.name == "broken" }?.state.cause?.isEmpty == false)
  }

  // MARK: Time

  @Test func `an older job leaves newer members alone, and what depends on them goes on`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo, Shop.fans, Shop.newcomers)
    var job = try shop.service.makeJob(JobRequest(.all))
    job.asOf = Shop.asOf.microseconds - 3_600_000_000
    try shop.service.store.save(job, tasks: [])
    let newer = try await shop.refresh(["oslo", "newcomers"])
    try shop.save(Shop.newcomers.replacing("30 days", with: "20 days"))
    let ended = try await shop.finish(job)
    #expect(ended.tasks.allSatisfy { $0.state.status == .successful })
    let runs = Dictionary(uniqueKeysWithValues: ended.tasks.map { ($0.name, $0.run) })
    #expect(runs["oslo"] == newer["oslo"]?.id)
    #expect(try shop.service.store.lastPublished(of: "oslo")?.id == newer["oslo"]?.id)
    #expect(try await shop.keys("fans") == ["1", "2"])
    // A later definition has not been refreshed by anybody.
    #expect(try shop.service.store.lastPublished(of: "newcomers")?.segmentVersion == 2)
  }

  @Test func `a data version is pinned as long as the workspace file describes it`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try await shop.load("Customer.csv", Shop.customers + "6,Oslo,1,2024-01-01\n")
    func version() async throws -> Int64 {
      try await shop.service.reading(preferring: 1) { $0.version.id }
    }
    #expect(try await version() == 1)
    try sql(
      """
      UPDATE part SET definition = 'other' WHERE id IN (
        SELECT partId FROM dataVersionPart WHERE dataVersionId = 1
        EXCEPT SELECT partId FROM dataVersionPart WHERE dataVersionId = 2)
      """, in: shop)
    #expect(try await version() == 2)
  }

  // MARK: Orders

  /// A shop whose evaluations wait until the signal is sent.
  private func held(by gate: JobSignal, begun: JobSignal) async throws -> Shop {
    try await Shop(
      engine: { database in
        FailingEngine(engine: DuckDBEngine(database: database)) {
          begun.send(.stop)
          await gate.wait()
          try Task.checkCancellation()
        }
      }, segments: Shop.oslo)
  }

  @Test func `a job that waits for its turn is canceled at once`() async throws {
    let (gate, begun) = (JobSignal(), JobSignal())
    let shop = try await held(by: gate, begun: begun)
    let notes = Notes()
    try await shop.running(notes: notes) { runner in
      let first = try await runner.submit(JobRequest(.all), by: .tester)
      await begun.wait()
      let second = try await runner.submit(JobRequest(.all), by: .tester)
      while runner.turn.waiting == 0 { await Task.yield() }
      #expect(try await runner.cancel(second.id, by: .tester))
      #expect(try await shop.done(second.id, notes).tasks.map(\.state.status) == [.canceled])
      #expect(runner.turn.waiting == 0)
      gate.send(.stop)
      #expect(try await shop.done(first.id, notes).tasks.map(\.state.status) == [.successful])
    }
  }

  @Test func `what came in before a stop is left for the next start`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let runner = JobRunner(shop.service)
    let job = try await runner.submit(JobRequest(.all), by: .tester)
    await runner.stop()
    try await runner.run()
    #expect(try shop.service.store.job(job.id) == job)
  }

  @Test func `a store that fails is tried again after growing pauses, also when canceled`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    let job = try shop.service.makeJob(JobRequest(.all))
    try sql(
      "CREATE TRIGGER no BEFORE UPDATE ON job BEGIN SELECT RAISE(ABORT, 'no'); END", in: shop)
    let pauses = Guarded<[Int64]>([])
    var settings = Shop.settings()
    settings.retries = RetryPolicy(mostAttempts: 2, firstPause: 1_000, longestPause: 6_000)
    settings.sleep = { microseconds in
      let number = pauses.withLock { pauses in
        pauses.append(microseconds)
        return pauses.count
      }
      if number == 5 {
        try shop.service.store.database.write { try $0.execute(sql: "DROP TRIGGER no") }
      }
    }
    let notes = Notes()
    let ended = try await shop.running(settings: settings, notes: notes) { runner in
      try await runner.cancel(job.id, by: .tester)
      return try await shop.done(job.id, notes)
    }
    #expect(pauses.withLock { $0 } == [1_000, 2_000, 4_000, 6_000, 6_000])
    #expect(ended.tasks.map(\.state.status) == [.canceled])
  }

  @Test func `a data file that is lost ends the runner, and the next one goes on`() async throws {
    let fails = Guarded(true)
    let shop = try await Shop(
      engine: { database in
        FailingEngine(engine: DuckDBEngine(database: database)) {
          if fails.withLock({ $0 }) {
            throw DuckDBError(message: "database has been invalidated", category: .fatal)
          }
        }
      }, segments: Shop.oslo)
    let job = try shop.service.makeJob(JobRequest(.all))
    let other = try shop.service.makeJob(JobRequest(.all))
    let runner = JobRunner(shop.service, settings: Shop.settings())
    await #expect(throws: DataFileLost.self) { try await runner.run() }
    let states = try [job, other].map { try shop.service.store.job($0.id)?.tasks[0].state }
    // The try counts, so that what loses the file each time comes to an end.
    #expect(states.map { $0?.status } == [.queued, .queued])
    #expect(states.contains { $0?.attempts == 1 })
    fails.withLock { $0 = false }
    for job in [job, other] {
      let ended = try await shop.finish(job)
      #expect(ended.tasks.map(\.state.status) == [.successful])
    }
  }

  @Test func `a data file that is lost by whoever asks ends the runner, too`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let runner = JobRunner(shop.service, settings: Shop.settings())
    await runner.stop(after: DuckDBError(message: "no room", category: .outOfMemory))
    await runner.stop(after: DuckDBError(message: "has been invalidated", category: .fatal))
    await #expect(throws: DataFileLost.self) { try await runner.run() }
  }
}
