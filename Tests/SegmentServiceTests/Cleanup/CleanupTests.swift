import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Segments that nobody uses, and how many may be active before people are warned.
@Suite struct CleanupTests {
  private func shop(_ more: String = "", _ segments: String...) async throws -> (Shop, Clock) {
    let clock = Clock(Shop.asOf)
    let shop = try await Shop(
      yaml: Shop.yaml + "\n" + more, now: { clock.now },
      segments: segments.joined(separator: "---\n"))
    try await shop.refresh()
    return (shop, clock)
  }

  private func unused(_ shop: Shop) throws -> [String] {
    try shop.service.unusedSegments().map { "\($0.record.name) \($0.lastUsed) \($0.days)" }
  }

  private func deactivated(_ shop: Shop) throws -> [String] {
    try shop.service.deactivateUnused().map { item in
      let record = try item.outcome.get()
      return "\(record.name) \(record.state.rawValue)"
    }
  }

  // MARK: Uses

  @Test func `what nobody uses for 45 days is deactivated, and says so`() async throws {
    let (shop, clock) = try await shop("", Shop.oslo, Shop.coffee)
    // Their time begins with the first look.
    clock.set("2024-04-01T10:00:00Z")
    #expect(try deactivated(shop) == [])
    clock.set("2024-05-16T23:59:59Z")
    #expect(try unused(shop) == [])
    #expect(try await shop.keys("coffee") == ["1", "2"])
    clock.set("2024-05-17T00:00:00Z")
    #expect(try unused(shop) == ["oslo 2024-04-01 46"])
    #expect(try shop.service.record(of: "oslo").state == .active)
    #expect(try deactivated(shop) == ["oslo inactive"])
    #expect(try unused(shop) == [] && deactivated(shop) == [])

    let listed = try shop.service.list()
    #expect(listed.map(\.tags) == [[], ["AutoDeactivated"]])
    #expect(try await shop.keys("oslo") == ["1", "2"])
    // It is no version of its own, and goes with the state that it is about.
    #expect(listed[1].record.version.number == 1)
    try shop.service.change("oslo", [.activate])
    #expect(try shop.service.list().map(\.tags) == [[], []])
    clock.set("2024-07-01T00:00:00Z")
    #expect(try unused(shop).map { $0.prefix(6) } == ["coffee"])
    clock.set("2024-07-02T00:00:00Z")
    #expect(try unused(shop) == ["coffee 2024-05-16 47", "oslo 2024-05-17 46"])
  }

  @Test func `to be used is to be read, referred to, changed, or kept as a file`() async throws {
    let (shop, clock) = try await shop("", Shop.oslo, Shop.coffee, Shop.fans, Shop.newcomers)
    #expect(try deactivated(shop) == [])
    clock.set("2024-05-01T12:00:00Z")
    _ = try await shop.service.why(segment: "fans", key: "1")
    try shop.service.change("coffee", [.addTags(["x"])])
    try shop.service.change("newcomers", [.outputFile(true)])
    clock.set("2024-06-01T00:00:00Z")
    #expect(try unused(shop) == [])
    // The one that refers to it is used; then it is not any more, and the other's time begins.
    clock.set("2024-06-16T00:00:00Z")
    #expect(try deactivated(shop) == ["coffee inactive", "fans inactive"])
    clock.set("2024-07-31T00:00:00Z")
    #expect(try deactivated(shop) == [])
    clock.set("2024-08-01T00:00:00Z")
    #expect(try deactivated(shop) == ["oslo inactive"])
    #expect(try shop.service.record(of: "newcomers").state == .active)
  }

  @Test func `reading is noted once a day, and by the next process too`() async throws {
    let (shop, clock) = try await shop("", Shop.oslo)
    let id = try shop.service.record(of: "oslo").id
    #expect(try shop.service.store.lastUses() == [:])
    _ = try await shop.keys("oslo")
    let first = try #require(try shop.service.store.lastUse(of: id))
    #expect(CivilDate(days: first) == CivilDate("2024-03-31"))
    let revision = try shop.service.record(of: "oslo").revision
    clock.set("2024-04-02T00:00:01Z")
    _ = try await shop.service.preview(segment: "oslo")
    #expect(try shop.service.store.lastUse(of: id) == first + 2)
    #expect(try shop.service.record(of: "oslo").revision == revision)
    // A clock that is put back takes nothing away.
    clock.set("2024-03-01T00:00:00Z")
    _ = try await shop.keys("oslo")
    #expect(try shop.service.store.lastUse(of: id) == first + 2)
  }

