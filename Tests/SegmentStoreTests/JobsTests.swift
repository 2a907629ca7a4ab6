import Synchronization
import Testing

@testable import SegmentStore

@Suite struct JobsTests {
  private let store: SegmentStore

  init() throws { store = try SegmentStore.inMemory(author: .tester) }

  private func tasks() -> [TaskRecord] {
    [
      TaskRecord(id: 1, kind: .load, name: "Order", state: TaskState(status: .queued)),
      TaskRecord(id: 2, kind: .segment, name: "vip", segmentID: 7, dependsOn: [1]),
    ]
  }

  @Test func `a job is read as it was stored`() throws {
    let job = try store.acting(as: .named("ann")).createJob(tasks(), trigger: .late, at: 5)
    #expect(try store.job(job.id) == job && store.job(99) == nil)
    #expect(try store.unfinishedJobs() == [job])

    var changed = job
    changed.asOf = 6
    changed.dataVersion = 3
    changed.tasks[0].state = TaskState(
      status: .failureRetrying, attempts: 1, retryAt: 70, cause: "disk full")
    changed.tasks[0].started = 8
    changed.tasks[1].state = TaskState(status: .skipped, cause: "because")
    changed.tasks[1].finished = 9
    // Only what is named is written.
    try store.save(changed, tasks: [1])
    var stored = changed
    stored.tasks[1] = job.tasks[1]
    #expect(try store.job(job.id) == stored)
    changed.finished = 10
    try store.save(changed, tasks: [2])
    #expect(try store.job(job.id) == changed)
    #expect(try store.unfinishedJobs().isEmpty)
  }

