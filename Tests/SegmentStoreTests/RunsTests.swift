import Testing

@testable import SegmentStore

@Suite struct RunsTests {
  let file: DatabaseFile
  let store: SegmentStore

  init() throws {
    file = try DatabaseFile()
    store = try file.open()
    try store.save(name: "vip", definition: "{}", at: 0)
    try store.save(name: "lapsed", definition: "{}", at: 0)
  }

  @Test func `a run comes back as it was published`() throws {
    let vip = try #require(try store.segmentRecord("vip")).id
    let lapsed = try #require(try store.segmentRecord("lapsed")).id
    let run = RunRecord(
      id: 7, segment: "vip", segmentID: vip, segmentVersion: 1, asOf: 1_700_000_000_000_000,
      dataVersion: 3,
      started: 10, finished: 20, references: [RunReference(segment: "x/\"y", run: 2)],
      outcome: .succeeded(
        RunResult(
          members: MembersFile(name: "7.roaring", sha256: "ab"), count: 5, entered: 2, exited: 1,
          rules: [RuleCount(rule: 9, cumulative: 9), RuleCount(rule: 6, cumulative: 5)],
          previousRun: 4)))
    let failed = RunRecord(
      id: 8, segment: "lapsed", segmentID: lapsed, segmentVersion: 1, asOf: 1, dataVersion: 3,
      started: 11,
      finished: 12, outcome: .failed(cause: "out of disk"))
    try store.publish([run, failed])

    let reopened = try file.open()
    #expect(try reopened.run(7) == run)
    #expect(try reopened.run(8) == failed)
    #expect(try reopened.run(9) == nil)
  }

  @Test func `ids are given once, also across reopening`() throws {
    #expect(try store.reserveRuns(3) == 1..<4)
    #expect(try store.reserveRuns(0) == 4..<4)
    #expect(try file.open().reserveRuns(2) == 4..<6)
  }

  @Test func `the last published run is the last that succeeded`() throws {
    #expect(try store.lastPublished(of: "vip") == nil)
    try store.publish([run(1, "vip", count: 10)])
    try store.publish([run(2, "vip", count: 20), run(3, "lapsed", count: 1)])
    try store.publish([
      run(4, "vip", .failed(cause: "no space left")),
      run(5, "lapsed", .skipped(cause: "vip failed")),
    ])

    #expect(try store.lastPublished(of: "vip")?.id == 2)
    #expect(try store.allLastPublished().map(\.id) == [3, 2])
    #expect(try store.runs(of: "vip").map(\.id) == [4, 2, 1])
    #expect(try store.runs(of: "vip", limit: 2).map(\.id) == [4, 2])
    #expect(try store.runs(of: "nobody") == [])
    #expect(try store.memberFilesInUse() == ["1.roaring", "2.roaring", "3.roaring"])
  }

  @Test func `publication orders runs, not the reservation of their ids`() throws {
    try store.publish([run(2, "vip", count: 20)])
    try store.publish([run(1, "vip", count: 10)])
    #expect(try store.lastPublished(of: "vip")?.id == 1)
    #expect(try store.allLastPublished().map(\.id) == [1])
  }

  @Test func `a refresh is published whole or not at all`() throws {
    #expect(throws: SegmentStoreError.unknownSegment("nobody")) {
      try store.publish([run(1, "vip", count: 10), run(2, "nobody", count: 1)])
    }
    #expect(throws: SegmentStoreError.unknownVersion(segment: "lapsed", number: 2)) {
      var unknown = run(2, "lapsed", count: 1)
      unknown.segmentVersion = 2
      try store.publish([run(1, "vip", count: 10), unknown])
    }
    #expect(throws: (any Error).self) {
      try store.publish([run(1, "vip", count: 10), run(1, "lapsed", count: 1)])
    }
    #expect(try store.allLastPublished() == [])
  }

  @Test func `names that are only canonically equal have runs of their own`() throws {
    let names = ["caf\u{E9}", "cafe\u{301}"]
    for (index, name) in names.enumerated() {
      try store.save(name: name, definition: "{}", at: 0)
      try store.publish([run(Int64(index), name, count: index)])
    }
    #expect(try names.map { try store.lastPublished(of: $0)?.id } == [0, 1])
  }

  @Test func `a deleted segment takes its runs along`() throws {
    try store.publish([run(1, "vip", count: 10), run(2, "lapsed", count: 1)])
    try store.delete("vip")
    #expect(try store.run(1) == nil)
    #expect(try store.memberFilesInUse() == ["2.roaring"])

    try store.save(name: "vip", definition: "{}", at: 0)
    #expect(try store.lastPublished(of: "vip") == nil)
  }

  @Test func `readers see whole refreshes while they are published`() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let store = store
      group.addTask {
        for id in Int64(1)...100 {
          try store.publish([
            run(2 * id, "vip", count: Int(id)), run(2 * id + 1, "lapsed", count: Int(id)),
          ])
        }
      }
      for _ in 0..<3 {
        group.addTask {
          for _ in 0..<200 {
            let counts = try store.allLastPublished().map { $0.result?.count }
            #expect(Set(counts).count <= 1)
            #expect(counts.count != 1)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try store.runs(of: "vip").count == 100)
  }
}

private func run(_ id: Int64, _ segment: String, count: Int) -> RunRecord {
  run(
    id, segment,
    .succeeded(
      RunResult(
        members: MembersFile(name: "\(id).roaring", sha256: "00"), count: count, entered: count,
        exited: 0)))
}

private func run(_ id: Int64, _ segment: String, _ outcome: RunRecord.Outcome) -> RunRecord {
  RunRecord(
    id: id, segment: segment, segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0, finished: 1,
    outcome: outcome)
}
