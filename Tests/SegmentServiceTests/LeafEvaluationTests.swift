import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

/// Which leaves the engine is asked for.
@Suite struct LeafEvaluationTests {
  private let log = CountingEngine.Log()

  @Test func `equal leaves of several segments are evaluated once`() async throws {
    let shop = try await Shop(
      engine: log.engine, segments: Shop.oslo, Shop.coffee,
      """
      segment: coffee in oslo
      rules:
        - {match: {attribute: Customer.City, is: equalTo, value: Oslo}}
        - {combine: intersect, from: Order, match: {attribute: Order.Product, is: equalTo, value: coffee}}
      """)
    try await shop.refresh()
    #expect(log.drain().count == 2)
    #expect(try await shop.keys("coffee in oslo") == ["1", "2"])
  }

  @Test func `nothing is evaluated again as long as nothing changed`() async throws {
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.coffee)
    try await shop.refresh()
    #expect(log.drain().count == 2)
    try await shop.refresh()
    #expect(log.asked.withLock { $0.count } == 0)

    _ = try await shop.service.collectGarbage(clearingCache: true)
    try await shop.refresh()
    #expect(log.drain().count == 2)
  }

  @Test func `a changed table makes its leaves anew, and no others`() async throws {
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.coffee)
    try await shop.refresh()
    _ = log.drain()

    try await shop.load("Order.csv", Shop.orders + "5,3,coffee,2024-03-31,1\n")
    try await shop.refresh()
    let again = log.drain()
    let paths = again.map { leaf -> [String] in
      if case .has(let has) = leaf { has.path.places.map(\.table) } else { [] }
    }
    #expect(paths == [["Customer", "Order"]])
    #expect(try await shop.keys("coffee") == ["1", "2", "3"])
    #expect(try await shop.keys("oslo") == ["1", "2"])
  }

  @Test func `a relative date is judged anew when its bounds move`() async throws {
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.newcomers)
    try await shop.refresh()
    _ = log.drain()
    let later = try #require(Instant("2024-04-30T12:00:00Z"))
    try await shop.refresh(asOf: later)
    #expect(log.drain().count == 1)
    #expect(try await shop.keys("newcomers") == [])
  }

  @Test func `members that are read inside rows decide too`() async throws {
    let shop = try await Shop(
      engine: log.engine, segments: Shop.oslo,
      "{segment: orders of oslo, rules: [{from: Order, match: {is: memberOf, value: oslo}}]}")
    try await shop.refresh()
    #expect(try await shop.keys("orders of oslo") == ["1", "2"])
    try shop.save(Shop.oslo.replacing("Oslo", with: "Bergen"))
    try await shop.refresh()
    #expect(try await shop.keys("orders of oslo") == ["3"])
  }

  @Test func `a plan whose references are not at hand fails alone`() async throws {
    let shop = try await Shop()
    let snapshot = try shop.service.snapshot()
    let gone = SegmentFacts(audience: "Customer", references: [], isAvailable: true)
    let planner = Planner(
      PlanContext(catalog: snapshot.catalog, asOf: Shop.asOf, segments: ["gone": gone]))
    let plans = try [
      "{segment: a, rules: [{from: Order, match: {is: memberOf, value: gone}}]}", Shop.oslo,
    ].map { try planner.plan(SegmentDefinition.decodeAll($0)[0]) }
    let results = try await Evaluator(data: shop.service.data.current, snapshot: snapshot)
      .evaluate(plans, with: ReferencedSets())
    #expect(throws: RenderingError.noMembers(segment: "gone")) { try results[0].get() }
    #expect(try results[1].get().members.count == 2)
  }

  @Test func `a damaged file is computed again`() async throws {
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo)
    try await shop.refresh()
    let files = try FileManager.default.contentsOfDirectory(
      at: shop.service.folder.cache, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    let damages: [(URL) throws -> Void] = [
      Shop.damage, { try Data().write(to: $0) },
      { try Data(contentsOf: $0).dropLast().write(to: $0) },
    ]
    for damage in damages {
      _ = log.drain()
      for file in files { try damage(file) }
      let result = try await shop.result("oslo")
      #expect(result.count == 2 && result.exited == 0)
      #expect(log.drain().count == 1)
    }
  }

  @Test func `values cannot run into each other in the key of a leaf`() async throws {
    let shop = try await Shop()
    let catalog = try shop.service.snapshot().catalog
    let version = try shop.service.snapshot().version
    func keys(_ values: String) throws -> [String] {
      let definition = try SegmentDefinition.decodeAll(
        """
        segment: s
        rules: [{match: {attribute: Customer.City, is: anyOf, value: \(values)}}]
        """)[0]
      let plan = try Planner(PlanContext(catalog: catalog, asOf: Shop.asOf)).plan(definition)
      return try plan.leaves.map {
        try shop.service.engine.cacheKey(of: $0, with: ReferencedSets(), in: version)
      }
    }
    let one = try keys(#"["a), SegmentCompiler.SQLValue.text(b", "c"]"#)
    let other = try keys(#"["a", "b), SegmentCompiler.SQLValue.text(c"]"#)
    #expect(one.count == 1 && other.count == 1)
    #expect(Set((one + other).map { Text($0) }).count == 2)
  }
}
