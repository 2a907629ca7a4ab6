import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Counts out of samples: sound whatever the definition, within what they say of themselves, and marked.
@Suite struct EstimateTests {
  /// 4,000 customers with 0 to 6 orders.
  private func shop(
    engine: @escaping @Sendable (DuckDBDatabase) -> any QueryEngine = {
      DuckDBEngine(database: $0)
    }
  ) async throws -> Shop {
    let cities = ["Oslo", "Bergen", "Tromsø", ""]
    var customers = "Id,City,Points,Joined\n"
    var orders = "Nr,CustomerId,Product,Day,Weight\n"
    var number = 0
    for id in 1...4000 {
      let points = id % 11 == 0 ? "" : String(id * 37 % 101)
      customers += "\(id),\(cities[id * 13 % 4]),\(points),2024-0\(1 + id % 3)-1\(id % 9)\n"
      for order in 0..<(id * 31 % 7) {
        number += 1
        orders +=
          "\(number),\(id),\(["tea", "coffee", "mug"][(id + order) % 3]),2024-0\(1 + (id + order) % 3)-0\(1 + order),\(1 + (id * order) % 9)\n"
      }
    }
    return try await Shop(customers: customers, orders: orders, engine: engine)
  }

  private static let definitions = [
    Shop.oslo, Shop.coffee, Shop.newcomers, Shop.heavy,
    "{segment: never, rules: [{from: Order, quantifier: none, match: {attribute: Order.Product, is: equalTo, value: mug}}]}",
    "{segment: always, rules: [{from: Order, quantifier: every, match: {attribute: Order.Weight, is: lessThan, value: 8}}]}",
    "{segment: latest, rules: [{from: Order, quantifier: {last: Order.Day}, match: {attribute: Order.Product, is: equalTo, value: tea}}]}",
    "{segment: few, rules: [{from: Order, quantifier: {aggregate: count, is: lessThan, value: 3}}]}",
    "{segment: average, rules: [{from: Order, quantifier: {aggregate: average, of: Order.Weight, is: greaterThan, value: 4}}]}",
    "{segment: friends, rules: [{from: Order, match: {is: memberOf, value: tromso}}, {combine: except, match: {attribute: Customer.Points, is: empty}}]}",
    "{segment: others, rules: [{match: {isNot: memberOf, value: tromso}}]}",
    "{segment: split, rules: [{match: {is: inRandomSplit, value: {salt: a, of: 4, bucket: 1}}}]}",
    """
    segment: mixed
    rules:
      - {match: {all: [{attribute: Customer.City, isNot: equalTo, value: Oslo}, {attribute: Customer.Points, isNot: empty}]}}
      - {combine: intersect, from: Order, where: {attribute: Order.Weight, is: lessThan, value: 7}, match: {attribute: Order.Product, is: equalTo, value: coffee}}
      - {combine: exclusive, match: {attribute: Customer.Points, is: greaterThan, value: 90}}
    """,
  ]

  @Test(arguments: [0.03, 0.4])
  func `a sample holds exactly the members among its profiles, whatever the definition`(
    share: Double
  ) async throws {
    let shop = try await shop()
    try shop.save(
      "{segment: tromso, rules: [{match: {attribute: Customer.City, is: equalTo, value: Tromsø}}]}")
    try await shop.result("tromso")
    let snapshot = try shop.service.snapshot()
    let universe = snapshot.catalog.audiences[0].universe
    let (references, _) = try shop.service.publishedMembers(of: ["tromso"])
    for text in Self.definitions {
      let written = try WrittenDefinition.all(
        in: [DefinitionSource(text: text)], catalog: snapshot.catalog)
      let plan = try shop.service.planned(written[0], asOf: Shop.asOf, of: snapshot).0.plan
      let sample = ProfileSample(share: share, seed: 3)
      let drawn = Guarded(MemberSet())
      try await shop.service.engine.evaluate(
        [universe], with: references, in: snapshot.version, of: sample
      ) { _, result in
        let set = try result.get()
        drawn.withLock { $0 = set }
      }
      let profiles = drawn.withLock { $0 }
      #expect(abs(Double(profiles.count) / 4000 - share) < 0.03)
      let data = shop.service.data.current
      let all = try await Evaluator(data: data, snapshot: snapshot)
        .evaluate([plan], with: references)[0].get()
      let sampled = try await Evaluator(data: data, snapshot: snapshot, sample: sample)
        .evaluate([plan], with: references)[0].get()
      #expect(sampled.universe == profiles.count)
      #expect(!all.members.isEmpty, "\(plan.segment)")
      #expect(sampled.members == all.members.intersection(profiles), "\(plan.segment)")
    }
  }

