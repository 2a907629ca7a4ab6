import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Members page by page: together they are the list, whatever happens in between.
@Suite struct MemberPageTests {
  private static let everybody =
    "{segment: everybody, rules: [{match: {attribute: Customer.Id, isNot: empty}}], project: [Customer.City]}\n"

  private func keys(_ page: MemberPage) -> [Int64?] { page.rows.rows.map { $0[0].integer } }

  /// All pages of a selection, through positions as text.
  private func pages(_ shop: Shop, _ selection: MemberSelection, limit: Int) async throws
    -> [MemberPage]
  {
    var pages: [MemberPage] = []
    var position: MemberPosition?
    repeat {
      let page = try await shop.service.membersPage(selection, after: position, limit: limit)
      pages.append(page)
      position = try page.next.map { try #require(MemberPosition($0.description)) }
    } while position != nil
    return pages
  }

  @Test func `pages together are the list`() async throws {
    let shop = try await Shop(segments: Self.everybody)
    try await shop.result("everybody")
    for (limit, expected) in [(1, 5), (2, 3), (4, 2), (5, 1), (6, 1)] {
      let pages = try await pages(shop, MemberSelection(segment: "everybody"), limit: limit)
      #expect(pages.count == expected)
      #expect(pages.flatMap(keys) == [1, 2, 3, 4, 5])
      #expect(pages.allSatisfy { $0.count == 5 })
    }
    let page = try await shop.service.membersPage(MemberSelection(segment: "everybody"), limit: 1)
    #expect(page.rows.columns == ["Id", "Customer.City"])
    #expect(page.rows.rows == [[.integer(1), .text("Oslo")]])
  }

  @Test func `a position stays with its run although the segment is refreshed`() async throws {
    let shop = try await Shop(segments: Self.everybody)
    try await shop.result("everybody")
    let selection = MemberSelection(segment: "everybody")
    let first = try await shop.service.membersPage(selection, limit: 2)
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n3,Rome,1,\n9,Rome,1,\n")
    try await shop.result("everybody")
    let second = try await shop.service.membersPage(selection, after: first.next, limit: 2)
    #expect(second.run.id == first.run.id && keys(second) == [3, 4])
    #expect(second.rows.rows[0][1] == .text("Bergen"))
    #expect(keys(try await shop.service.membersPage(selection)) == [3, 9])
  }

  @Test func `pages of a run whose members are gone are refused with the reason`() async throws {
    let shop = try await Shop(
      yaml: Shop.yaml + "\nretention: {dataVersions: 1, members: 1}", segments: Self.everybody)
    let first = try await shop.result("everybody")
    let page = try await shop.service.membersPage(
      MemberSelection(segment: "everybody"), limit: 2)
    for points in 1...3 {
      try await shop.load("Customer.csv", "Id,City,Points,Joined\n1,Oslo,\(points),\n")
      try await shop.result("everybody")
    }
    #expect(first.count == 5)
    await #expect(throws: WorkspaceError.membersGone(run: page.run.id)) {
      try await shop.service.membersPage(
        MemberSelection(segment: "everybody"), after: page.next, limit: 2)
    }
  }

  @Test func `entered and exited have pages too`() async throws {
    let shop = try await Shop(segments: Self.everybody)
    try await shop.result("everybody")
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n3,Rome,1,\n8,Rome,1,\n9,Rome,1,\n")
    try await shop.result("everybody")
    let entered = try await pages(
      shop, MemberSelection(segment: "everybody", part: .entered), limit: 1)
    #expect(entered.flatMap(keys) == [8, 9] && entered[0].count == 2)
    let exited = try await pages(
      shop, MemberSelection(segment: "everybody", part: .exited), limit: 3)
    #expect(exited.flatMap(keys) == [1, 2, 4, 5])
  }

  @Test func `a position of other members is refused`() async throws {
    let shop = try await Shop(segments: Self.everybody, Shop.oslo)
    try await shop.refresh()
    let page = try await shop.service.membersPage(
      MemberSelection(segment: "everybody"), limit: 2)
    let next = try #require(page.next)
    await #expect(throws: PositionError.ofOther(run: page.run.id, part: .all)) {
      try await shop.service.membersPage(
        MemberSelection(segment: "everybody", part: .entered), after: next)
    }
    await #expect(throws: PositionError.ofOther(run: page.run.id, part: .all)) {
      try await shop.service.membersPage(
        MemberSelection(segment: "everybody", run: page.run.id + 100), after: next)
    }
    await #expect(throws: WorkspaceError.noRun(page.run.id, segment: "oslo")) {
      try await shop.service.membersPage(MemberSelection(segment: "oslo"), after: next)
    }
  }

  @Test(arguments: [
    ProfileKey.integer(-5), .integer(.max), .text(""), .text(" a b "), .text("é e\u{301} 😀"),
  ])
  func `positions are read back as they were`(key: ProfileKey) throws {
    let position = MemberPosition(run: 7, part: .exited, after: key)
    let text = position.description
    #expect(text.utf8.allSatisfy { Character(UnicodeScalar($0)).isLetter || $0 < 0x80 })
    #expect(!text.contains { "+/= ".contains($0) })
    #expect(MemberPosition(text) == position)
  }

  @Test(arguments: ["", "x", "5", "!!", "NyBhbGwgbiB4", "NyBhbGw", "eCBhbGwgbiAx", "🦀"])
  func `other texts are no positions`(text: String) {
    #expect(MemberPosition(text) == nil)
  }
}

extension ProfileKey {
  fileprivate static func text(_ text: String) -> ProfileKey { .text(Text(text)) }
}
