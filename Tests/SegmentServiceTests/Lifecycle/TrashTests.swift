import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Deleted segments, and those that come back.
@Suite struct TrashTests {
  @Test func `a deleted segment comes back as it was`() async throws {
    let fans = "{segment: fans, rules: [{match: {is: memberOf, value: oslo}}]}\n"
    let shop = try await Shop(segments: Shop.oslo, fans)
    try await shop.refresh()
    #expect(throws: SegmentInUse.self) { try shop.service.delete("oslo") }
    try shop.service.acting(as: .named("bo")).delete("oslo", evenIfUsed: true)
    #expect(try shop.service.trash().map { "\($0.name) \($0.changedBy ?? "")" } == ["oslo bo"])
    #expect(try await shop.refresh()["fans"]?.status == .failed)
    // Its members are neither garbage nor damage.
    #expect(try await shop.service.collectGarbage().members.isEmpty)
    let report = try await shop.service.check()
    #expect(report.isSound && report.findings.map(\.about) == ["segment 'fans'"])

    let restored = try shop.service.restore(deleted: "oslo")
    #expect(restored.state == .active && restored.outputName == "Oslo")
    #expect(try await shop.keys("oslo") == ["1", "2"])
    #expect(try await shop.refresh()["fans"]?.result?.count == 2)

    try shop.service.delete("fans")
    try shop.service.delete("oslo")
    try shop.save(Shop.oslo)
    #expect(throws: LifecycleError.nameTaken("oslo")) { try shop.service.restore(deleted: "oslo") }
    let other = try shop.service.restore(deleted: "oslo", as: "oslo before")
    #expect(other.outputName == "OsloBefore" && other.version.number == 2)
    #expect(try await shop.keys("oslo before") == ["1", "2"])
    #expect(throws: LifecycleError.notInTrash("oslo", others: ["'fans'"])) {
      try shop.service.emptyTrash(of: "oslo")
    }
    #expect(try shop.service.emptyTrash().map(\.name) == ["fans"])
    #expect(try shop.service.trash().isEmpty)
    #expect(try await shop.service.collectGarbage().members.isEmpty == false)
  }
}
