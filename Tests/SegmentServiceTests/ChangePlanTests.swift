import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Planning and applying folders of definitions.
@Suite struct ChangePlanTests {
  private static let followers =
    "{segment: followers, rules: [{match: {is: memberOf, value: oslo}}]}\n"
  private static let readers =
    "{segment: readers, rules: [{match: {isNot: memberOf, value: followers}}]}\n"
  private static let bergen = Shop.oslo.replacing("value: Oslo", with: "value: Bergen")

  private func plan(
    _ shop: Shop, _ texts: String..., keepingOthers: Bool = false, withSizes: Bool = true
  ) async throws -> ChangePlan {
    try await shop.service.plan(
      texts.map { DefinitionSource(text: $0) }, keepingOthers: keepingOthers,
      withSizes: withSizes, asOf: Shop.asOf)
  }

  private func outline(_ plan: ChangePlan) -> [String] {
    plan.items.map { "\($0.action.rawValue) \($0.segment)" }
  }

  private func sizes(_ plan: ChangePlan) -> [String] {
    plan.items.map { item in
      let size = item.size
      return [size.before, size.after, size.entered, size.exited]
        .map { $0.map(String.init) ?? "–" }.joined(separator: " ")
    }
  }

  // MARK: Planning

  @Test func `what is created, changed, deleted, and what follows`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.followers, Self.readers)
    try await shop.refresh()
    let plan = try await plan(
      shop, Self.bergen, Self.followers, Self.readers, Shop.newcomers)
    #expect(
      outline(plan) == [
        "delete coffee", "follow followers", "create newcomers", "change oslo", "follow readers",
      ])
    // before, after, entered, exited: Oslo are 1 and 2, Bergen are 3 and 4 of 5.
    #expect(
      sizes(plan) == ["2 – – –", "2 2 2 2", "– 1 – –", "2 2 2 2", "3 3 2 2"])
    #expect(plan.items[1].because == ["oslo"] && plan.items[4].because == ["followers"])
    #expect(
      plan.items[3].changes.map(\.description)
        == ["rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Bergen'"])
    #expect(plan.items.map(\.version) == [nil, 1, 1, 2, 1])
    #expect(plan.unchanged == 0 && plan.hasSizes && plan.dataVersion == 1)
    // Nothing was saved or published.
    #expect(try shop.service.segments().map(\.version) == [1, 1, 1, 1])
    #expect(try shop.service.history(of: "oslo").count == 1)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: shop.service.folder.members.path).count
        == 4)
  }

  @Test func `definitions as they are saved change nothing`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.followers)
    let plan = try await plan(shop, Shop.oslo, Self.followers, Shop.coffee)
    #expect(plan.isEmpty && plan.unchanged == 3)
  }

  @Test func `others can be kept, and still follow`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.followers)
    let plan = try await plan(shop, Self.bergen, keepingOthers: true)
    #expect(outline(plan) == ["follow followers", "change oslo"])
    #expect(plan.unchanged == 1)
    // Never refreshed: nothing to compare with.
    #expect(sizes(plan) == ["– 2 – –", "– 2 – –"])
  }

  @Test func `a new segment may refer to an unchanged one that was never refreshed`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let plan = try await plan(shop, Shop.oslo, Self.followers)
    #expect(outline(plan) == ["create followers"] && sizes(plan) == ["– 2 – –"])
    let applied = try await shop.service.apply(plan, refreshing: true)
    #expect(applied.refreshed.map(\.run.segment).sorted() == ["followers", "oslo"])
    #expect(try await shop.keys("followers") == ["1", "2"])
    #expect(try await shop.service.why(segment: "followers", key: "1").isMember)
  }

  @Test func `sizes can be left out, and data that is newer is told`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try await shop.refresh()
    try await shop.load("Customer.csv", Shop.customers + "6,Oslo,1,2024-01-01\n")
    let bare = try await plan(shop, Self.bergen, withSizes: false)
    #expect(!bare.hasSizes && sizes(bare) == ["2 – – –"])
    let full = try await plan(shop, Shop.oslo.replacing("Oslo}", with: "Oslo, ignoreCase: true}"))
    #expect(sizes(full) == ["2 3 1 0"])
    #expect(full.items[0].size.dataVersionBefore == 1 && full.dataVersion == 2)
  }

  @Test func `members that cannot be computed are said`() async throws {
    let shop = try await Shop(orders: Shop.orders + Shop.tooHeavy)
    let plan = try await plan(shop, Shop.heavy, Shop.oslo)
    #expect(sizes(plan) == ["– – – –", "– 2 – –"])
    #expect(plan.items[0].size.problem != nil && plan.items[1].size.problem == nil)
  }

  @Test func `a manual segment says how many keys have no profile`() async throws {
    let shop = try await Shop()
    let plan = try await plan(shop, "{segment: m, keys: [1, 70, 71]}")
    #expect(plan.items[0].size.after == 1 && plan.items[0].size.pending == 2)
  }

  @Test func `what is deleted may not be referred to by what stays`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.followers, Self.readers)
    let errors = try await #require(throws: DefinitionErrors.self) {
      try await plan(shop, Self.followers, Self.readers)
    }
    #expect(errors.all.map(\.segment) == ["followers"])
    let problem = try #require(errors.all[0].diagnostics.all.first)
    #expect(errors.all[0].diagnostics.all.count == 1)
    #expect(problem.code == "referenceToDeleted" && problem.message.contains("'oslo'"))
    // Together they may go.
    let both = try await plan(shop, Shop.coffee)
    #expect(
      outline(both) == ["create coffee", "delete followers", "delete oslo", "delete readers"])
  }

  @Test func `all problems are told at once`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let errors = try await #require(throws: DefinitionErrors.self) {
      try await plan(
        shop, Self.followers, Shop.coffee.replacing("Order.Product", with: "Order.Produkt"))
    }
    #expect(errors.all.map(\.segment).sorted() == ["coffee", "followers"])
  }

  @Test func `a kept segment that a change breaks is a problem of the plan`() async throws {
    let yaml = Shop.yaml.replacing(
      "audiences: {", with: "audiences: {Buyer: {table: Order}, ")
    let shop = try await Shop(
      yaml: yaml, segments: "audience: Customer\nsegment: a\nkeys: [1]",
      "audience: Customer\nsegment: b\nrules: [{match: {is: memberOf, value: a}}]")
    let errors = try await #require(throws: DefinitionErrors.self) {
      try await plan(shop, "audience: Buyer\nsegment: a\nkeys: [1]", keepingOthers: true)
    }
    #expect(errors.all.map(\.segment) == ["b"])
    #expect(errors.all[0].diagnostics.all.map(\.code) == ["wrongAudience"])
  }

  @Test func `nothing at all is not taken for everything to be deleted`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    await #expect(throws: ApplyError.self) { try await shop.service.plan([]) }
    #expect(try await shop.service.plan([], keepingOthers: true).isEmpty)
    let empty = try await Shop()
    #expect(try await empty.service.plan([]).isEmpty)
  }

  // MARK: Applying

  @Test func `applying does what the plan says, and then nothing is left to do`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Self.followers)
    try await shop.refresh()
    let texts = [Self.bergen, Self.followers, Shop.newcomers]
    let plan = try await shop.service.plan(texts.map { DefinitionSource(text: $0) })
    let applied = try await shop.service.apply(plan)
    #expect(applied.refreshed.isEmpty)
    #expect(
      try shop.service.segments().map { "\($0.definition.name) \($0.version)" }
        == ["followers 1", "newcomers 1", "oslo 2"])
    #expect(try shop.service.segment("oslo").lastRun?.segmentVersion == 1)
    #expect(
      try await shop.service.plan(texts.map { DefinitionSource(text: $0) }).isEmpty)
  }

  @Test func `refreshing publishes what the plan has counted, with the definitions`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Self.followers, Shop.coffee)
    try await shop.refresh()
    let plan = try await plan(shop, Self.bergen, Self.followers, Shop.coffee, Shop.newcomers)
    let applied = try await shop.service.apply(plan, refreshing: true)
    let runs = Dictionary(
      uniqueKeysWithValues: applied.refreshed.map { ($0.run.segment, $0.run) })
    #expect(Set(runs.keys) == ["oslo", "followers", "newcomers"])
    for item in plan.items {
      let result = try #require(runs[item.segment]?.result)
      #expect(result.count == item.size.after)
      #expect(result.entered == item.size.entered ?? result.count)
      #expect(result.exited == item.size.exited ?? 0)
      let last = try #require(try shop.service.segment(item.segment).lastRun)
      #expect(last.id == runs[item.segment]?.id && last.result == result)
    }
    #expect(runs["oslo"]?.segmentVersion == 2)
    #expect(
      runs["followers"]?.references == [
        RunReference(segment: "oslo", run: try #require(runs["oslo"]?.id))
      ])
    #expect(try await shop.keys("followers") == ["3", "4"])
    #expect(try shop.service.history(of: "coffee").count == 1)
  }

  @Test func `where one segment cannot be refreshed nothing is applied`() async throws {
    let shop = try await Shop(orders: Shop.orders + Shop.tooHeavy, segments: Shop.coffee)
    let plan = try await plan(shop, Shop.heavy, Shop.oslo)
    await #expect(throws: ApplyError.self) {
      try await shop.service.apply(plan, refreshing: true)
    }
    #expect(try shop.service.segments().map(\.definition.name) == ["coffee"])
    // Without refreshing it may be saved: it is valid, and its data may be mended.
    _ = try await shop.service.apply(plan)
    #expect(try shop.service.segments().map(\.definition.name) == ["heavy", "oslo"])
  }

  @Test func `a plan is refused once segments have changed`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let change = try await plan(shop, Self.bergen)
    try shop.save(Shop.oslo.replacing("value: Oslo", with: "value: Tromsø"))
    await #expect(throws: SegmentStoreError.changedMeanwhile(["oslo"])) {
      try await shop.service.apply(change)
    }
    let creation = try await plan(shop, Shop.coffee, keepingOthers: true)
    try shop.save(Shop.newcomers)
    await #expect(throws: SegmentStoreError.changedMeanwhile(["newcomers"])) {
      try await shop.service.apply(creation)
    }
    let refresh = try await plan(shop, Shop.coffee, keepingOthers: true)
    try await shop.refresh(["oslo"])
    await #expect(throws: SegmentStoreError.changedMeanwhile(["oslo"])) {
      try await shop.service.apply(refresh, refreshing: true)
    }
    #expect(try shop.service.segment("oslo").version == 2)
  }

  @Test func `a refresh without sizes in the plan evaluates then`() async throws {
    let shop = try await Shop()
    let plan = try await plan(shop, Shop.oslo, Self.followers, withSizes: false)
    let applied = try await shop.service.apply(plan, refreshing: true)
    #expect(applied.refreshed.map { $0.run.result?.count } == [2, 2])
  }
}