  @Test func `runs and the tasks that made them are published together or not at all`() throws {
    try store.save(name: "vip", definition: "{}", at: 0)
    var job = try store.createJob(tasks(), trigger: .manual, at: 5)
    job.tasks[1].state = TaskState(status: .successful, attempts: 1)
    job.tasks[1].finished = 9
    job.tasks[1].run = 1
    func run(_ segment: String) -> RunRecord {
      RunRecord(
        id: 1, segment: segment, segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0,
        finished: 0, outcome: .failed(cause: "it quotes Ada"))
    }
    #expect(throws: SegmentStoreError.unknownSegment("nobody")) {
      try store.save(job, tasks: [2], runs: [run("nobody")])
    }
    #expect(try store.job(job.id)?.tasks == tasks())
    try store.save(job, tasks: [2], runs: [run("vip")])
    #expect(try store.job(job.id) == job && store.run(1)?.cause == "it quotes Ada")
  }

  @Test func `jobs are listed from the last one back, filtered by what they are about`() throws {
    let ids = try (1...5).map { number in
      var job = try store.createJob(
        [TaskRecord(id: 1, kind: .segment, name: "s", segmentID: Int64(number % 2))],
        trigger: number == 1 ? .late : .manual, at: 0)
      let end: TaskStatus? = [2: .failed, 3: .canceled, 4: .skipped][number]
      if let end {
        job.tasks[0].state = TaskState(status: end)
        job.tasks[0].finished = 9
        job.finished = 9
      }
      if number == 5 { job.asOf = 1 }
      try store.save(job, tasks: [1])
      return job.id
    }
    func listed(_ filter: JobFilter, limit: Int = 9) throws -> [Int64] {
      try store.jobSummaries(filter, limit: limit).map(\.job.id)
    }
    #expect(try listed(JobFilter(), limit: 2) == [ids[4], ids[3]])
    #expect(try listed(JobFilter(before: ids[3])) == [ids[2], ids[1], ids[0]])
    #expect(try listed(JobFilter(segment: 0)) == [ids[3], ids[1]])
    #expect(try listed(JobFilter(triggers: [.late, .schedule])) == [ids[0]])
    #expect(
      try store.jobSummaries(limit: 9).map(\.state) == [
        .running, .successful, .canceled, .failed, .waiting,
      ])
    for (state, id) in zip([JobState.waiting, .failed, .canceled, .successful, .running], ids) {
      #expect(try listed(JobFilter(states: [state])) == [id])
    }
    #expect(try listed(JobFilter(states: [.failed, .canceled], triggers: [.manual])).count == 2)
  }

  @Test func `who watches is told of segments by transactions that are committed`() throws {
    let told = Mutex<[[String]]>([])
    store.observeSegments { notices in
      told.withLock {
        $0.append(notices.map { "\($0.name) \($0.revision) \($0.state) \($0.isInTrash)" })
      }
    }
    try store.save(name: "a", definition: "{}", at: 0)
    try store.edit(at: 1) { edits in
      let record = try #require(try edits.record("a"))
      _ = try edits.create("b", definition: "{}", state: .inactive)
      try edits.trash(record)
    }
    #expect(throws: CancellationError.self) {
      try store.edit(at: 2) { edits in
        _ = try edits.create("c", definition: "{}", state: .active)
        throw CancellationError()
      }
    }
    _ = try store.createJob(tasks(), trigger: .manual, at: 5)
    #expect(
      told.withLock { $0 } == [["a 1 active false"], ["a 2 active true", "b 1 inactive false"]])
  }

  @Test func `an erasure takes causes away that may quote rows`() throws {
    try store.save(name: "vip", definition: "{}", at: 0)
    var job = try store.createJob(tasks(), trigger: .manual, at: 5)
    job.tasks[0].state = TaskState(status: .failed, attempts: 1, cause: "'Ada' is no number")
    job.tasks[0].finished = 9
    job.tasks[1].state = TaskState(status: .failed, attempts: 1, cause: "it quotes Ada")
    job.tasks[1].finished = 9
    job.tasks[1].run = 1
    let run = RunRecord(
      id: 1, segment: "vip", segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0, finished: 0,
      outcome: .failed(cause: "it quotes Ada"))
    try store.save(job, tasks: [1, 2], runs: [run])
    // Of a run that retention has given up.
    var old = try store.createJob(tasks(), trigger: .manual, at: 4)
    old.tasks[1].state = TaskState(status: .failed, attempts: 1, cause: "Ada again")
    old.tasks[1].finished = 5
    old.tasks[1].run = 99
    try store.save(old, tasks: [2])
    try store.publish(
      ErasureChanges(
        audience: "Customer", profiles: 1, rows: 1, dataFile: "data-2.duckdb", partRows: [:],
        suppressed: .new(), members: [:], causes: [1: "it quotes …"], rewrite: { _ in nil }),
      over: store.publishedState(), at: 0)
    #expect(
      try store.job(job.id)?.tasks.map(\.state.cause) == [
        "The cause was removed by an erasure.", "it quotes …",
      ])
    #expect(
      try store.job(old.id)?.tasks[1].state.cause == "The cause was removed by an erasure.")
  }

  @Test func `finished jobs are given up by age, with their tasks`() throws {
    func job(finished: Int64?) throws -> Int64 {
      var job = try store.createJob(tasks(), trigger: .manual, at: 0)
      job.finished = finished
      try store.save(job, tasks: [])
      return job.id
    }
    let ids = try [job(finished: 5), job(finished: 20), job(finished: nil)]
    func rules(_ jobs: Kept) -> RetentionRules {
      RetentionRules(dataVersions: .all, members: .all, runs: .all, jobs: jobs)
    }
    #expect(try store.expire(by: rules(.all), lent: [], at: 30).isEmpty)
    #expect(try store.expire(by: rules(.since(20)), lent: [], at: 30).jobs == [ids[0]])
    #expect(try store.jobSummaries(limit: 9).map(\.job.id) == [ids[2], ids[1]])
    let another = try job(finished: 25)
    #expect(try store.expire(by: rules(.last(1)), lent: [], at: 30).jobs == [ids[1]])
    #expect(try store.jobSummaries(limit: 9).map(\.job.id) == [another, ids[2]])
  }

  @Test func `tasks are counted by status`() throws {
    var job = try store.acting(as: .named("ann")).createJob(tasks(), trigger: .manual, at: 5)
    _ = try store.createJob(tasks(), trigger: .late, at: 6)
    job.tasks[1].state = TaskState(status: .queued)
    try store.save(job, tasks: [2])
    let summaries = try store.jobSummaries(limit: 2)
    #expect(summaries.map(\.job.trigger) == [.late, .manual])
    #expect(summaries.map(\.counts) == [[.queued: 1, .notStarted: 1], [.queued: 2]])
    #expect(summaries[1].job.author == "ann" && summaries[1].job.tasks.isEmpty)
    #expect(try store.jobSummaries(limit: 1).map(\.job.trigger) == [.late])
  }

  @Test func `a setting is replaced`() throws {
    #expect(try store.setting("a") == nil)
    try store.noteSettings { try $0.set("a", to: "1") }
    #expect(throws: CancellationError.self) {
      try store.noteSettings {
        try $0.set("a", to: "2")
        throw CancellationError()
      }
    }
    #expect(try store.setting("a") == "1")
    _ = try store.createJob([], trigger: .schedule, at: 0) { try $0.set("a", to: "3") }
    #expect(try store.setting("a") == "3")
    #expect(throws: CancellationError.self) {
      _ = try store.createJob([], trigger: .schedule, at: 0) { _ in throw CancellationError() }
    }
    #expect(try store.jobSummaries(limit: 9).count == 1)
  }
}
