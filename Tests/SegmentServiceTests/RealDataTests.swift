import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

/// Segments over real data sets against published figures and hand-written SQL.
///
/// The data is read from `MUSTER_TEST_DATA`, or `../shared/data` beside the checkout; where it is absent the
/// tests are skipped, except in CI.
@Suite(.serialized) struct RealDataTests {
  static let data = URL(
    fileURLWithPath: ProcessInfo.processInfo.environment["MUSTER_TEST_DATA"]
      ?? TestFiles.checkout.appending(path: "../shared/data").path
  ).standardizedFileURL
  static let isThere = FileManager.default.fileExists(atPath: data.path)
  static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
  static let sets = ["chinook", "northwind", "pagila", "contoso_ci"]

  @Test func dataIsThereInCI() {
    if RealDataTests.isCI {
      #expect(RealDataTests.isThere, "no real data in \(RealDataTests.data.path)")
    }
  }

  @Test(
    .enabled(if: isThere, "no real data; set MUSTER_TEST_DATA to its folder"),
    arguments: sets)
  func reproduces(_ set: String) async throws {
    let folder = TestFiles.tests.appending(path: "RealData/\(set)")
    let workspace = try TestWorkspace { root in
      try FileManager.default.copyItem(
        at: folder.appending(path: "workspace.yaml"), to: root.appending(path: "workspace.yaml"))
      try FileManager.default.createSymbolicLink(
        at: root.appending(path: "data"),
        withDestinationURL: RealDataTests.data.appending(path: set))
    }
    _ = try await workspace.service.load()
    let checks = try Document.file(folder.appending(path: "checks.yaml"))
    guard let asOf = checks["asOf"]?.plain.flatMap({ Instant($0) }) else {
      throw TestFailure("\(set): no asOf")
    }
    for total in checks["totals"]?.items ?? [] {
      try await check(total: total, in: workspace)
    }
    for check in checks["checks"]?.items ?? [] {
      try await self.check(check, asOf: asOf, in: workspace)
    }
  }

  /// A figure over rows: one value, or one per group.
  private func check(total: Document, in workspace: TestWorkspace) async throws {
    guard let sql = total["sql"]?.plain, let expected = total["expect"] else {
      throw TestFailure("a total without sql or expect")
    }
    let name = total["name"]?.plain ?? sql
    let rows = try await workspace.sql(sql)
    guard expected.entries.isEmpty else {
      let found = rows.map { "\($0[0].plainText): \(canonical($0[1]))" }.sorted()
      let wanted = expected.entries.map { "\($0.key): \($0.value.canonical)" }.sorted()
      #expect(found == wanted, "\(name)")
      return
    }
    #expect(rows.first.map { canonical($0[0]) } == expected.canonical, "\(name)")
  }

  private func canonical(_ value: DuckDBValue) -> Document.Canonical {
    let text = value.plainText
    return .value(ExactNumber(text)?.description ?? text)
  }

  private func check(_ check: Document, asOf: Instant, in workspace: TestWorkspace) async throws {
    let name = check["name"]?.plain ?? ""
    guard let document = check["definition"] else { throw TestFailure("\(name): no definition") }
    let published: TestWorkspace.Published
    do {
      let definition = try SegmentDefinition(decoding: document)
      let instant = check["asOf"]?.plain.flatMap { Instant($0) } ?? asOf
      published = try await workspace.publish(definition, asOf: instant)
    } catch {
      Issue.record("\(name): \(error)")
      return
    }
    if let count = check["count"]?.plain {
      #expect("\(published.rows.count)" == count, "\(name)")
    }
    if let members = check["members"] {
      let wanted = sortedKeys(members.items.compactMap(\.plain))
      #expect(sortedKeys(published.keys) == wanted, "\(name)")
    }
    if let sql = check["sql"]?.plain {
      let rows = try await workspace.sql(sql)
      let wanted = Set(rows.map { Text($0[0].plainText) }).sorted()
      #expect(sortedKeys(published.keys) == wanted, "\(name): SQL")
    }
    for member in check["projected"]?.entries ?? [] {
      for wanted in member.value.entries {
        #expect(
          published.value(wanted.key, of: member.key) == wanted.value.canonical,
          "\(name): \(wanted.key) of \(member.key)")
      }
    }
  }
}
