import Foundation
import SegmentEngines
import Testing

@testable import SegmentCompiler
@testable import SegmentService

/// Every file of `Tests/Cases` through every stage: load, decode, plan, render, evaluate, publish, read, export and back.
@Suite(.serialized) struct CaseTests {
  static let files = TestFiles.all(in: TestFiles.tests.appending(path: "Cases"), ending: ".yaml")

  @Test func thereAreCases() { #expect(CaseTests.files.count > 60) }

  @Test(arguments: files) func caseFile(_ url: URL) async throws {
    let file = try CaseFile(url)
    let workspace = try TestWorkspace { try file.write(to: $0) }
    _ = try await workspace.service.load()
    for segment in file.segments {
      _ = try await workspace.publish(segment, asOf: file.asOf)
    }
    if file.hasLaterData {
      try file.writeLaterData(to: workspace.root)
      _ = try await workspace.service.load()
    }
    for testCase in file.cases { try await testCase.check(in: workspace) }
    try await DefinitionFolder.expectIdentity(of: workspace.service, url.lastPathComponent)
  }
}

/// One file of `Tests/Cases`.
struct CaseFile {
  let document: Document
  let asOf: Instant
  let segments: [SegmentDefinition]
  let cases: [TestCase]

  init(_ url: URL) throws {
    document = try Document.file(url)
    guard let asOf = document["asOf"]?.plain.flatMap({ Instant($0) }) else {
      throw TestFailure("\(url.lastPathComponent) has no asOf")
    }
    self.asOf = asOf
    segments = try (document["segments"]?.items ?? []).map { try SegmentDefinition(decoding: $0) }
    cases = (document["cases"]?.items ?? []).map { TestCase(document: $0, asOf: asOf) }
  }

  var hasLaterData: Bool { !(document["laterData"]?.entries.isEmpty ?? true) }

  func write(to folder: URL) throws {
    let data = document["data"]?.entries ?? []
    guard var workspace = document["workspace"] else { throw TestFailure("no workspace") }
    let tables = (workspace["tables"]?.entries ?? []).map { entry -> Document.Entry in
      guard entry.value["derivedFrom"] == nil else { return entry }
      let file = data.first { CaseFile.table($0.key) == entry.key }
      let name = CaseFile.fileName(file?.key ?? entry.key)
      return Document.Entry(
        key: entry.key, value: entry.value.setting("files", to: .text(name)))
    }
    workspace = workspace.setting("tables", to: Document(.mapping(tables)))
    if workspace["workspace"] == nil {
      workspace = workspace.setting("workspace", to: .text("Case"))
    }
    try Data(workspace.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    try CaseFile.write(data, to: folder)
  }

  func writeLaterData(to folder: URL) throws {
    try CaseFile.write(document["laterData"]?.entries ?? [], to: folder)
  }

  private static func write(_ data: [Document.Entry], to folder: URL) throws {
    for entry in data {
      try Data((entry.value.plain ?? "").utf8).write(
        to: folder.appending(path: fileName(entry.key)))
    }
  }

  private static func table(_ key: String) -> String {
    key.hasSuffix(".ndjson") ? String(key.dropLast(7)) : key
  }

  private static func fileName(_ key: String) -> String {
    key.hasSuffix(".ndjson") ? key : "\(key).csv"
  }
}

/// One case of a file: a definition, and its members or its errors.
struct TestCase {
  let document: Document
  let asOf: Instant

  var name: String { document["name"]?.plain ?? "" }

  func check(in workspace: TestWorkspace) async throws {
    guard let definition = document["definition"] else {
      throw TestFailure("\(name): no definition")
    }
    if let errors = document["errors"] {
      checkErrors(of: definition, expected: errors.items, in: workspace)
      return
    }
    let decoded = try SegmentDefinition(decoding: definition, defaultName: name)
    try checkRoundTrip(decoded)
    let instant = document["asOf"]?.plain.flatMap { Instant($0) } ?? asOf
    let published: TestWorkspace.Published
    do {
      published = try await workspace.publish(decoded, asOf: instant)
    } catch {
      Issue.record("\(name): \(error)")
      return
    }
    try await checkMembers(published, in: workspace)
    checkCounts(published)
    checkProjection(published)
    let warnings = document["warnings"]?.items.compactMap(\.plain) ?? []
    #expect(published.warnings.map(\.code).sorted() == warnings.sorted(), "\(name)")
  }

  private func checkRoundTrip(_ definition: SegmentDefinition) throws {
    #expect(try SegmentDefinition.decodeAll(definition.yaml) == [definition], "\(name): YAML")
    #expect(try SegmentDefinition.decodeAll(definition.json) == [definition], "\(name): JSON")
  }

  private func checkErrors(
    of definition: Document, expected: [Document], in workspace: TestWorkspace
  ) {
    let named =
      definition["segment"] == nil ? definition.setting("segment", to: .text(name)) : definition
    let found: [String]
    do {
      _ = try workspace.service.validate(named.json)
      found = []
    } catch let errors as DefinitionErrors {
      found = errors.all.flatMap { $0.diagnostics.errors }.map { "\($0.code) at \($0.place)" }
    } catch {
      Issue.record("\(name): \(error)")
      return
    }
    let wanted = expected.map { "\($0["code"]?.plain ?? "") at \($0["place"]?.plain ?? "")" }
    #expect(found.sorted() == wanted.sorted(), "\(name)")
  }

  private func checkMembers(_ published: TestWorkspace.Published, in workspace: TestWorkspace)
    async throws
  {
    if let members = document["members"] {
      let wanted = sortedKeys(members.items.compactMap(\.plain))
      #expect(sortedKeys(published.keys) == wanted, "\(name)")
    }
    if let sql = document["sql"]?.plain {
      let rows = try await workspace.sql(sql)
      let wanted = Set(rows.map { Text($0[0].plainText) }).sorted()
      #expect(sortedKeys(published.keys) == wanted, "\(name): SQL")
    }
  }

  private func checkCounts(_ published: TestWorkspace.Published) {
    guard let counts = document["counts"] else { return }
    let wanted = counts.items.map { "\($0["rule"]?.plain ?? "") \($0["cumulative"]?.plain ?? "")" }
    #expect(published.counts.map { "\($0.rule) \($0.cumulative)" } == wanted, "\(name)")
  }

  private func checkProjection(_ published: TestWorkspace.Published) {
    for member in document["projected"]?.entries ?? [] {
      for wanted in member.value.entries {
        #expect(
          published.value(wanted.key, of: member.key) == wanted.value.canonical,
          "\(name): \(wanted.key) of \(member.key)")
      }
    }
  }
}
