import Foundation
import Testing

@testable import SegmentCompiler

/// Everything that the fuzzer ever found, and its seeds, hold what the parsers promise.
@Suite struct FoundInputTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fuzz").standardizedFileURL

  private func inputs(_ folder: String) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(
      at: Self.folder.appending(path: folder), includingPropertiesForKeys: nil)
  }

  @Test func `texts that the fuzzer found are read or refused as any other`() throws {
    let files = try inputs("found/definitions")
    #expect(!files.isEmpty)
    for file in files {
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      #expect(throws: Never.self, "\(file.lastPathComponent)") {
        try ParserProperties.definitions(text)
      }
    }
  }

  @Test func `expressions that the fuzzer found are calculated or refused as any other`() throws {
    let files = try inputs("found/expressions")
    #expect(!files.isEmpty)
    for file in files {
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      #expect(throws: Never.self, "\(file.lastPathComponent)") {
        try ParserProperties.expression(text)
      }
    }
  }

  /// A fuzzer whose properties nothing can violate would find nothing.
  @Test func `the seeds are planned, not only refused`() throws {
    let workspace = try FuzzedWorkspace.value
    let seeds = try String(
      contentsOf: Self.folder.appending(path: "definitions.yaml"), encoding: .utf8)
    let definitions = try SegmentDefinition.decodeAll(seeds)
    #expect(definitions.count > 10)
    for definition in definitions {
      #expect(throws: Never.self, "\(definition.name)") {
        try workspace.planner.plan(definition)
      }
      try ParserProperties.definitions(definition.yaml)
    }
    let expressions = try String(
      contentsOf: Self.folder.appending(path: "expressions.txt"), encoding: .utf8)
    for expression in expressions.split(separator: "\n") {
      #expect(throws: Never.self, "\(expression)") {
        try Calculation(
          String(expression), attributes: workspace.attributes, timeZone: "UTC")
      }
      try ParserProperties.expression(String(expression))
    }
  }
}
