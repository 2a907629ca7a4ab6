import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// What a definition would select, without anything being published.
@Suite struct PreviewTests {
  private static let limited = """
    segment: limited
    rules:
      - {match: {attribute: Customer.Points, is: greaterThan, value: 0}}
      - {combine: except, from: Order, match: {attribute: Order.Product, is: equalTo, value: tea}}
    limit: {top: 1, by: Customer.Points}
    """

  @Test func `counts are those of a refresh`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try await shop.result("oslo")
    for definition in [
      Shop.oslo, Shop.coffee, Shop.newcomers, Shop.heavy, Self.limited,
      "{segment: manual, keys: [1, 3, 77]}",
      "{segment: others, rules: [{match: {isNot: memberOf, value: oslo}}]}",
    ] {
      let preview = try #require(try await shop.service.count(definition, asOf: Shop.asOf).first)
      #expect(preview.rows.rows.isEmpty && preview.rows.columns.isEmpty)
      try shop.save(definition)
      let result = try await shop.result(preview.segment)
      #expect(preview.count == result.count, "\(preview.segment)")
      #expect(preview.counts == result.rules, "\(preview.segment)")
      let saved = try await shop.service.preview(segment: preview.segment, asOf: Shop.asOf)
      #expect(saved.count == result.count, "\(preview.segment)")
    }
  }

  @Test func `several definitions are counted one after another`() async throws {
    let shop = try await Shop()
    let previews = try await shop.service.count(Shop.oslo + "---\n" + Shop.coffee)
    #expect(previews.map(\.segment) == ["oslo", "coffee"])
    #expect(previews.map(\.count) == [2, 2])
  }

  @Test func `relative dates are those of the as-of given, else of now`() async throws {
    let shop = try await Shop()
    let march = try await shop.service.count(Shop.newcomers)
    let february = try await shop.service.count(
      Shop.newcomers, asOf: Instant("2024-02-20T00:00:00Z"))
    #expect(march[0].count == 1 && february[0].count == 1)
    let rows = try await shop.service.preview(
      Shop.newcomers, asOf: Instant("2024-02-20T00:00:00Z"))
    #expect(rows[0].rows.rows.first?.first == .integer(2))
  }

  // MARK: Rows

  @Test func `the attributes that the definition uses are shown`() async throws {
    let shop = try await Shop()
    let preview = try await shop.service.preview(
      """
      segment: s
      rules:
        - {match: {attribute: Customer.Points, is: greaterThan, value: 5}}
        - from: Order
          combine: intersect
          match:
            all:
              - {attribute: Order.Product, is: equalTo, value: coffee}
              - {attribute: Customer.City, is: equalTo, value: Oslo}
      """)[0]
    #expect(
      preview.rows.columns == ["Id", "Customer.Points", "Order.Product", "Customer.City"])
    #expect(
      preview.rows.rows == [
        [.integer(1), .integer(10), .list([.text("coffee")]), .text("Oslo")],
        [.integer(2), .integer(20), .list([.text("coffee")]), .text("Oslo")],
      ])
  }

  @Test func `an attribute without rows to show is left out`() async throws {
    let shop = try await Shop()
    let preview = try await shop.service.preview(
      """
      segment: s
      rules:
        - {match: {attribute: Customer.Points, is: greaterThan, value: 5}}
        - {combine: except, from: Order, match: {attribute: Order.Product, is: equalTo, value: tea}}
        - {combine: intersect, from: Order, quantifier: none, match: {attribute: Order.Day, is: empty}}
      """)[0]
    #expect(preview.rows.columns == ["Id", "Customer.Points"])
    #expect(preview.rows.rows.map(\.first) == [.integer(2), .integer(5)])
  }

  @Test func `what is projected is shown instead`() async throws {
    let shop = try await Shop()
    let preview = try await shop.service.preview(
      "{segment: s, rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}], project: [Customer.Joined]}"
    )[0]
    #expect(preview.rows.columns == ["Id", "Customer.Joined"])
    #expect(
      preview.rows.rows[0]
        == [.integer(1), .date(Int32(try #require(CivilDate("2024-01-01")).days))])
  }

  @Test func `no more rows than asked for, the count complete`() async throws {
    let shop = try await Shop()
    let everybody = "{segment: s, rules: [{match: {attribute: Customer.Id, isNot: empty}}]}"
    let preview = try await shop.service.preview(everybody, rows: 2)[0]
    #expect(preview.rows.rows.map(\.first) == [.integer(1), .integer(2)])
    #expect(preview.count == 5)
    #expect(try await shop.service.preview(everybody)[0].rows.rows.count == 5)
  }

  @Test func `the sentence, warnings and pending keys come along`() async throws {
    let shop = try await Shop()
    let reversed = try await shop.service.preview(
      "{segment: s, rules: [{match: {attribute: Customer.Points, is: between, value: [9, 1]}}]}")[0]
    #expect(reversed.sentence == "Customer where Customer.Points is between 9 and 1.")
    #expect(!reversed.warnings.isEmpty && reversed.count == 0)
    #expect(reversed.warnings.allSatisfy { $0.severity == .warning })

    let manual = try await shop.service.preview("{segment: m, keys: [77, 3, 78]}")[0]
    #expect(manual.count == 1 && manual.pending == [.integer(77), .integer(78)])
  }

  // MARK: Nothing happens

  @Test func `nothing is saved, published or recorded`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let run = try #require(try await shop.refresh()["oslo"])
    let changed = Shop.oslo.replacing("Oslo", with: "Bergen")
    #expect(try await shop.service.preview(changed)[0].count == 2)
    _ = try await shop.service.preview(segment: "oslo")
    _ = try await shop.service.count(Shop.coffee)

    #expect(try shop.service.segments().map(\.definition.name) == ["oslo"])
    #expect(try shop.service.segment("oslo").version == 1)
    #expect(try shop.service.history(of: "oslo") == [run])
    #expect(try await shop.keys("oslo") == ["1", "2"])
    let files = try FileManager.default.contentsOfDirectory(
      atPath: shop.service.folder.members.path)
    #expect(files == [run.result?.members.name])
  }

  @Test func `a reference that was never refreshed is an error, not nobody`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let error = await #expect(throws: DefinitionErrors.self) {
      try await shop.service.count("{segment: s, rules: [{match: {isNot: memberOf, value: oslo}}]}")
    }
    #expect(error?.all[0].diagnostics.all.map(\.code) == ["segmentNeverRun"])
  }
}
