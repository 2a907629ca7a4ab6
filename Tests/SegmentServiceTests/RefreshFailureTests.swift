import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Segments that refer to each other, segments that fail, files that are damaged or left over.
@Suite struct RefreshFailureTests {
  private static func refers(_ name: String, to other: String) -> String {
    "{segment: \(name), rules: [{match: {is: memberOf, value: \(other)}}]}\n"
  }

  // MARK: References

  @Test func `referenced segments come first, in whatever order they were saved or named`()
    async throws
  {
    // In the order of names each is before what it refers to.
    let shop = try await Shop(
      segments: Self.refers("a", to: "b"), Self.refers("b", to: "oslo"), Shop.oslo)
    let runs = try await shop.refresh(["a", "oslo", "b"])
    #expect(runs.values.allSatisfy { $0.status == .succeeded })
    #expect(try await shop.keys("a") == ["1", "2"])
    let oslo = try #require(runs["oslo"])
    let b = try #require(runs["b"])
    #expect(b.references == [RunReference(segment: "oslo", run: oslo.id)])
    #expect(runs["a"]?.references == [RunReference(segment: "b", run: b.id)])
    #expect(oslo.references == [])
  }

  @Test func `a reference outside the refresh reads the last published run`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.refers("friends", to: "oslo"))
    let oslo = try #require(try await shop.refresh()["oslo"])
    // Customer 1 moves away; that is not known of the segment until it is refreshed.
    try await shop.load("Customer.csv", Shop.customers.replacing("1,Oslo", with: "1,Paris"))
    let friends = try #require(try await shop.refresh(["friends"])["friends"])
    #expect(friends.references == [RunReference(segment: "oslo", run: oslo.id)])
    #expect(try await shop.keys("friends") == ["1", "2"])

    let both = try await shop.refresh(["friends", "oslo"])
    let newOslo = try #require(both["oslo"])
    #expect(both["friends"]?.references == [RunReference(segment: "oslo", run: newOslo.id)])
    #expect(try await shop.keys("friends") == ["2"])
  }

  @Test func `a reference that was never refreshed fails, and what depends on it is skipped`()
    async throws
  {
    let shop = try await Shop(
      segments: Shop.oslo, Shop.coffee, Self.refers("b", to: "oslo"), Self.refers("a", to: "b"))
    let runs = try await shop.refresh(["a", "b", "coffee"])
    #expect(runs["b"]?.status == .failed)
    let cause = try #require(runs["b"]?.cause)
    #expect(cause.contains("The segment 'oslo' was never refreshed"))
    #expect(cause.contains("Refresh 'oslo' first, or both together."))
    #expect(runs["a"]?.outcome == .skipped(cause: "It refers to 'b', which was not refreshed."))
    #expect(runs["coffee"]?.status == .succeeded)
    #expect(throws: WorkspaceError.neverRefreshed("b")) {
      try shop.service.publishedRun(nil, of: "b")
    }
  }

  @Test func `a circle of references is refused when it is saved`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    for text in [
      Self.refers("self", to: "self"),
      Self.refers("a", to: "b") + "---\n" + Self.refers("b", to: "c") + "---\n"
        + Self.refers("c", to: "a"),
    ] {
      let error = #expect(throws: DefinitionErrors.self) { try shop.save(text) }
      let codes = error?.all.flatMap { $0.diagnostics.all.map(\.code) } ?? []
      #expect(!codes.isEmpty && codes.allSatisfy { $0 == "referenceCycle" })
    }
    try shop.save(Self.refers("a", to: "oslo"))
    let error = #expect(throws: DefinitionErrors.self) {
      try shop.save(Self.refers("oslo", to: "a"))
    }
    #expect(error?.description.contains("oslo → a → oslo") == true)
    #expect(try await shop.result("oslo").count == 2)
  }

  @Test func `a circle that got into the store all the same fails with its loop`() async throws {
    let shop = try await Shop(segments: Shop.coffee)
    for (name, other) in [("a", "b"), ("b", "a")] {
      try shop.service.store.save(
        name: name, definition: Self.refers(name, to: other), at: 0)
    }
    let runs = try await shop.refresh()
    #expect(runs["a"]?.cause?.contains("a → b → a") == true)
    #expect(runs["a"]?.status == .failed && runs["b"]?.status != .succeeded)
    #expect(runs["coffee"]?.status == .succeeded)
  }

  // MARK: Failures

  @Test func `a segment that fails keeps its members while the others are published`() async throws
  {
    let shop = try await Shop(segments: Shop.heavy, Shop.coffee, Self.refers("a", to: "heavy"))
    try await shop.refresh()
    #expect(try await shop.keys("heavy") == ["1", "2", "3"])

    try await shop.load("Order.csv", Shop.orders + Shop.tooHeavy + "9,5,coffee,2024-03-31,1\n")
    let runs = try await shop.refresh()
    #expect(runs["heavy"]?.status == .failed)
    #expect(runs["heavy"]?.cause?.isEmpty == false)
    #expect(runs["a"]?.outcome == .skipped(cause: "It refers to 'heavy', which was not refreshed."))
    #expect(try await shop.keys("coffee") == ["1", "2", "5"])
    #expect(try await shop.keys("heavy") == ["1", "2", "3"])
    #expect(try await shop.keys("a") == ["1", "2", "3"])
    #expect(try shop.service.history(of: "heavy").map(\.status) == [.failed, .succeeded])
  }

  @Test func `an exact average that overflows fails alone`() async throws {
    let shop = try await Shop(
      segments: Shop.coffee,
      """
      segment: average
      rules: [{from: Order, quantifier: {aggregate: average, of: Order.Weight, is: greaterThan, value: 1}}]
      """)
    try await shop.load("Order.csv", Shop.orders + Shop.tooHeavy)
    let runs = try await shop.refresh()
    #expect(runs["average"]?.status == .failed)
    #expect(runs["coffee"]?.status == .succeeded)
  }

  @Test func `a definition that the data no longer fits fails with what is wrong`() async throws {
    let shop = try await Shop(segments: Shop.coffee)
    try shop.service.store.save(
      name: "old",
      definition: "{segment: old, rules: [{match: {attribute: Customer.Town, is: empty}}]}", at: 0)
    let runs = try await shop.refresh()
    #expect(runs["old"]?.cause?.contains("The table 'Customer' has no attribute 'Town'.") == true)
    #expect(runs["coffee"]?.status == .succeeded)
  }

  @Test func `nothing is published of a refresh that is cancelled`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.coffee)
    log.interruption.withLock { $0 = { throw CancellationError() } }
    await #expect(throws: CancellationError.self) { try await shop.refresh() }
    #expect(try shop.service.history(of: "oslo").isEmpty)
    #expect(try await shop.result("oslo").entered == 2)
  }

  @Test func `leaves that fail fail their segments, and cancelled ones the refresh`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.coffee)
    log.failure.withLock { $0 = TestFailure("out of memory") }
    let runs = try await shop.refresh()
    #expect(runs.values.allSatisfy { $0.outcome == .failed(cause: "out of memory") })
    let failed = try #require(runs["oslo"])
    #expect(try shop.service.members(of: failed).count == 0)
    log.failure.withLock { $0 = CancellationError() }
    await #expect(throws: CancellationError.self) { try await shop.refresh() }
    #expect(try shop.service.history(of: "oslo").map(\.id) == [failed.id])
  }

  // MARK: Files

  @Test func `damaged members are reported, not used, and a refresh makes good for them`()
    async throws
  {
    let shop = try await Shop(
      segments: Shop.oslo, Shop.coffee, Self.refers("a", to: "oslo"), Self.refers("b", to: "a"))
    let run = try #require(try await shop.refresh()["oslo"])
    try Shop.damage(shop.membersFile(of: run))
    let damaged = WorkspaceError.membersDamaged(run: run.id)
    await #expect(throws: damaged) { try await shop.keys("oslo") }
    await #expect(throws: damaged) { try await shop.service.why(segment: "oslo", key: "1") }

    // Who refers to them from outside fails, alone.
    let runs = try await shop.refresh(["a", "b", "coffee"])
    #expect(runs["a"]?.outcome == .failed(cause: damaged.description))
    #expect(runs["b"]?.status == .skipped)
    #expect(runs["coffee"]?.status == .succeeded)

    let refreshed = try await shop.service.refresh(["oslo", "a"], asOf: Shop.asOf)
    let mended = try #require(refreshed.first { $0.run.segment == "oslo" })
    #expect(mended.run.result?.count == 2 && mended.run.result?.previousRun == nil)
    #expect(mended.warnings.map(\.code) == ["membersDamaged"])
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try await shop.keys("a") == ["1", "2"])
  }

  @Test func `members that no run published are swept, published ones never`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let first = try #require(try await shop.refresh()["oslo"])
    try await shop.refresh()
    let stray = shop.service.folder.members.appending(path: "999.members")
    let unfinished = shop.service.folder.members.appending(path: "998.members.new")
    for file in [stray, unfinished] { try Data([1, 2, 3]).write(to: file) }

    let found = try await shop.service.collectGarbage(dryRun: true)
    #expect(found.members.map(\.url.lastPathComponent) == ["998.members.new", "999.members"])
    #expect(found.bytes == 6 && FileManager.default.fileExists(atPath: stray.path))
    #expect(try await shop.service.collectGarbage().members == found.members)
    #expect(!FileManager.default.fileExists(atPath: stray.path))
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try await shop.keys("oslo", run: first.id) == ["1", "2"])
    #expect(try await shop.service.collectGarbage().members.isEmpty)
  }
}
