import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

@Suite struct SeveralChangesTests {
  @Test func `of several each is changed whole or not at all`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee)
    let tooMany = SegmentChange.addTags((0...SegmentDefinition.maximumTags).map { "t\($0)" })
    let refused = try shop.service.change(["oslo", "nobody"], [.owner("ann"), tooMany])
    #expect(refused.allSatisfy { (try? $0.outcome.get()) == nil })
    #expect(try shop.service.record(of: "oslo").owner == nil)
    let mixed = try shop.service.change(["oslo", "nobody", "coffee"], [.owner("ann")])
    #expect(mixed.map { (try? $0.outcome.get())?.owner } == ["ann", nil, "ann"])
    #expect(try shop.service.record(of: "coffee").owner == "ann")
  }
}
