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
  static let sets = [
    "chinook", "northwind", "pagila", "contoso_ci", "adventureworks", "online_retail", "cdnow",
    "telco_churn", "bank_marketing",
  ]

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
    let report = try await workspace.service.load()
    #expect(report.tables.flatMap(\.problems) == [], "\(set)")
    let checks = try Document.file(folder.appending(path: "checks.yaml"))
    try await CheckedData(checks: checks, workspace: workspace).check(report)
  }
}

/// The `checks.yaml` of one set, and its workspace, loaded.
///
/// `asOf`; `orphans`, the foreign keys without target that the load must count, all of them; `views` for the SQL of the
/// file; `totals`, SQL with the figure to expect, or one per group; `checks`, definitions with their `count`, `members`,
/// `sql` and `projected`.
private struct CheckedData {
  let checks: Document
  let workspace: TestWorkspace
  let asOf: Instant

  init(checks: Document, workspace: TestWorkspace) throws {
    self.checks = checks
    self.workspace = workspace
    guard let asOf = checks["asOf"]?.plain.flatMap({ Instant($0) }) else {
      throw TestFailure("no asOf")
    }
    self.asOf = asOf
  }

  func check(_ report: LoadReport) async throws {
    if let orphans = checks["orphans"]?.entries {
      let found = report.tables.flatMap(\.orphans).map { "\($0.relationship): \($0.rows)" }
      let wanted = orphans.map { "\($0.key): \($0.value.plain ?? "")" }
      #expect(found.sorted() == wanted.sorted(), "orphans")
    }
    for total in checks["totals"]?.items ?? [] { try await check(total: total) }
    for check in checks["checks"]?.items ?? [] { try await self.check(check) }
  }

  /// Hand-written SQL, over the tables and the views that the file itself defines.
  private func sql(_ text: String, members: String? = nil) async throws -> [[DuckDBValue]] {
    var views = (checks["views"]?.entries ?? []).map { ($0.key, $0.value.plain ?? "") }
    if let members { views.append(("members", "SELECT #1 AS key FROM read_parquet('\(members)')")) }
    return try await workspace.sql(text, views: views)
  }

  /// A figure over rows: one value, or one per group.
  private func check(total: Document) async throws {
    guard let query = total["sql"]?.plain, let expected = total["expect"] else {
      throw TestFailure("a total without sql or expect")
    }
    let name = total["name"]?.plain ?? query
    let rows = try await sql(query)
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

  private func check(_ check: Document) async throws {
    let name = check["name"]?.plain ?? ""
    guard let document = check["definition"] else { throw TestFailure("\(name): no definition") }
    let definition: SegmentDefinition
    do {
      definition = try SegmentDefinition(decoding: document)
      let instant = check["asOf"]?.plain.flatMap { Instant($0) } ?? asOf
      let count = try await workspace.refresh(definition, asOf: instant).result.count
      if let wanted = check["count"]?.plain { #expect("\(count)" == wanted, "\(name)") }
    } catch {
      Issue.record("\(name): \(error)")
      return
    }
    try await checkMembers(of: definition.name, check, name)
    try await checkProjected(of: definition.name, check, name)
  }

  /// As DuckDB compares them, since segments may be large.
  private func checkMembers(of segment: String, _ check: Document, _ name: String) async throws {
    let file = workspace.root.appending(path: "members.parquet").path
    try await workspace.service.writeMembersAsParquet(MemberSelection(segment: segment), to: file)
    if let members = check["members"] {
      let wanted = sortedKeys(members.items.compactMap(\.plain))
      let keys = try await sql("SELECT key FROM members", members: file)
      #expect(sortedKeys(keys.map { $0[0].plainText }) == wanted, "\(name)")
    }
    if let query = check["sql"]?.plain {
      let difference = try await sql(
        """
        WITH wanted(key) AS MATERIALIZED (\(query))
        (SELECT 'too many', key FROM (SELECT key FROM members EXCEPT SELECT key FROM wanted))
        UNION ALL
        (SELECT 'too few', key FROM (SELECT key FROM wanted EXCEPT SELECT key FROM members))
        """, members: file)
      let examples = difference.prefix(5).map { "\($0[0].plainText): \($0[1].plainText)" }
      #expect(difference.count == 0, "\(name): not as the SQL says, \(examples)")
    }
  }

  private func checkProjected(of segment: String, _ check: Document, _ name: String) async throws {
    guard let projected = check["projected"]?.entries else { return }
    let rows = try await workspace.members(segment)
    let published = TestWorkspace.Published(rows: rows, counts: [], warnings: [])
    for member in projected {
      for wanted in member.value.entries {
        #expect(
          published.value(wanted.key, of: member.key) == wanted.value.canonical,
          "\(name): \(wanted.key) of \(member.key)")
      }
    }
  }
}
