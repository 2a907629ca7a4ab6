import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// What retention gives up, and what it never does.
@Suite struct RetentionTests {
  private static func yaml(_ retention: String) -> String {
    Shop.yaml + "\nretention: \(retention)"
  }

  private func tables(_ shop: Shop) async throws -> [String] {
    try await StoredTables(shop.service.database).parts().sorted()
  }

  private func live(_ shop: Shop) throws -> [String] {
    try shop.service.store.liveParts().map(\.storedName).sorted()
  }

  private func files(_ shop: Shop) throws -> [String] {
    try StoredFile.all(in: shop.service.folder.members).map(\.url.lastPathComponent)
  }

  /// Another state of the customers, each time.
  private func load(_ shop: Shop, _ number: Int) async throws {
    try await shop.load("Customer.csv", Shop.customers + "\(100 + number),Oslo,,\n")
  }

  // MARK: Data versions

  @Test func `a load gives up the data versions before the last ones, and their tables`()
    async throws
  {
    let shop = try await Shop(yaml: Self.yaml("{dataVersions: 2}"))
    for number in 1...3 { try await load(shop, number) }
    #expect(try shop.service.store.dataVersions() == [3, 4])
    #expect(try await tables(shop) == live(shop))
    // The orders depend on the customers' ordinals, so they have as many.
    #expect(try live(shop).count == 4)
  }

  @Test func `three data versions are kept unless the workspace file says otherwise`() async throws
  {
    let shop = try await Shop()
    for number in 1...4 { try await load(shop, number) }
    #expect(try shop.service.store.dataVersions() == [3, 4, 5])
    #expect(shop.service.definition.retention.members == .last(100))
    #expect(shop.service.definition.retention.runs == .all)
  }

  @Test func `what the last two runs of a segment have read stays, however old it is`() async throws
  {
    let shop = try await Shop(
      yaml: Self.yaml("{dataVersions: 1}"), segments: Shop.oslo, Shop.coffee)
    try await shop.refresh(["coffee"])
    try await load(shop, 1)
    try await shop.refresh(["coffee"])
    for number in 2...3 { try await load(shop, number) }
    #expect(try shop.service.store.dataVersions() == [1, 2, 4])
    #expect(try await shop.keys("coffee") == ["1", "2"])
    #expect(try await shop.keys("coffee", .exited) == [])

    let space = try await shop.service.storedSpace()
    #expect(space.held.map(\.dataVersion) == [1, 2])
    #expect(space.held.allSatisfy { $0.segments == ["coffee"] && $0.bytes > 0 })

    try await shop.refresh(["coffee"])
    #expect(try shop.service.store.dataVersions() == [2, 4])
    try await shop.refresh(["coffee"])
    #expect(try shop.service.store.dataVersions() == [4])
    #expect(try await tables(shop) == live(shop))
  }

  @Test func `ages go by when something was published`() async throws {
    let clock = Guarded(Shop.asOf)
    let shop = try await Shop(
      yaml: Self.yaml("{dataVersions: 2 days, members: 3 days, runs: 10 days}"),
      now: { clock.withLock { $0 } }, segments: Shop.oslo)
    for day in 1...20 {
      clock.withLock { $0 = Instant(microseconds: $0.microseconds + 86_400_000_000) }
      try await load(shop, day)
      try await shop.refresh()
    }
    #expect(try shop.service.store.dataVersions() == [19, 20, 21])
    let history = try shop.service.history(of: "oslo")
    #expect(history.map(\.id) == Array((10...20).reversed()))
    let rest = try shop.service.rest(of: history)
    #expect(history.filter { rest[$0.id] == .all }.map(\.id) == [20, 19, 18])
    #expect(history.filter { rest[$0.id] == .members }.map(\.id) == [17])
    #expect(try files(shop) == ["17.members", "18.members", "19.members", "20.members"])
  }

  // MARK: Members and records

