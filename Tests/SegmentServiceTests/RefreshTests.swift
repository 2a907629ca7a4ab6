import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// What a refresh computes, publishes and records.
@Suite struct RefreshTests {
  // MARK: Entered and exited

  @Test func `the first run: everybody entered, nobody exited`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let result = try await shop.result("oslo")
    #expect(result.count == 2 && result.entered == 2 && result.exited == 0)
    #expect(result.previousRun == nil)
    #expect(try await shop.keys("oslo", .entered) == ["1", "2"])
    #expect(try await shop.keys("oslo", .exited) == [])
  }

  @Test func `new members are the old ones less those exited and those entered`() async throws {
    let shop = try await Shop(segments: Shop.newcomers)
    var before: Set<String> = []
    var seen: [[String]] = []
    let states: [(asOf: String, customers: String?)] = [
      ("2024-03-01T12:00:00Z", nil),
      ("2024-03-31T12:00:00Z", nil),
      (
        "2024-03-31T12:00:00Z",
        "Id,City,Points,Joined\n1,Oslo,10,2024-03-30\n3,Bergen,30,2023-03-02\n4,Bergen,,2024-03-20\n"
      ),
    ]
    for (asOf, customers) in states {
      if let customers { try await shop.load("Customer.csv", customers) }
      let result = try await shop.result("newcomers", asOf: #require(Instant(asOf)))
      let members = Set(try await shop.keys("newcomers"))
      let entered = Set(try await shop.keys("newcomers", .entered))
      let exited = Set(try await shop.keys("newcomers", .exited))
      #expect(members == before.subtracting(exited).union(entered))
      #expect(entered.isDisjoint(with: before) && exited.isSubset(of: before))
      #expect(result.count == members.count)
      #expect(result.entered == entered.count && result.exited == exited.count)
      seen.append(members.sorted())
      before = members
    }
    #expect(seen == [["2", "3"], ["4"], ["1", "4"]])
  }

  @Test func `a run knows the run before it, failed ones left out`() async throws {
    let shop = try await Shop(segments: Shop.heavy)
    let first = try #require(try await shop.refresh()["heavy"])
    try await shop.load("Order.csv", Shop.orders + Shop.tooHeavy)
    let failed = try #require(try await shop.refresh()["heavy"])
    #expect(failed.status == .failed)
    try await shop.load("Order.csv", Shop.orders)
    let third = try await shop.result("heavy")
    #expect(third.previousRun == first.id && third.entered == 0 && third.exited == 0)
  }

  @Test func `another audience has nothing to do with the members before`() async throws {
    let yaml = """
      workspace: Chain
      tables:
        Customer: {files: Customer.csv, key: Id}
        City: {derivedFrom: Customer.City, key: City}
        Order: {files: Order.csv}
      relationships: [Customer.City -> City.City]
      audiences: {Customer: {table: Customer}, City: {table: City}}
      """
    let shop = try await Shop(
      yaml: yaml,
      segments:
        "{segment: s, audience: Customer, rules: [{match: {attribute: Customer.Id, is: lessThan, value: 4}}]}"
    )
    #expect(try await shop.result("s").count == 3)
    try shop.save(
      "{segment: s, audience: City, rules: [{match: {attribute: City.City, isNot: empty}}]}")
    let cities = try await shop.result("s")
    #expect(cities.count == 2 && cities.entered == 2 && cities.exited == 0)
    #expect(cities.previousRun == nil)
    #expect(try await shop.keys("s", .exited) == [])
    let again = try await shop.result("s")
    #expect(again.entered == 0 && again.previousRun != nil)
  }

  // MARK: Counts

  @Test func `counts are those of each rule and of all rules up to it`() async throws {
    let shop = try await Shop(
      segments: """
        segment: mixed
        rules:
          - {match: {attribute: Customer.City, is: equalTo, value: Oslo}}
          - {combine: union, match: {attribute: Customer.City, is: equalTo, value: Bergen}}
          - {combine: except, from: Order, match: {attribute: Order.Product, is: equalTo, value: coffee}}
          - combine: exclusive
            group:
              - {match: {attribute: Customer.Points, is: greaterThan, value: 20}}
              - {combine: intersect, match: {attribute: Customer.Points, is: lessThan, value: 60}}
        """)
    let result = try await shop.result("mixed")
    #expect(
      result.rules == [
        RuleCount(rule: 2, cumulative: 2), RuleCount(rule: 2, cumulative: 4),
        RuleCount(rule: 2, cumulative: 2), RuleCount(rule: 2, cumulative: 2),
      ])
    #expect(try await shop.keys("mixed") == ["4", "5"])
  }

  @Test func `counts per rule are those before the limit`() async throws {
    let shop = try await Shop(
      segments: """
        segment: richest
        rules: [{match: {attribute: Customer.Points, is: greaterThan, value: 0}}]
        limit: {top: 2, by: Customer.Points}
        """)
    let result = try await shop.result("richest")
    #expect(result.rules == [RuleCount(rule: 4, cumulative: 4)])
    #expect(result.count == 2 && result.entered == 2)
    #expect(try await shop.keys("richest") == ["3", "5"])
  }

  // MARK: Which segments

  @Test func `one, several or all segments are refreshed`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    #expect(Set(try await shop.refresh(["oslo"]).keys) == ["oslo"])
    #expect(try shop.service.history(of: "coffee").isEmpty)
    #expect(Set(try await shop.refresh(["coffee", "oslo", "oslo"]).keys) == ["coffee", "oslo"])
    #expect(Set(try await shop.refresh().keys) == ["coffee", "newcomers", "oslo"])
    #expect(try await shop.refresh([]).isEmpty)
    #expect(try shop.service.history(of: "oslo").count == 3)
    #expect(try shop.service.history(of: "coffee").count == 2)
  }

  @Test func `an unknown name refuses the whole refresh and proposes a near one`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let error = await #expect(throws: WorkspaceError.self) {
      try await shop.refresh(["oslo", "ozlo"])
    }
    #expect(
      error?.description == "There is no segment 'ozlo'. Did you mean 'oslo'?")
    #expect(try shop.service.history(of: "oslo").isEmpty)
  }

  @Test func `a run records what it was computed from`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try shop.save(Shop.oslo.replacing("Oslo", with: "Bergen"))
    let asOf = try #require(Instant("2024-02-29T23:30:00.000001Z"))
    let run = try #require(try await shop.refresh(asOf: asOf)["oslo"])
    let dataVersion = try shop.service.snapshot().version.id
    #expect(run.segmentVersion == 2 && run.asOf == asOf.microseconds)
    #expect(run.dataVersion == dataVersion)
    #expect(run.started == Shop.asOf.microseconds && run.finished >= run.started)
    #expect(try shop.service.history(of: "oslo") == [run])
  }

  @Test func `as-of is now unless it is given`() async throws {
    let shop = try await Shop(segments: Shop.newcomers)
    let run = try await shop.service.refresh()[0].run
    #expect(run.asOf == Shop.asOf.microseconds)
    #expect(try await shop.keys("newcomers") == ["4"])
  }

  // MARK: The same again

  @Test func `the same as-of, data, definition and references give identical bytes`() async throws {
    let shop = try await Shop(
      segments: Shop.oslo, Shop.newcomers,
      "{segment: both, rules: [{match: {any: [{is: memberOf, value: oslo}, {is: memberOf, value: newcomers}]}}]}"
    )
    let first = try await shop.refresh()
    _ = try await shop.service.collectGarbage(clearingCache: true)
    let second = try await shop.refresh()
    for name in ["oslo", "newcomers", "both"] {
      let files = try [first[name], second[name]].map { try shop.membersFile(of: $0) }
      let bytes: [Data] = try files.map { try Data(contentsOf: $0) }
      #expect(files[0] != files[1])
      #expect(bytes[0] == bytes[1], "\(name)")
      #expect(second[name]?.result?.entered == 0 && second[name]?.result?.exited == 0)
    }
  }

  @Test func `data loaded between two refreshes is seen by the second`() async throws {
    let shop = try await Shop(segments: Shop.coffee)
    let first = try #require(try await shop.refresh()["coffee"])
    try await shop.load("Order.csv", Shop.orders + "5,5,coffee,2024-03-31,1\n")
    let second = try #require(try await shop.refresh()["coffee"])
    #expect(second.dataVersion > first.dataVersion)
    #expect(try await shop.keys("coffee") == ["1", "2", "5"])
    #expect(try await shop.keys("coffee", .entered) == ["5"])
  }

  @Test func `data loaded during a refresh is not seen by it`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(
      engine: log.engine, segments: Shop.coffee,
      """
      segment: follows
      rules:
        - {match: {isNot: memberOf, value: coffee}}
        - {combine: intersect, match: {attribute: Customer.City, is: equalTo, value: Bergen}}
      """)
    let before = try shop.service.snapshot().version.id
    log.interruption.withLock { action in
      action = {
        try await shop.load("Order.csv", Shop.orders + "5,3,coffee,2024-03-31,1\n")
        try await shop.load("Customer.csv", "Id,City,Points,Joined\n3,Bergen,,\n9,Bergen,,\n")
      }
    }
    let runs = try await shop.refresh()
    #expect(try shop.service.snapshot().version.id > before)
    #expect(runs.values.map(\.dataVersion) == [before, before])
    #expect(try await shop.keys("coffee") == ["1", "2"])
    #expect(try await shop.keys("follows") == ["3", "4"])

    try await shop.refresh()
    #expect(try await shop.keys("coffee") == ["3"])
    #expect(try await shop.keys("follows") == ["9"])
  }
}
