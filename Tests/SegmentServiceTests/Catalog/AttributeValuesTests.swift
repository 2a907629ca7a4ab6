import Foundation
import SegmentCompiler
import Testing

@testable import SegmentEngines
@testable import SegmentService

/// Values that are offered, and what an attribute holds.
@Suite struct AttributeValuesTests {
  private func values(
    _ shop: Shop, _ attribute: String, _ search: String? = nil, limit: Int = 200
  ) async throws -> [String] {
    try await shop.service.values(of: attribute, search: search, limit: limit).counts.values
      .map { "\($0.value.plainText)×\($0.rows)" }
  }

  // MARK: Values

  @Test func `values come with their rows, the most frequent first`() async throws {
    let shop = try await Shop()
    let cities = try await shop.service.values(of: "Customer.City")
    #expect(cities.attribute.description == "Customer.City" && cities.type == .text)
    #expect(
      cities.counts.totals
        == ValueTotals(rows: 5, missing: 1, distinct: 2, isDistinctExact: true))
    #expect(cities.counts.isComplete)
    #expect(try await values(shop, "Customer.City") == ["Bergen×2", "Oslo×2"])
    #expect(try await values(shop, "Order.Product") == ["coffee×2", "tea×2"])
    #expect(try await values(shop, "Customer.Points") == ["10×1", "20×1", "30×1", "50×1"])
    #expect(try await values(shop, "Order.CustomerId") == ["1×2", "2×1", "3×1"])
    #expect(
      try await values(shop, "Customer.Joined", limit: 2) == ["2024-01-01×1", "2024-02-01×1"])
    #expect(
      try await !shop.service.values(of: "Customer.Joined", limit: 3).counts.isComplete)
    #expect(try await shop.service.values(of: "Customer.Joined", limit: 4).counts.isComplete)
  }

  @Test func `a search finds the text in any case, those first that begin with it`() async throws {
    let shop = try await Shop(
      customers: """
        Id,City,Points,Joined
        1,New York,1,
        2,YORK,2,
        3,York,3,
        4,York,3,
        5,100% Yörk,4,
        6,new york_,5,
        7,Østfold,12,2024-12-03

        """)
    #expect(
      try await values(shop, "Customer.City", "york") == [
        "York×2", "YORK×1", "New York×1", "new york_×1",
      ])
    #expect(try await values(shop, "Customer.City", "%") == ["100% Yörk×1"])
    #expect(try await values(shop, "Customer.City", "_") == ["new york_×1"])
    #expect(try await values(shop, "Customer.City", "øst") == ["Østfold×1"])
    #expect(try await values(shop, "Customer.City", "ø' OR 1=1") == [])
    #expect(try await values(shop, "Customer.Points", "2") == ["2×1", "12×1"])
    #expect(try await values(shop, "Customer.Joined", "2024-12") == ["2024-12-03×1"])
    #expect(try await values(shop, "Customer.City", "").count == 6)
    let cut = try await shop.service.values(of: "Customer.City", search: "york", limit: 3)
    #expect(cut.counts.values.count == 3 && !cut.counts.isComplete)
  }

  @Test func `long texts are cut and marked`() async throws {
    let long = String(repeating: "å", count: 201)
    let shop = try await Shop(
      customers: "Id,City,Points,Joined\n1,\(long),,\n2,\(long)b,,\n3,\(long.dropLast()),,\n")
    let found = try await shop.service.values(of: "Customer.City").counts.values
    #expect(found.count == 3 && found.filter(\.isExcerpt).count == 2)
    #expect(found.allSatisfy { $0.value.plainText == String(long.dropLast()) })
  }

  @Test func `too many different values are not put in order, but searched`() async throws {
    let shop = try await Shop()
    let catalog = try shop.service.catalog()
    let (table, city) = try catalog.attribute("Customer.City")
    var request = ValueRequest(table: table.name, attribute: city, limit: 10, mostDistinct: 1)
    let version = try shop.service.snapshot().version
    let none = try await shop.service.engine.valueCounts(request, in: version)
    #expect(none.values.isEmpty && !none.isComplete && none.totals.distinct == 2)
    request.search = Text("OSL")
    let oslo = try await shop.service.engine.valueCounts(request, in: version)
    #expect(oslo.values.map(\.value) == [.text("Oslo")] && oslo.isComplete)
  }

  @Test func `what is no attribute is said in words`() async throws {
    let shop = try await Shop()
    await #expect(throws: UnknownAttribute.unreadable("City")) {
      try await shop.service.values(of: "City")
    }
    await #expect(throws: UnknownAttribute.table("Custom", hint: "Did you mean 'Customer'?")) {
      try await shop.service.values(of: "Custom.City")
    }
    await #expect(
      throws: UnknownAttribute.attribute(
        "Citi", table: "Customer", hint: "Did you mean 'City'?")
    ) {
      try await shop.service.profile(of: "Customer.Citi")
    }
  }

  @Test func `values of an erased person are gone`() async throws {
    let club = try await Club.withHistory()
    let before = try await club.service.values(of: "Member.Name")
    #expect(before.counts.values.contains { $0.value == .text("Xantippe Quillfeather") })
    try await club.erase()
    let after = try await club.service.values(of: "Member.Name")
    #expect(!after.counts.values.contains { $0.value == .text("Xantippe Quillfeather") })
    #expect(after.counts.totals.rows == before.counts.totals.rows - 1)
  }

  // MARK: Profiles

  private func distribution(_ shop: Shop, _ attribute: String) async throws -> ValueDistribution {
    guard case .distribution(let found) = try await shop.service.profile(of: attribute).shape else {
      throw TestFailure("\(attribute) has no distribution")
    }
    return found
  }

  /// 1,000 customers with the points 1 to 1,000, and further ones without.
  private func points() async throws -> Shop {
    let rows = (1...1000).map { "\($0),\($0 % 25 == 0 ? "Rare" : "City \($0 % 12)"),\($0),\n" }
    return try await Shop(
      customers: "Id,City,Points,Joined\n" + rows.joined() + "2001,,,\n2002,\"\",,\n",
      orders: "Nr,CustomerId,Product,Day,Weight\n1,1,tea,2024-02-29,7\n")
  }

  @Test func `a category has its ten most frequent values`() async throws {
    let shop = try await points()
    guard case .categories(let counts) = try await shop.service.profile(of: "Customer.City").shape
    else { throw TestFailure("no categories") }
    #expect(counts.values.count == 10 && !counts.isComplete)
    #expect(
      counts.totals == ValueTotals(rows: 1002, missing: 1, distinct: 14, isDistinctExact: true))
    #expect(counts.values.map(\.rows) == counts.values.map(\.rows).sorted(by: >))
  }

  @Test func `a number has percentiles and a histogram of all its values`() async throws {
    let found = try await distribution(try await points(), "Customer.Points")
    #expect(found.totals.rows == 1002 && found.totals.missing == 2)
    #expect(found.totals.distinct == 1000 && found.totals.isDistinctExact)
    #expect(found.minimum == .integer(1) && found.maximum == .integer(1000))
    #expect(found.percentiles == (1...99).map { .integer(Int64($0) * 10) })
    #expect(found.histogram.count == 20 && found.histogram.allSatisfy { $0.rows == 50 })
    #expect(found.histogram[0].from == .integer(1) && found.histogram[0].to == .integer(51))
  }

  @Test func `one value, and none, have a distribution too`() async throws {
    let shop = try await points()
    let weight = try await distribution(shop, "Order.Weight")
    #expect(weight.histogram == [ValueDistribution.Bin(from: .double(7), to: .double(7), rows: 1)])
    #expect(weight.percentiles.count == 99 && weight.minimum == .decimal("7"))
    let day = try await distribution(shop, "Order.Day")
    #expect(day.histogram.map(\.rows) == [1] && day.minimum == day.maximum)
    let joined = try await distribution(shop, "Customer.Joined")
    #expect(joined.minimum == .null && joined.percentiles == [] && joined.histogram == [])
    #expect(
      joined.totals == ValueTotals(rows: 1002, missing: 1002, distinct: 0, isDistinctExact: true))
  }

  @Test func `dates, instants and fractions fall into bins at their edges`() async throws {
    let shop = try await Shop(
      yaml: Shop.yaml.replacing("Joined: date", with: "Joined: datetime")
        .replacing("Points: integer", with: "Points: double")
        .replacing("\"decimal(38,0)\"", with: "\"decimal(18,2)\""),
      customers: """
        Id,City,Points,Joined
        1,,-1e308,2024-01-01T00:00:00Z
        2,,1e308,2024-01-01T00:00:00.000019Z
        3,,0,2024-01-01T00:00:00.000007Z

        """,
      orders: "Nr,CustomerId,Product,Day,Weight\n"
        + (0...40).map { "\($0),1,tea,2024-01-\(10 + $0 % 15),\($0).25\n" }
        .joined())
    let points = try await distribution(shop, "Customer.Points")
    #expect(points.histogram.count == 20 && points.histogram.map(\.rows).reduce(0, +) == 3)
    #expect(points.histogram.first?.rows == 1 && points.histogram.last?.rows == 1)
    let joined = try await distribution(shop, "Customer.Joined")
    #expect(joined.histogram.count == 20)
    #expect(joined.histogram.indices.filter { joined.histogram[$0].rows > 0 } == [0, 7, 19])
    let weight = try await distribution(shop, "Order.Weight")
    #expect(weight.histogram.map(\.rows) == Array(repeating: 2, count: 19) + [3])
    #expect(weight.percentiles[49] == .decimal("20.25"))
    let day = try await distribution(shop, "Order.Day")
    #expect(day.histogram.map(\.rows).reduce(0, +) == 41 && day.histogram.count == 15)
  }
}
