import SegmentCompiler
import Testing

@testable import SegmentStore

@Suite struct RetentionTests {
  let store: SegmentStore

  init() throws {
    store = try .inMemory(author: .tester)
    for name in ["vip", "lapsed"] { try store.save(name: name, definition: "{}", at: 0) }
  }

  private func rules(_ dataVersions: Kept = .all, members: Kept = .all, runs: Kept = .all)
    -> RetentionRules
  {
    RetentionRules(dataVersions: dataVersions, members: members, runs: runs)
  }

  @discardableResult
  private func run(
    _ id: Int64, _ segment: String, data: Int64 = 1, at time: Int64 = 0,
    references: [RunReference] = [], previous: Int64? = nil, fails: Bool = false
  ) throws -> RunRecord {
    let result = RunResult(
      members: MembersFile(name: "\(id).members", sha256: "00"), count: 1, entered: 0, exited: 0,
      previousRun: previous)
    let run = RunRecord(
      id: id, segment: segment, segmentVersion: 1, asOf: 0, dataVersion: data, started: time,
      finished: time, references: references,
      outcome: fails ? .failed(cause: "no space left") : .succeeded(result))
    try store.publish([run])
    return run
  }

  private func part(_ id: Int64, _ table: String) -> PartRecord {
    PartRecord(
      part: Part(id: id, table: table, rows: 1, routes: []), definition: "", fingerprint: "",
      files: [], attributes: [])
  }

  private func load(_ parts: [PartRecord], at time: Int64 = 0) throws {
    try store.publish(parts: parts, types: [:], at: time)
  }

  private func expire(_ rules: RetentionRules, lent: Set<Int64> = []) throws -> Expired {
    let expired = try store.expired(by: rules, lent: lent)
    #expect(try store.expire(by: rules, lent: lent, at: 99) == expired)
    #expect(try store.expired(by: rules, lent: lent).isEmpty)
    return expired
  }

  @Test func `parts go with the last data version that has them`() throws {
    try load([part(1, "A"), part(2, "B")])
    try load([part(1, "A"), part(3, "B")])
    try load([part(4, "A"), part(3, "B")])
    #expect(try expire(rules()).isEmpty)
    let expired = try expire(rules(.last(2)))
    #expect(expired.dataVersions == [1])
    #expect(expired.parts.map(\.storedName) == ["B@2"])
    #expect(try expire(rules(.last(1))).parts.map(\.storedName) == ["A@1"])
    #expect(try store.liveParts().map(\.storedName) == ["B@3", "A@4"])
    #expect(try store.dataVersion(id: 1) == nil)
    #expect(try store.currentDataVersion()?.id == 3)
  }

  @Test func `data versions that are lent, young or in force stay`() throws {
    for id in 1...6 { try load([part(Int64(id), "A")], at: Int64(id) * 10) }
    try run(1, "vip", data: 2)
    try run(2, "vip", data: 3, previous: 1)
    try run(3, "vip", data: 1, fails: true)
    #expect(try expire(rules(.since(50)), lent: [1]).dataVersions == [4])
    #expect(
      try store.dataVersionsKeptBySegments(beyond: .since(50)) == [2: ["vip"], 3: ["vip"]])
    #expect(try expire(rules(.last(1))).dataVersions == [1, 5])
    try run(4, "vip", data: 6, previous: 2)
    #expect(try expire(rules(.last(1))).dataVersions == [2])
    try store.delete("vip")
    #expect(try expire(rules(.last(1))).dataVersions == [3])
    #expect(try store.dataVersions() == [6])
  }

  @Test func `members stay for the last runs, those in force, and whoever refers to them`() throws {
    for id in 1...4 {
      try run(Int64(id), "vip", at: Int64(id), previous: id == 1 ? nil : Int64(id - 1))
    }
    try run(5, "lapsed", at: 5, references: [RunReference(segment: "vip", run: 2)])
    let expired = try expire(rules(members: .last(1)))
    // 4 is the last, 3 the one before, 2 is what lapsed has read.
    #expect(expired.members == ["1.members"])
    #expect(try store.run(1)?.result?.members.gone == 99)
    #expect(try store.run(1)?.result?.count == 1)
    #expect(try store.memberFilesInUse() == ["2.members", "3.members", "4.members", "5.members"])
    try run(6, "lapsed", at: 6, previous: 5)
    #expect(try expire(rules(members: .last(1))).members.isEmpty)
    try run(7, "lapsed", at: 7, previous: 6)
    #expect(try expire(rules(members: .since(7))).members == ["2.members", "5.members"])
  }

  @Test func `records go only where no members are kept, and the last one stays`() throws {
    for id in 1...5 {
      try run(Int64(id), "vip", at: Int64(id), previous: id == 1 ? nil : Int64(id - 1))
    }
    for id in 6...8 { try run(Int64(id), "vip", at: Int64(id), fails: true) }
    try run(9, "lapsed", at: 0, fails: true)
    let expired = try expire(rules(members: .last(1), runs: .last(2)))
    #expect(expired.members == ["1.members", "2.members", "3.members"])
    #expect(expired.runs == [1, 2, 3, 6])
    #expect(try store.runs(of: "vip").map(\.id) == [8, 7, 5, 4])
    #expect(try expire(rules(runs: .since(100))).runs == [7])
    #expect(try store.runs(of: "lapsed").map(\.id) == [9])
  }

  @Test func `a workspace file is kept as long as a run names it`() throws {
    var run = RunRecord(
      id: 1, segment: "vip", segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0, finished: 0,
      outcome: .failed(cause: ""), workspaceFile: sha256("workspace: A"))
    try store.publish([run], workspaceFile: "workspace: A")
    for id in 2...3 {
      run.id = Int64(id)
      run.workspaceFile = sha256("workspace: B")
      try store.publish([run], workspaceFile: "workspace: B")
    }
    #expect(try store.run(1)?.workspaceFile == sha256("workspace: A"))
    #expect(try store.workspaceFile(sha256: sha256("workspace: A")) == "workspace: A")
    #expect(try expire(rules(runs: .last(2))).runs == [1])
    #expect(try store.workspaceFile(sha256: sha256("workspace: A")) == nil)
    #expect(try store.workspaceFile(sha256: sha256("workspace: B")) == "workspace: B")
  }
}
