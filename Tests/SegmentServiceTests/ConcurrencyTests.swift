import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Loads, refreshes and housekeeping at the same time.
@Suite struct ConcurrencyTests {
  @Test func `a load in the middle of a refresh is seen by the next one only`() async throws {
    let log = CountingEngine.Log()
    let shop = try await Shop(engine: log.engine, segments: Shop.oslo, Shop.coffee)
    let before = try #require(try shop.service.store.currentDataVersion())
    log.interruption.withLock {
      $0 = {
        try await shop.load("Customer.csv", Shop.customers.replacing("3,Bergen", with: "3,Oslo"))
        try await shop.load("Order.csv", Shop.orders + "9,5,coffee,2024-03-31,1\n")
      }
    }
    let during = try await shop.refresh()
    #expect(during["oslo"]?.dataVersion == before.id)
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try await shop.keys("coffee") == ["1", "2"])

    let after = try await shop.refresh()
    #expect(after["oslo"]?.dataVersion == before.id + 2)
    #expect(try await shop.keys("oslo") == ["1", "2", "3"])
    #expect(try await shop.keys("coffee") == ["1", "2", "5"])
  }

  @Test func `a load publishes while a query of the data before it is open`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let part = try #require(try shop.service.store.currentDataVersion()?.parts["Customer"])
    let reader = try shop.service.database.connect()
    try await reader.execute("BEGIN TRANSACTION")
    let count: SQLQuery = "SELECT count(*) FROM \(identifier: part.storedName)"
    #expect(try await reader.rows(count)[0][0] == .integer(5))
    for number in 1...3 {
      try await shop.load("Customer.csv", Shop.customers + "\(5 + number),Oslo,1,2024-01-01\n")
    }
    #expect(try await reader.rows(count)[0][0] == .integer(5))
    try await reader.execute("COMMIT")
    #expect(try await shop.result("oslo").count == 3)
  }

  @Test func `two loads at once run one after the other`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try shop.replace("Customer.csv", Shop.customers + "6,Oslo,1,2024-01-01\n")
    let reports = try await withThrowingTaskGroup(of: LoadReport.self) { group in
      for _ in 1...3 { group.addTask { try await shop.service.load() } }
      return try await group.reduce(into: [LoadReport]()) { $0.append($1) }
    }
    #expect(reports.count { $0.isNew } == 1)
    #expect(Set(reports.map(\.dataVersion)).count == 1)
    #expect(try await shop.result("oslo").count == 3)
  }

  // MARK: Turn

  @Test func `turns are taken in order, and a failure passes them on`() async throws {
    let turn = Turn()
    let order = Guarded<[Int]>([])
    try await turn.take {
      #expect(await turn.takeIfFree {} == nil)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...20 {
        group.addTask {
          try? await turn.take {
            order.withLock { $0.append(number) }
            await Task.yield()
            order.withLock { $0.append(-number) }
            if number.isMultiple(of: 3) { throw CancellationError() }
          }
        }
      }
      try await group.waitForAll()
    }
    let entries = order.withLock { $0 }
    #expect(entries.count == 40)
    // Nobody came in before the one before was out.
    for pair in stride(from: 0, to: 40, by: 2) { #expect(entries[pair] == -entries[pair + 1]) }
    #expect(await turn.takeIfFree { 1 } == 1)
  }

  @Test(.timeLimit(.minutes(30))) func `who is cancelled while waiting leaves the line`()
    async throws
  {
    let turn = Turn()
    let (entered, enter) = AsyncStream<Void>.makeStream()
    let (released, release) = AsyncStream<Void>.makeStream()
    async let first: Void = turn.take {
      enter.yield()
      for await _ in released { break }
    }
    for await _ in entered { break }
    let second = Task { try await turn.take {} }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    release.yield()
    try await first
    #expect(await turn.takeIfFree { true } == true)
  }

  // MARK: Leases

  @Test func `what is lent is known until the last borrower is done`() async throws {
    let leases = Leases()
    let item = Leases.Item.dataVersion(1)
    try await leases.lend(choosing: { (1, [item]) }) { _ in
      try await leases.lend(choosing: { (2, [item, .run(5)]) }) { _ in
        #expect(leases.decide { $0 } == [item, .run(5)])
      }
      #expect(leases.decide { $0.dataVersions } == [1])
    }
    #expect(leases.decide { $0 }.isEmpty)
    await #expect(throws: CancellationError.self) {
      try await leases.lend(choosing: { (1, [item]) }) { _ in throw CancellationError() }
    }
    #expect(leases.decide { $0 }.isEmpty)
  }
}