  @Test func `numbers lie within the stated range for nearly all seeds`() throws {
    // 100 samples of 20 % of 2,000 profiles, of which every 10th, and every 100th, is a member.
    for (every, members) in [(10, 200), (100, 20)] {
      var hits = 0
      for seed in 1...100 {
        var state = UInt64(seed)
        var sampled = 0
        var found = 0
        for profile in 0..<2_000 {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          guard (state >> 33) % 5 == 0 else { continue }
          sampled += 1
          if profile % every == 0 { found += 1 }
        }
        let count = Scale(sampled: sampled, of: 2_000).count(found)
        #expect(count.range.contains(count.value))
        if count.range.contains(members) { hits += 1 }
      }
      #expect(hits >= 92, "\(every)")
    }
  }

  @Test func `of no member found, more than none may exist`() {
    let count = Scale(sampled: 1_000, of: 100_000).count(0)
    #expect(count.value == 0 && count.range.lowerBound == 0)
    #expect((300...400).contains(count.range.upperBound))
    let all = Scale(sampled: 1_000, of: 100_000).count(1_000)
    #expect(all.value == 100_000 && all.range.upperBound == 100_000)
    #expect(
      Scale(sampled: 50, of: nil).count(7) == Estimate.Count(value: 7, range: 7...7))
  }

  @Test func `what is counted in time is exact`() async throws {
    let shop = try await shop()
    let sources = Self.definitions.prefix(5).map { DefinitionSource(text: $0) }
    let estimates = try await shop.service.estimate(
      sources, asOf: Shop.asOf, budget: .seconds(3600), profiles: 100)
    let counts = try await shop.service.count(sources, asOf: Shop.asOf)
    for (estimate, count) in zip(estimates, counts) {
      #expect(estimate.isExact && estimate.sample == nil && estimate.universe == 4000)
      #expect(
        estimate.count == Estimate.Count(value: count.count, range: count.count...count.count))
      #expect(estimate.rules.map(\.rule.value) == count.counts.map(\.rule))
      #expect(estimate.rules.map(\.cumulative.value) == count.counts.map(\.cumulative))
      #expect(estimate.sentence == count.sentence)
    }
  }

  /// An engine whose first evaluation waits until it is let go.
  private func slowShop() async throws -> (Shop, release: AsyncStream<Void>.Continuation) {
    let log = CountingEngine.Log()
    let (stream, release) = AsyncStream.makeStream(of: Void.self)
    let shop = try await shop(engine: log.engine)
    log.interruption.withLock { $0 = { for await _ in stream { break } } }
    return (shop, release)
  }

  @Test func `where counting takes long the number is estimated, and the exact one follows`()
    async throws
  {
    let (shop, release) = try await slowShop()
    let samples = Guarded<[Estimate]>([])
    let estimates = try await shop.service.estimate(
      [DefinitionSource(text: Shop.oslo)], budget: .zero, profiles: 500
    ) { estimate in
      samples.withLock { $0.append(estimate) }
      release.finish()
      return true
    }
    let exact = try #require(estimates.first)
    let sample = try #require(samples.withLock { $0 }.first)
    #expect(!sample.isExact && (350...650).contains(sample.sample ?? 0))
    #expect(sample.universe == 4000 && sample.count.range.count > 1)
    #expect(sample.count.range.contains(1000) && sample.rules.count == 1)
    #expect(exact.isExact && exact.count.value == 1000)
  }

  @Test func `an estimate alone ends the counting`() async throws {
    let (shop, release) = try await slowShop()
    let limited = Shop.oslo.replacing("]}\n", with: "], limit: {top: 7, by: Customer.Points}}")
    let estimate = try #require(
      try await shop.service.estimate(
        [DefinitionSource(text: limited)], budget: .zero, profiles: 500
      ).first)
    release.finish()
    #expect(!estimate.isExact)
    #expect(estimate.count == Estimate.Count(value: 7, range: 7...7))
    #expect(estimate.rules[0].rule.range.contains(1000))
  }

  @Test func `listed keys and small audiences are always counted`() async throws {
    let (shop, release) = try await slowShop()
    release.finish()
    let manual = try await shop.service.estimate(
      [DefinitionSource(text: "{segment: manual, keys: [1, 3, 9999]}")], budget: .zero,
      profiles: 100)
    #expect(manual[0].isExact && manual[0].count.value == 2)
    #expect(manual[0].pending == [.integer(9999)])
    let small = try await shop.service.estimate(
      [DefinitionSource(text: Shop.coffee)], budget: .zero, profiles: 2_000)
    #expect(small[0].isExact)
  }
}
