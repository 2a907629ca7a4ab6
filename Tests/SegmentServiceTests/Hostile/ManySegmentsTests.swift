import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Very many definitions at once, and very large ones.
@Suite struct ManySegmentsTests {
  /// A chain of ten each, so that there are references to follow.
  private func segment(_ number: Int) -> String {
    let rule = "{match: {attribute: Customer.Points, is: greaterThan, value: \(number % 60)}}"
    let reference = ", {combine: union, match: {is: memberOf, value: s\(number - 1)}}"
    return "{segment: s\(number), rules: [\(rule)\(number % 10 == 0 ? "" : reference)]}"
  }

  /// `MUSTER_MANY_REFRESHED` says how many are refreshed together.
  private static let refreshed =
    ProcessInfo.processInfo.environment["MUSTER_MANY_REFRESHED"].flatMap { Int($0) } ?? 200

  @Test func `5,000 segments are saved at once, and many refreshed together`() async throws {
    let shop = try await Shop()
    let text = (0..<5_000).map(segment).joined(separator: "\n---\n")
    #expect(try shop.service.save(text).count == 5_000)
    let some = (0..<Self.refreshed).map { "s\($0)" }
    let refreshed = try await shop.service.refresh(some, asOf: Shop.asOf)
    #expect(refreshed.compactMap(\.run.result).count == Self.refreshed)
    // s19 is everybody who has more than 10 points: s10 of its chain.
    #expect(refreshed.first { $0.run.segment == "s19" }?.run.result?.count == 3)
  }

  @Test func `of 5,000 definitions one is wrong: it is named`() async throws {
    let shop = try await Shop()
    var texts = (0..<5_000).map(segment)
    texts[4_321] = "{segment: s4321, rules: [{match: {attribute: Customer.Pionts, is: empty}}]}"
    let errors = try #require(
      #expect(throws: DefinitionErrors.self) {
        try shop.service.validate(texts.joined(separator: "\n---\n"))
      })
    #expect(errors.all.map(\.segment) == ["s4321"])
    #expect(errors.all[0].diagnostics.all.map(\.line) == [2 * 4_321 + 1])
  }

  @Test func `10,000 conditions in one definition are refreshed`() async throws {
    let shop = try await Shop()
    let conditions = (0..<9_999).map { number in
      number % 2 == 0
        ? "{attribute: Customer.Points, isNot: equalTo, value: \(number + 1_000)}"
        : "{attribute: Customer.City, isNot: equalTo, value: x\(number)}"
    }
    try shop.save(
      "{segment: s, rules: [{match: {all: [\(conditions.joined(separator: ","))]}}]}")
    #expect(try await shop.result("s").count == 5)
  }
}
