import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// How a segment's members grew and shrank.
@Suite struct TrendTests {
  /// A segment refreshed on four days, with 2, 3, 3 and 1 members.
  private func shop() async throws -> Shop {
    let clock = Guarded(Shop.asOf)
    let shop = try await Shop(
      now: { clock.withLock { $0 } }, segments: Shop.oslo, Shop.heavy)
    for (day, customers) in [
      (1, "1,Oslo,,\n2,Oslo,,\n"), (2, "1,Oslo,,\n2,Oslo,,\n3,Oslo,,\n"),
      (3, "2,Oslo,,\n3,Oslo,,\n4,Oslo,,\n"), (9, "4,Oslo,,\n"),
    ] {
      clock.withLock { $0 = Instant("2024-04-0\(day)T08:00:00Z")! }
      try await shop.load("Customer.csv", "Id,City,Points,Joined\n\(customers)")
      try await shop.result("oslo", asOf: Instant("2024-04-0\(day)T00:00:00Z")!)
    }
    return shop
  }

  @Test func `every published run is a point`() async throws {
    let shop = try await shop()
    let trend = try shop.service.trend(of: "oslo")
    #expect(trend.map(\.count) == [2, 3, 3, 1])
    #expect(trend.map(\.entered) == [2, 1, 1, 0] && trend.map(\.exited) == [0, 0, 1, 2])
    #expect(trend.map(\.runs) == [1, 1, 1, 1])
    #expect(trend[1].asOf == Instant("2024-04-02T00:00:00Z"))
    #expect(trend[1].finished == Instant("2024-04-02T08:00:00Z"))
    let runs = try shop.service.history(of: "oslo").map(\.id)
    #expect(trend.map(\.run) == runs.reversed())
  }

  @Test func `a time frame holds both of its ends`() async throws {
    let shop = try await shop()
    let trend = try shop.service.trend(
      of: "oslo", since: Instant("2024-04-02T08:00:00Z"), until: Instant("2024-04-03T08:00:00Z"))
    #expect(trend.map(\.count) == [3, 3])
    #expect(try shop.service.trend(of: "oslo", since: Instant("2025-01-01T00:00:00Z")) == [])
  }

  @Test func `thinned runs stand together with all who came and went`() async throws {
    let shop = try await shop()
    let trend = try shop.service.trend(of: "oslo", points: 2)
    #expect(trend.map(\.count) == [3, 1] && trend.map(\.runs) == [3, 1])
    #expect(trend.map(\.entered) == [4, 0] && trend.map(\.exited) == [1, 2])
    #expect(try shop.service.trend(of: "oslo", points: 4).count == 4)
    #expect(try shop.service.trend(of: "oslo", points: 1).map(\.runs) == [4])
  }

  @Test func `runs that failed are no points, and a segment has to exist`() async throws {
    let shop = try await shop()
    #expect(try shop.service.trend(of: "heavy") == [])
    #expect(throws: WorkspaceError.self) { try shop.service.trend(of: "nobody") }
  }
}
