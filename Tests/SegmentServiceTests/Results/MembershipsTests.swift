import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Which segments a profile is a member of, however they change.
@Suite struct MembershipsTests {
  private func names(_ shop: Shop, _ key: String) async throws -> [String] {
    try await shop.service.segments(ofKey: key).segments.map(\.segment)
  }

  @Test func `all segments in force that hold the profile are found`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Shop.newcomers)
    #expect(try await names(shop, "1") == [])
    try await shop.refresh()
    #expect(try await names(shop, "1") == ["coffee", "oslo"])
    #expect(try await names(shop, "4") == ["newcomers"])
    #expect(try await names(shop, "5") == [])
    let found = try await shop.service.segments(ofKey: "2", audience: "Customer")
    #expect(found.audience == "Customer" && found.key == .integer(2) && found.unreadable == [])
    let oslo = try #require(try shop.service.history(of: "oslo").first)
    let membership = try #require(found.segments.last)
    #expect(membership.run == oslo.id && membership.state == .active)
    #expect(membership.asOf == Shop.asOf && membership.refreshed.microseconds == oslo.finished)
  }

  @Test func `refreshes, deactivation, the trash and renaming are seen at once`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    try await shop.refresh()
    #expect(try await names(shop, "3") == [])
    try await shop.load("Customer.csv", Shop.customers.replacing("3,Bergen", with: "3,Oslo"))
    #expect(try await names(shop, "3") == [])
    try await shop.refresh(["oslo"])
    #expect(try await names(shop, "3") == ["oslo"])
    _ = try shop.service.change("oslo", [.deactivate])
    let inactive = try await shop.service.segments(ofKey: "3").segments
    #expect(inactive.map(\.segment) == ["oslo"] && inactive.map(\.state) == [.inactive])
    try shop.service.delete("oslo")
    #expect(try await names(shop, "3") == [])
    _ = try shop.service.restore(deleted: "oslo", as: "norway")
    #expect(try await names(shop, "3") == ["norway"])
  }

  @Test func `sets that do not fit into memory are read from their files`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    try await shop.refresh()
    let service = shop.service
    let index = MembershipIndex(service.folder, soleAudience: "Customer", limit: 1)
    let table = try index.table(of: "Customer", in: service.store)
    #expect(table.entries.count == 2 && table.entries.allSatisfy { $0.members == nil })
    let kept = try service.memberships.table(of: "Customer", in: service.store)
    #expect(kept.entries.allSatisfy { $0.members != nil })
    for ordinal in UInt32(0)..<6 {
      let (read, unreadable) = table.segments(of: ordinal, in: service.folder)
      #expect(read == kept.segments(of: ordinal, in: service.folder).0 && unreadable.isEmpty)
    }
    #expect(table.segments(of: 0, in: service.folder).0.map(\.segment) == ["coffee", "oslo"])
  }

  @Test func `keys that are asked for again are kept, for the data in force alone`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try await shop.refresh()
    let service = shop.service
    func isKept() -> Bool { service.keys.isKept("Customer") }
    #expect(try await names(shop, "1") == ["oslo"])
    try await Task.sleep(for: .milliseconds(50))
    #expect(!isKept(), "one question is not worth it")
    #expect(try await names(shop, "3") == [])
    while !isKept() { try await Task.sleep(for: .milliseconds(5)) }
    #expect(try await names(shop, "1") == ["oslo"])
    await #expect(throws: WorkspaceError.noProfile(key: "99", audience: "Customer")) {
      try await names(shop, "99")
    }
    try await shop.load("Customer.csv", Shop.customers + "99,Oslo,1,2024-01-01\n")
    #expect(try await names(shop, "99") == [])
    try await shop.refresh()
    #expect(try await names(shop, "99") == ["oslo"])
    while !isKept() {
      #expect(try await names(shop, "99") == ["oslo"])
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try await names(shop, "99") == ["oslo"])
    service.keys.forget()
    #expect(!isKept())
  }

  @Test func `of too many profiles no keys are kept`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let snapshot = try shop.service.snapshot()
    let audience = try #require(snapshot.catalog.audience("Customer"))
    let engine = shop.service.engine
    let all = try #require(
      try await engine.ordinals(of: audience, upTo: 1_000, in: snapshot.version))
    #expect(
      try await engine.ordinals(of: Array(all.keys), audience: audience, in: snapshot.version)
        == all)
    #expect(
      try await engine.ordinals(of: audience, upTo: all.count - 1, in: snapshot.version) == nil)
  }

  @Test func `damaged members are told, not left out`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    let runs = try await shop.refresh()
    try Shop.damage(shop.membersFile(of: runs["oslo"]))
    let found = try await shop.service.segments(ofKey: "1")
    #expect(found.segments.map(\.segment) == ["coffee"] && found.unreadable == ["oslo"])
  }

  @Test func `an erased profile is in no segment`() async throws {
    let club = try await Club.withHistory()
    let before = try await club.service.segments(ofKey: Club.key, audience: "Member")
    #expect(!before.segments.isEmpty)
    let other = try await club.service.segments(ofKey: "a", audience: "Member")
    try await club.erase()
    await #expect(throws: WorkspaceError.noProfile(key: Club.key, audience: "Member")) {
      try await club.service.segments(ofKey: Club.key, audience: "Member")
    }
    let after = try await club.service.segments(ofKey: "a", audience: "Member")
    #expect(after.segments == other.segments && after.unreadable == [])
  }

  @Test func `what is no key is refused`() async throws {
    let shop = try await Shop()
    await #expect(throws: WorkspaceError.noProfile(key: "77", audience: "Customer")) {
      try await shop.service.segments(ofKey: "77")
    }
    await #expect(throws: WorkspaceError.wrongKey("x", audience: "Customer")) {
      try await shop.service.segments(ofKey: "x")
    }
    await #expect(
      throws: WorkspaceError.unknownAudience(
        "Custome", known: ["Customer"], hint: "Did you mean 'Customer'?")
    ) {
      try await shop.service.segments(ofKey: "1", audience: "Custome")
    }
  }
}
