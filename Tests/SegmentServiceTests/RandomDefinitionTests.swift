import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

/// Random definitions over random data, each compared with the oracle of `Tests/Oracle`, which shares
/// nothing with the engine.
///
/// `MUSTER_RANDOM_DEFINITIONS` says how many (1,000 unless set, 10,000 in CI), `MUSTER_RANDOM_SEED` where
/// they start.
@Suite(.serialized) struct RandomDefinitionTests {
  static let environment = ProcessInfo.processInfo.environment
  static let definitions =
    environment["MUSTER_RANDOM_DEFINITIONS"].flatMap { Int($0) }
    ?? (environment["CI"] == "true" ? 10_000 : 1_000)
  /// Why is asked of every case, but of some 2,000 at the most: it takes as long as all the rest.
  static let casesPerWhy = max(1, definitions / 2_000)
  static let seed = environment["MUSTER_RANDOM_SEED"].flatMap { Int($0) } ?? 1

  @Test func engineAgreesWithOracle() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "muster-oracle-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try generate(into: folder)
    let dataSets = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(!dataSets.isEmpty)
    let processors = ProcessInfo.processInfo.activeProcessorCount
    await withTaskGroup(of: Void.self) { group in
      for first in 0..<processors {
        group.addTask {
          for index in stride(from: first, to: dataSets.count, by: processors) {
            await self.checkRecording(folder.appending(path: dataSets[index]))
          }
        }
      }
    }
  }

  /// A data set that cannot be checked at all does not keep the others from it.
  private func checkRecording(_ dataSet: URL) async {
    do {
      try await check(dataSet)
    } catch {
      Issue.record("\(dataSet.lastPathComponent): \(error)")
    }
  }

  private func generate(into folder: URL) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", TestFiles.tests.appending(path: "Oracle").path, "generate",
      "--seed", "\(RandomDefinitionTests.seed)",
      "--definitions", "\(RandomDefinitionTests.definitions)", "--per-data-set", "25",
      "--out", folder.path,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw TestFailure("the oracle failed") }
  }

  private func check(_ dataSet: URL) async throws {
    let workspace = try TestWorkspace { folder in
      for name in ["workspace.yaml", "data"] {
        try FileManager.default.copyItem(
          at: dataSet.appending(path: name), to: folder.appending(path: name))
      }
    }
    _ = try await workspace.service.load()
    try await check(cases: dataSet.appending(path: "cases.jsonl"), in: workspace)
    let later = dataSet.appending(path: "cases2.jsonl")
    guard FileManager.default.fileExists(atPath: later.path) else { return }
    let data = workspace.root.appending(path: "data")
    try FileManager.default.removeItem(at: data)
    try FileManager.default.copyItem(at: dataSet.appending(path: "load2"), to: data)
    _ = try await workspace.service.load()
    try await check(cases: later, in: workspace)
  }

  private func check(cases file: URL, in workspace: TestWorkspace) async throws {
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let universes = Universes(workspace: workspace)
    for (index, line) in lines.enumerated() {
      let testCase = try Document.parse(String(line))[0]
      guard let definition = testCase["definition"], let id = testCase["id"]?.plain,
        let asOf = testCase["asOf"]?.plain.flatMap({ Instant($0) })
      else { throw TestFailure("a case without definition") }
      let place =
        "seed \(RandomDefinitionTests.seed), \(file.deletingLastPathComponent().lastPathComponent)/\(id)"
      do {
        let decoded = try SegmentDefinition(decoding: definition)
        #expect(try SegmentDefinition.decodeAll(decoded.yaml) == [decoded], "\(place): YAML")
        let published = try await workspace.publish(decoded, asOf: asOf)
        compare(published, with: testCase, place)
        let universe = try await universes.keys(of: decoded)
        if index.isMultiple(of: RandomDefinitionTests.casesPerWhy) {
          try await checkWhy(decoded, published, universe: universe, in: workspace, place)
        }
        if index.isMultiple(of: 10) {
          try await checkPartition(
            decoded, published, asOf: asOf, universe: universe, in: workspace, place)
        }
      } catch {
        Issue.record("\(place): \(error)\n\(definition.json)")
      }
    }
  }

  private func compare(
    _ published: TestWorkspace.Published, with testCase: Document, _ place: String
  ) {
    let definition = testCase["definition"]?.json ?? ""
    let wanted = sortedKeys((testCase["members"]?.items ?? []).compactMap(\.plain))
    #expect(sortedKeys(published.keys) == wanted, "\(place)\n\(definition)")
    let counts = (testCase["counts"]?.items ?? []).map {
      "\($0["rule"]?.plain ?? "") \($0["cumulative"]?.plain ?? "")"
    }
    #expect(
      published.counts.map { "\($0.rule) \($0.cumulative)" } == counts, "\(place)\n\(definition)")
    for projection in testCase["projected"]?.entries ?? [] {
      for member in projection.value.items {
        let key = member.items[0].plain ?? ""
        #expect(
          published.value(projection.key, of: key) == member.items[1].canonical,
          "\(place): \(projection.key) of \(key)\n\(definition)")
      }
    }
  }

  /// Why agrees with membership, of members and of others.
  private func checkWhy(
    _ definition: SegmentDefinition, _ published: TestWorkspace.Published, universe: [Text],
    in workspace: TestWorkspace, _ place: String
  ) async throws {
    let members = Set(published.keys.map { Text($0) })
    let others = universe.filter { !members.contains($0) }
    let inside = universe.filter { members.contains($0) }
    for key in [inside.first, others.first, others.dropFirst().last].compactMap({ $0 }) {
      let why = try await workspace.service.why(segment: definition.name, key: key.string)
      let told = "\(place): why of \(key)\n\(why.findings.outline.joined(separator: "\n"))"
      #expect(why.isMember == members.contains(key), "\(told)\n\(definition.json)")
      #expect(why.findings.folded == why.isMember, "\(told)\n\(definition.json)")
      #expect(why.findings.contradictions.isEmpty, "\(told)\n\(definition.json)")
    }
  }

  /// The members, and who is not a member, share out the universe.
  private func checkPartition(
    _ definition: SegmentDefinition, _ published: TestWorkspace.Published, asOf: Instant,
    universe: [Text], in workspace: TestWorkspace, _ place: String
  ) async throws {
    let notMember = Test(
      negated: true, operator: "memberOf", value: .scalar(.text(definition.name)))
    let rule = Rule(
      has: Has(
        origin: .profile, match: .comparison(Comparison(subject: .row(nil), test: notMember))))
    let complement = SegmentDefinition(
      name: "the others", audience: definition.audience,
      content: .rules([RuleItem(combine: nil, content: .rule(rule))]))
    let others = try await workspace.publish(complement, asOf: asOf)
    #expect(
      sortedKeys(published.keys + others.keys) == universe,
      "\(place): partition\n\(definition.json)")
  }
}

/// The keys of every profile present, by audience.
private final class Universes {
  let workspace: TestWorkspace
  private var known: [String: [Text]] = [:]

  init(workspace: TestWorkspace) { self.workspace = workspace }

  func keys(of definition: SegmentDefinition) async throws -> [Text] {
    let catalog = try workspace.service.catalog()
    let audience = definition.audience.flatMap(catalog.audience) ?? catalog.audiences[0]
    if let keys = known[audience.name] { return keys }
    let rows = try await workspace.sql(
      ("SELECT \(identifier: audience.key) FROM \(identifier: audience.table)" as SQLQuery).text)
    let keys = rows.map { Text($0[0].plainText) }.sorted()
    known[audience.name] = keys
    return keys
  }
}