  @Test func `who is exempt, a draft, inactive or just activated stays as it is`() async throws {
    let (shop, clock) = try await shop(
      "cleanup: {unusedFor: 1 week}\n", Shop.oslo, Shop.coffee, Shop.newcomers, Shop.heavy)
    #expect(try deactivated(shop) == [])
    try shop.service.change("oslo", [.exempt(true)])
    try shop.service.change("coffee", [.deactivate])
    _ = try shop.service.submit([DefinitionSource(text: "{segment: newcomers, rules: 7}")])
    try shop.service.change(
      "heavy", [.planActivation(PlannedChange(at: clock.now.microseconds + 1, timeZone: "UTC"))])
    clock.set("2024-04-09T00:00:00Z")
    try shop.service.change("heavy", [.deactivate])
    try shop.service.change("heavy", [.activate])
    #expect(try deactivated(shop) == [])
    try shop.service.change("oslo", [.exempt(false)])
    clock.set("2024-04-17T00:00:00Z")
    #expect(try deactivated(shop) == ["heavy inactive", "oslo inactive"])
  }

  @Test func `the tag goes by hand too, and needs no room among twenty others`() async throws {
    let (shop, clock) = try await shop("", Shop.oslo)
    #expect(try deactivated(shop) == [])
    try shop.service.change("oslo", [.addTags((1...20).map { "tag \($0)" })])
    clock.set("2024-12-01T00:00:00Z")
    #expect(try deactivated(shop) == ["oslo inactive"])
    #expect(try shop.service.list()[0].tags.count == 21)
    try shop.service.change("oslo", [.removeTags(["AutoDeactivated"])])
    #expect(try shop.service.list()[0].tags.count == 20)
    #expect(try shop.service.record(of: "oslo").state == .inactive)
  }

  @Test func `the schedule looks once a day, unless it is off`() async throws {
    let (shop, clock) = try await shop("", Shop.oslo)
    #expect(try shop.service.cleanUpDaily()?.isEmpty == true)
    #expect(try shop.service.cleanUpDaily() == nil)
    clock.set("2024-06-01T00:00:00Z")
    #expect(try shop.service.cleanUpDaily()?.map(\.segment) == ["oslo"])
    #expect(try shop.service.record(of: "oslo").changedBy == "schedule")
    #expect(try shop.service.cleanUpDaily() == nil)

    let (other, later) = try await self.shop("cleanup: {unusedFor: off}\n", Shop.oslo)
    #expect(try other.service.cleanUpDaily()?.isEmpty == true)
    later.set("2030-01-01T00:00:00Z")
    #expect(try other.service.cleanUpDaily()?.isEmpty == true)
  }

  // MARK: Limit

  @Test(arguments: [
    (8, ActiveSegments.Level.fine), (9, .near), (10, .reached), (11, .exceeded), (0, .fine),
  ]) func `people are warned near, at and past the limit`(count: Int, level: ActiveSegments.Level) {
    let active = ActiveSegments(count: count, limit: 10)
    #expect(active.level == level && (active.warning == nil) == (level == .fine))
  }

  @Test func `only active segments count`() async throws {
    let (shop, _) = try await shop("limits: {activeSegments: 2}\n", Shop.oslo, Shop.coffee)
    #expect(try shop.service.activeSegments() == ActiveSegments(count: 2, limit: 2))
    try shop.save(Shop.newcomers)
    #expect(try shop.service.activeSegments().level == .exceeded)
    try shop.service.change("oslo", [.deactivate])
    try shop.service.delete("coffee")
    #expect(try shop.service.activeSegments() == ActiveSegments(count: 1, limit: 2))
  }
}
