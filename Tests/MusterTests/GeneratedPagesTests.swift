import Foundation
import Testing

@testable import muster

@Suite struct GeneratedPagesTests {
  private static let docs = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "docs")

  @Test func `the operator reference is up to date, else run make reference`() throws {
    #expect(try page("OPERATORS.md") == referenceText() + "\n")
  }

  @Test func `the reference of settings is up to date, else run make reference`() throws {
    #expect(try page("SETTINGS.md") == settingsReference() + "\n")
  }

  @Test func `the schema of definitions is up to date, else run make reference`() throws {
    #expect(try page("definition.schema.json") == schemaText() + "\n")
  }

  private func page(_ name: String) throws -> String {
    try String(contentsOf: Self.docs.appending(path: name), encoding: .utf8)
  }
}
