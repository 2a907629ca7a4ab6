import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// The built-in company end to end: every segment against SQL written by hand from its description.
@Suite(.serialized) struct SampleCompanyTests {
  static let asOf = Instant("2026-11-21T09:00:00Z")!
  static let checks = TestFiles.tests.appending(path: "Sample/checks")

  @Test func segmentsAgreeWithHandWrittenSQL() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "sample-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let company = SampleCompany(customers: 5_000, seed: 3, today: CivilDate("2026-11-21")!)
    try await company.write(to: folder)
    let service = try SegmentService(
      folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    let report = try await service.load()
    #expect(report.tables.allSatisfy { $0.rows > 0 })
    _ = try service.save(SampleCompany.segmentsText)
    let refreshed = try await service.refresh(asOf: SampleCompanyTests.asOf)
    #expect(refreshed.count >= 20)
    try await DefinitionFolder.expectIdentity(of: service, "the sample company")

    let connection = try service.database.connect()
    for part in try service.snapshot().version.parts.values {
      _ = try await connection.execute(
        "CREATE TEMP VIEW \(identifier: part.table) AS SELECT * FROM \(identifier: part.storedName)"
      )
    }
    for statement in try sql("prelude").components(separatedBy: ";\n") {
      let text = statement.replacing("$as_of", with: "2026-11-21 09:00:00")
        .replacing("CREATE MACRO", with: "CREATE TEMP MACRO")
      guard text.contains("MACRO") else { continue }
      _ = try await connection.execute(SQLQuery(stringLiteral: text))
    }
    for segment in refreshed {
      let name = segment.run.segment
      let result = try #require(segment.run.result, "\(name): \(segment.run.cause ?? "")")
      #expect(result.count > 0, "\(name) is empty")
      let rows = try await connection.rows(SQLQuery(stringLiteral: try sql(name)))
      let wanted = Set(rows.map { Text($0[0].plainText) })
      let keys = Guarded<Set<Text>>([])
      try await service.writeMembers(MemberSelection(segment: name), as: .ndjson) { piece in
        for line in String(decoding: piece, as: UTF8.self).split(separator: "\n") {
          let key = try Document.parse(String(line))[0].entries[0].value.plain ?? ""
          keys.withLock { _ = $0.insert(Text(key)) }
        }
      }
      #expect(keys.withLock { $0.count } == result.count, "\(name)")
      #expect(keys.withLock { $0 } == wanted, "\(name)")
    }
  }

  private func sql(_ name: String) throws -> String {
    try String(
      contentsOf: SampleCompanyTests.checks.appending(path: "\(name).sql"), encoding: .utf8)
  }
}