  @Test func `runs give up their members, and their counts stay`() async throws {
    let shop = try await Shop(yaml: Self.yaml("{members: 3}"), segments: Shop.oslo)
    let first = try #require(try await shop.refresh()["oslo"])
    for _ in 2...5 { try await shop.refresh() }
    #expect(try files(shop) == ["3.members", "4.members", "5.members"])
    // Read of the record when the members were still there.
    #expect(throws: WorkspaceError.membersGone(run: 1)) { try shop.service.members(of: first) }
    let history = try shop.service.history(of: "oslo")
    #expect(history.map { $0.result?.count } == [2, 2, 2, 2, 2])
    #expect(history.filter { $0.result?.members.gone != nil }.map(\.id) == [2, 1])
    #expect(
      try shop.service.rest(of: history) == [5: .all, 4: .all, 3: .all, 2: .counts, 1: .counts])
    let gone = await #expect(throws: WorkspaceError.membersGone(run: 2)) {
      try await shop.keys("oslo", run: 2)
    }
    #expect(gone?.description.contains("'retention' in workspace.yaml") == true)
    await #expect(throws: WorkspaceError.membersGone(run: 2)) {
      try await shop.keys("oslo", .entered, run: 3)
    }
  }

  @Test func `the last two published runs keep their members under any rule`() async throws {
    let shop = try await Shop(
      yaml: Self.yaml("{dataVersions: 1, members: 1, runs: 1}"), segments: Shop.heavy)
    try await shop.refresh()
    try await shop.refresh()
    try await shop.load("Order.csv", Shop.orders + Shop.tooHeavy)
    for _ in 1...3 { #expect(try await shop.refresh()["heavy"]?.status == .failed) }
    #expect(try await shop.keys("heavy") == ["1", "2", "3"])
    #expect(try await shop.keys("heavy", .entered) == [])
    // Of the three that failed the last one is left.
    #expect(try shop.service.history(of: "heavy").map(\.id) == [5, 2, 1])
  }

  @Test func `members that a kept run refers to stay with it`() async throws {
    let shop = try await Shop(
      yaml: Self.yaml("{members: 1}"), segments: Shop.oslo,
      "{segment: friends, rules: [{match: {is: memberOf, value: oslo}}], project: [Customer.City]}")
    try await shop.refresh()
    for _ in 1...4 { try await shop.refresh(["oslo"]) }
    // Run 1 or 2 is that of oslo which friends refers to.
    let friends = try #require(try shop.service.publishedRun(nil, of: "friends"))
    let read = try #require(friends.references.first?.run)
    let history = try shop.service.history(of: "oslo")
    #expect(history.filter { $0.result?.members.gone == nil }.map(\.id) == [6, 5, read])
    #expect(try await shop.keys("friends") == ["1", "2"])
    #expect(try await shop.service.why(segment: "friends", key: "1").isMember)
  }

  @Test func `a workspace file with a wrong limit says what is expected`() throws {
    for limit in ["0", "-1", "1.5", "soon", "[1]", "true", "0 days"] {
      let error = #expect(throws: Diagnostics.self) {
        try WorkspaceDefinition(yaml: Self.yaml("{dataVersions: \(limit)}"))
      }
      #expect(error?.all.map(\.place) == ["retention.dataVersions"], "\(limit)")
    }
    let error = #expect(throws: Diagnostics.self) {
      try WorkspaceDefinition(yaml: Self.yaml("{dataVersion: 1}"))
    }
    #expect(error?.description.contains("Did you mean 'dataVersions'?") == true)
    let retention = try WorkspaceDefinition(
      yaml: Self.yaml("{dataVersions: all, members: 2 weeks}")
    )
    .retention
    #expect(retention.dataVersions == .all && retention.runs == .all)
    guard case .age(let age) = retention.members else {
      Issue.record("\(retention.members)")
      return
    }
    #expect(age.since(Shop.asOf) == Instant("2024-03-17T00:00:00Z"))
  }

  // MARK: While somebody reads

  @Test func `a refresh keeps its data version through loads and gc`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(
      yaml: Self.yaml("{dataVersions: 1, members: 1}"), engine: log.engine,
      segments: Shop.oslo, Shop.coffee)
    log.interruption.withLock {
      $0 = {
        for number in 1...2 { try await load(shop, number) }
        let garbage = try await shop.service.collectGarbage(clearingCache: true)
        #expect(garbage.dataVersions.isEmpty && garbage.members.isEmpty)
        #expect(try shop.service.store.dataVersions() == [1, 3])
      }
    }
    let during = try await shop.refresh()
    #expect(during.values.map(\.dataVersion) == [1, 1])
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try await shop.keys("coffee") == ["1", "2"])
    // In force now, since the members that are published were computed from it.
    #expect(try shop.service.store.dataVersions() == [1, 3])
    for _ in 1...2 { try await shop.refresh() }
    #expect(try await shop.keys("oslo") == ["1", "2", "102"])
    #expect(try shop.service.store.dataVersions() == [3])
  }

  @Test func `a preview keeps its data version, and lets it go`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(yaml: Self.yaml("{dataVersions: 1}"), engine: log.engine)
    log.interruption.withLock {
      $0 = {
        try await load(shop, 1)
        _ = try await shop.service.collectGarbage(clearingCache: true)
        #expect(try shop.service.store.dataVersions() == [1, 2])
      }
    }
    let preview = try await shop.service.preview(Shop.oslo, rows: 10, asOf: Shop.asOf)
    #expect(preview[0].count == 2 && preview[0].rows.rows.count == 2)
    #expect(try await shop.service.collectGarbage().dataVersions == [1])
    #expect(try await tables(shop) == live(shop))
  }

  @Test func `members that wait to be published are not swept, and go if they never are`()
    async throws
  {
    let shop = try await Shop(segments: Shop.oslo)
    let service = shop.service
    let evaluation = try await LayeredEvaluation(
      of: [service.segment("oslo").definition], service: service, snapshot: service.snapshot(),
      asOf: Shop.asOf, facts: service.segmentFacts()
    ).run { _, _ in }
    await #expect(throws: TestFailure.self) {
      try await service.publish(evaluation, of: [("oslo", 1, nil)]) { _ in
        #expect(try files(shop).count == 1)
        throw TestFailure("the disk is full")
      }
    }
    #expect(try files(shop).isEmpty)
    // After an error of the file the runs may be published all the same.
    await #expect(throws: SegmentStoreError.file(path: "muster.sqlite", reason: "disk I/O error")) {
      try await service.publish(evaluation, of: [("oslo", 1, nil)]) { _ in
        throw SegmentStoreError.file(path: "muster.sqlite", reason: "disk I/O error")
      }
    }
    #expect(try files(shop).count == 1)
    #expect(try await service.collectGarbage().members.count == 1)
    _ = try await service.publish(evaluation, of: [("oslo", 1, nil)]) { runs in
      #expect(try files(shop).count == 1)
      #expect(try service.unusedMembers().isEmpty)
      try service.store.publish(runs, workspaceFile: service.text)
    }
    #expect(try await shop.keys("oslo") == ["1", "2"])
  }
}
