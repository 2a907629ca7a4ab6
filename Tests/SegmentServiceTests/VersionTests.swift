import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Versions of definitions, what differs between them, and going back.
@Suite struct VersionTests {
  private static func oslo(_ city: String, more: String = "") -> String {
    "{segment: oslo, \(more)rules: [{match: {attribute: Customer.City, is: equalTo, value: \(city)}}]}"
  }

  private func history() async throws -> Shop {
    let shop = try await Shop()
    for text in [
      Self.oslo("Oslo"), Self.oslo("Bergen"), Self.oslo("Bergen", more: "tags: [west], "),
    ] { try shop.save(text) }
    return shop
  }

  // MARK: Versions

  @Test func `versions are listed with what changed`() async throws {
    let versions = try await history().service.versions(of: "oslo")
    #expect(versions.map(\.number) == [3, 2, 1])
    #expect(
      versions.map { $0.changes.map(\.description) } == [
        ["added tag: west"],
        ["rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Bergen'"], [],
      ])
    #expect(versions[2].sentence == "Customer where Customer.City is equal to 'Oslo'.")
    #expect(versions.allSatisfy { $0.savedAt == Shop.asOf })
  }

  @Test func `two versions are compared in words and as YAML`() async throws {
    let shop = try await history()
    let last = try shop.service.compare("oslo")
    #expect(last.names == ("version 2", "version 3"))
    #expect(last.changes.map(\.description) == ["added tag: west"])
    #expect(
      last.yaml == """
        --- oslo, version 2
        +++ oslo, version 3
        @@ -1,4 +1,5 @@
         segment: oslo
        +tags: [west]
         audience: Customer
         rules:
         - match:

        """)
    #expect(try shop.service.compare("oslo", from: 3, to: 1).changes.count == 2)
    #expect(try shop.service.compare("oslo", from: 2, to: 2).yaml.isEmpty)
    #expect(try shop.service.compare("oslo", to: 2).names == ("version 1", "version 2"))
    #expect(throws: VersionError.unknown(9, segment: "oslo", last: 3)) {
      try shop.service.compare("oslo", from: 9)
    }
    try shop.save(Shop.coffee)
    #expect(throws: VersionError.single(segment: "coffee")) { try shop.service.compare("coffee") }
  }

  @Test func `a version is compared with a file`() async throws {
    let shop = try await history()
    let folder = try DefinitionFolder([
      "oslo.yaml": Self.oslo("Bergen"), "coffee.yaml": Shop.coffee,
    ])
    let comparison = try shop.service.compare("oslo", with: folder.sources())
    #expect(comparison.changes.map(\.description) == ["removed tag: west"])
    #expect(folder.short(comparison.names.after) == "oslo.yaml")
    #expect(try shop.service.compare("oslo", from: 2, with: folder.sources()).changes.isEmpty)
    try shop.save(Shop.newcomers)
    #expect(throws: VersionError.notInFiles(segment: "newcomers")) {
      try shop.service.compare("newcomers", with: folder.sources())
    }
  }

  // MARK: Restoring

  @Test func `an earlier version is saved as a new one`() async throws {
    let shop = try await history()
    let restored = try shop.service.restore("oslo", version: 1)
    #expect(restored.version == 4)
    #expect(
      try shop.service.segment("oslo").definition
        == shop.service.versions(of: "oslo").last?.definition)
    #expect(try shop.service.restore("oslo", version: 1).version == 4)
    #expect(throws: VersionError.unknown(0, segment: "oslo", last: 4)) {
      try shop.service.restore("oslo", version: 0)
    }
  }

  @Test func `what is restored must be valid today`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try shop.save("{segment: s, rules: [{match: {is: memberOf, value: oslo}}]}")
    try shop.save(Shop.coffee.replacing("segment: coffee", with: "segment: s"))
    try shop.service.delete("oslo")
    let errors = #expect(throws: DefinitionErrors.self) {
      try shop.service.restore("s", version: 1)
    }
    #expect(errors?.all.map(\.segment) == ["s"])
    #expect(errors?.all[0].diagnostics.all.map(\.code) == ["unknownSegment"])
    #expect(try shop.service.segment("s").version == 2)
  }

  // MARK: Runs

  @Test func `who entered and who left between two runs`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let first = try #require(try await shop.refresh()["oslo"]?.id)
    // 1 moves away, 3 moves in, 6 is new; 2 stays.
    try await shop.load(
      "Customer.csv",
      "Id,City,Points,Joined\n1,Bergen,10,2024-01-01\n2,Oslo,20,2024-02-01\n3,Oslo,30,2024-03-01\n6,Oslo,,\n"
    )
    let second = try #require(try await shop.refresh()["oslo"]?.id)
    try shop.save(Self.oslo("Bergen"))
    let third = try #require(try await shop.refresh()["oslo"]?.id)

    func keys(_ from: Int64, _ to: Int64) async throws -> [[String]] {
      let difference = try shop.service.runDifference(of: "oslo", from: from, to: to)
      let (entered, exited) = try await shop.service.keys(of: difference)
      #expect(entered.count == difference.entered && exited.count == difference.exited)
      return [entered.map(\.description), exited.map(\.description)]
    }
    #expect(try await keys(first, second) == [["3", "6"], ["1"]])
    #expect(try await keys(second, first) == [["1"], ["3", "6"]])
    #expect(try await keys(second, third) == [["1"], ["2", "3", "6"]])
    // Those of the very first run are 1 and 2.
    #expect(try await keys(first, third) == [[], ["2"]])
    #expect(try await keys(third, third) == [[], []])

    let difference = try shop.service.runDifference(of: "oslo", from: first, to: second)
    #expect(
      try await text(difference, as: .csv(raw: false), of: shop)
        == "change,Id\r\nentered,3\r\nentered,6\r\nexited,1\r\n")
    #expect(
      try await text(difference, as: .ndjson, of: shop).hasPrefix(
        "{\"change\":\"entered\",\"Id\":3}\n"))
    #expect(try await shop.service.keys(of: difference, limit: 1).entered == [.integer(3)])
  }

  @Test func `runs that are not kept, or are about others, are refused with the reason`()
    async throws
  {
    let yaml = Shop.yaml.replacing("audiences: {", with: "audiences: {Buyer: {table: Order}, ")
    let shop = try await Shop(
      yaml: yaml, segments: "{segment: m, audience: Customer, keys: [1, 2]}")
    let first = try #require(try await shop.refresh()["m"])
    try shop.save("{segment: m, audience: Customer, keys: [2, 3]}")
    try await shop.load("Customer.csv", Shop.customers + "6,Oslo,1,2024-01-01\n")
    let second = try #require(try await shop.refresh()["m"])
    try shop.save("{segment: m, audience: Buyer, keys: [1]}")
    let third = try #require(try await shop.refresh()["m"])
    #expect(throws: RunsOfTwoAudiences.self) {
      try shop.service.runDifference(of: "m", from: first.id, to: third.id)
    }
    #expect(throws: WorkspaceError.noRun(99, segment: "m")) {
      try shop.service.runDifference(of: "m", from: 99, to: first.id)
    }
    let difference = try shop.service.runDifference(of: "m", from: first.id, to: second.id)
    let rules = RetentionRules(dataVersions: .last(1), members: .all, runs: .all)
    _ = try shop.service.store.expire(by: rules, lent: [], at: 0)
    await #expect(throws: WorkspaceError.dataGone(run: first.id)) {
      try await shop.service.keys(of: difference)
    }
    try FileManager.default.removeItem(at: shop.membersFile(of: first))
    #expect(throws: WorkspaceError.membersDamaged(run: first.id)) {
      try shop.service.runDifference(of: "m", from: first.id, to: second.id)
    }
  }

  private func text(_ difference: RunDifference, as format: TextFormat, of shop: Shop) async throws
    -> String
  {
    let bytes = Guarded<[UInt8]>([])
    try await shop.service.write(difference, as: format) { piece in
      bytes.withLock { $0 += piece }
    }
    return String(decoding: bytes.withLock { $0 }, as: UTF8.self)
  }
}
