import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Many members read in slices: none is lost, none comes twice, and no more than a slice is held.
@Suite struct MemberSlicesTests {
  private static let sliceSize = 32

  /// 1,000 customers whose ordinals are in another order than their keys: those with odd numbers came later.
  private func shop(textKeys: Bool = false) async throws -> Shop {
    func rows(_ numbers: some Sequence<Int>) -> String {
      "Id,City,Points,Joined\n"
        + numbers.map { number in
          let key = textKeys ? "é-\((number * 7919) % 1000)" : "\(number)"
          return "\(key),\(number % 3 == 0 ? "Oslo" : "Bergen"),\(number),\n"
        }.joined()
    }
    let shop = try await Shop(
      yaml: textKeys
        ? Shop.yaml.replacing("Id: integer", with: "Id: text")
          .replacing("CustomerId: integer", with: "CustomerId: text") : Shop.yaml,
      customers: rows(stride(from: 2, through: 1000, by: 2)),
      engine: { DuckDBEngine(database: $0, sliceSize: Self.sliceSize) },
      segments: """
        segment: everybody
        rules:
          - {match: {attribute: Customer.Id, isNot: empty}}
          - {combine: union, from: Order, match: {attribute: Order.Nr, isNot: empty}}
        project: [Customer.Points, Order.Product]
        """)
    try await shop.load("Customer.csv", rows(1...1000))
    try await shop.result("everybody")
    return shop
  }

  @Test(arguments: [false, true])
  func `all members come in key order`(textKeys: Bool) async throws {
    let shop = try await shop(textKeys: textKeys)
    let keys = try await shop.keys("everybody")
    let expected =
      textKeys
      ? sortedKeys((1...1000).map { "é-\(($0 * 7919) % 1000)" }).map(\.string)
      : (1...1000).map(String.init)
    #expect(keys == expected)
  }

  @Test func `values and lists stand beside their members`() async throws {
    let shop = try await shop()
    let lines = try await shop.text(MemberSelection(segment: "everybody"), as: .csv(raw: true))
      .components(separatedBy: "\r\n")
    #expect(lines[1] == "1,1,\"[\"\"tea\"\",\"\"coffee\"\"]\"")
    #expect(lines[4] == "4,4,[]" && lines[1000] == "1000,1000,[]")
  }

  @Test func `no slice is much larger than it should be`() async throws {
    let shop = try await shop()
    var sizes: [Int] = []
    try await shop.eachSlice(of: "everybody") { sizes.append($0.count) }
    #expect(sizes.reduce(0, +) == 1000)
    #expect(sizes.max()! <= 2 * Self.sliceSize)
    #expect(sizes.count >= 1000 / (2 * Self.sliceSize))
  }

  @Test func `bytes are made when they are asked for, and no slice ahead`() async throws {
    let asked = Guarded(0)
    let slices = Pulled<[[DuckDBValue]]> {
      asked.withLock { $0 += 1 }
      let text = DuckDBValue.text(String(repeating: "x", count: 1_000))
      return Array(repeating: [text], count: 100)
    }
    // Without an end: whoever reads ahead would never return.
    let writer = RowWriter(slices, format: .csv(raw: true), columns: ["text"])
    for piece in 1...50 {
      #expect(try await writer.next()!.count >= 1 << 16)
      #expect(asked.withLock { $0 } <= piece)
    }
  }

  @Test func `who is cancelled is not told that this was all`() async throws {
    let shop = try await shop()
    let rows = Guarded(0)
    let reading = Task {
      try await shop.eachSlice(of: "everybody") { slice in
        rows.withLock { $0 += slice.count }
        withUnsafeCurrentTask { $0?.cancel() }
      }
    }
    await #expect(throws: CancellationError.self) { try await reading.value }
    #expect(rows.withLock { (1..<1000).contains($0) })
  }

  @Test(arguments: [1, 10, 31, 32, 33, 100, 999, 1000, 5000])
  func `some members after a key are those of the whole list`(limit: Int) async throws {
    let shop = try await shop()
    let list = try shop.service.memberList(MemberSelection(segment: "everybody"))
    for after in [nil, 0, 1, 500, 990, 1000, 2000] as [Int64?] {
      let rows = try await list.rows(after: after.map { .integer($0) }, limit: limit)
      let expected = (1...1000).filter { Int64($0) > after ?? 0 }.prefix(limit)
      #expect(rows.map { $0[0].integer } == expected.map { Int64($0) })
    }
  }

  @Test func `few members among many profiles are found too`() async throws {
    let shop = try await shop()
    try shop.save(
      "{segment: few, rules: [{match: {attribute: Customer.Points, is: greaterThan, value: 950}}]}")
    try await shop.result("few")
    let list = try shop.service.memberList(MemberSelection(segment: "few"))
    #expect(list.count == 50)
    let rows = try await list.rows(after: nil, limit: 20)
    #expect(rows.map { $0[0].integer } == (951...970).map { Int64($0) })
  }

  @Test func `what a list reads stays as long as the list`() async throws {
    let shop = try await Shop(
      yaml: Shop.yaml + "\nretention: {dataVersions: 1}", segments: Shop.oslo)
    try await shop.result("oslo")
    let text = Guarded<[UInt8]>([])
    try await {
      let list = try shop.service.memberList(MemberSelection(segment: "oslo"))
      for points in 1...3 {
        try await shop.load("Customer.csv", "Id,City,Points,Joined\n1,Oslo,\(points),\n")
        try await shop.refresh()
      }
      #expect(try shop.service.store.dataVersion(id: list.run.dataVersion) != nil)
      for try await piece in list.bytes(as: .csv(raw: true)) { text.withLock { $0 += piece } }
    }()
    #expect(String(decoding: text.withLock { $0 }, as: UTF8.self) == "Id\r\n1\r\n2\r\n")
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n1,Oslo,9,\n")
    try await shop.refresh()
    #expect(try shop.service.store.dataVersions().count <= 2)
  }
}

extension Shop {
  /// Reads all members of a segment as the engine hands them over.
  fileprivate func eachSlice(
    of segment: String, _ body: ([[DuckDBValue]]) async throws -> Void
  ) async throws {
    let snapshot = try service.snapshot()
    let run = try service.publishedRun(nil, of: segment)
    let request = MemberRows(
      members: try service.members(of: run), audience: snapshot.catalog.audiences[0],
      catalog: snapshot.catalog, projection: [])
    for try await slice in service.engine.rows(request, in: snapshot.version) {
      try await body(slice)
    }
  }
}
