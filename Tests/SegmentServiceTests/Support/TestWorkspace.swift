import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

@testable import SegmentService

/// A workspace in a temporary folder, gone with its last reference.
final class TestWorkspace: Sendable {
  let root: URL
  let service: SegmentService

  /// - Parameter fill: writes `workspace.yaml` and the data into the folder.
  init(
    engine: @escaping @Sendable (DuckDBDatabase) -> any QueryEngine = {
      DuckDBEngine(database: $0)
    },
    now: @escaping @Sendable () -> Instant = { Instant(Date()) }, fill: (URL) throws -> Void
  ) throws {
    root = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    try fill(root)
    service = try SegmentService(
      folder: WorkspaceFolder(root), purpose: "a test", author: .tester,
      settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1), engine: engine, now: now)
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  /// Saves and refreshes a definition, and reads back what was published.
  func publish(_ definition: SegmentDefinition, asOf: Instant) async throws -> Published {
    let (result, warnings) = try await refresh(definition, asOf: asOf)
    let rows = try await members(definition.name)
    return Published(rows: rows, counts: result.rules, warnings: warnings)
  }

  /// Saves and refreshes a definition.
  @discardableResult
  func refresh(
    _ definition: SegmentDefinition, asOf: Instant
  ) async throws -> (result: RunResult, warnings: [Diagnostic]) {
    _ = try service.save(definition.json)
    let refreshed = try await service.refresh([definition.name], asOf: asOf)
    guard let result = refreshed[0].run.result else {
      throw TestFailure("\(definition.name): \(refreshed[0].run.cause ?? "no result")")
    }
    return (result, refreshed[0].warnings)
  }

  /// The members of the last run as NDJSON writes them, one document per member.
  func members(_ segment: String) async throws -> [Document] {
    let bytes = Guarded<[UInt8]>([])
    try await service.writeMembers(MemberSelection(segment: segment), as: .ndjson) { piece in
      bytes.withLock { $0 += piece }
    }
    let text = String(decoding: bytes.withLock { $0 }, as: UTF8.self)
    return try text.split(separator: "\n", omittingEmptySubsequences: true).map {
      try Document.parse(String($0))[0]
    }
  }

  /// Runs hand-written SQL over the loaded tables, each visible under its own name.
  ///
  /// - Parameter views: further names, each with its query.
  func sql(
    _ text: String, views: [(name: String, query: String)] = []
  ) async throws -> [[DuckDBValue]] {
    let connection = try service.database.connect()
    let version = try service.snapshot().version
    for part in version.parts.values {
      _ = try await connection.execute(
        "CREATE TEMP VIEW \(identifier: part.table) AS SELECT * FROM \(identifier: part.storedName)"
      )
    }
    for view in views {
      let query = SQLQuery(stringLiteral: view.query)
      try await connection.execute("CREATE TEMP VIEW \(identifier: view.name) AS \(query)")
    }
    return try await connection.rows(SQLQuery(stringLiteral: text))
  }

  struct Published {
    var rows: [Document]
    var counts: [RuleCount]
    var warnings: [Diagnostic]

    /// The keys, as text.
    var keys: [String] { rows.compactMap { $0.entries.first?.value.plain } }

    /// A projected value of one member.
    func value(_ reference: String, of key: String) -> Document.Canonical? {
      rows.first { row in
        row.entries.first?.value.plain.map { Text($0) == Text(key) } ?? false
      }?[reference]?.canonical
    }
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Folders of the checkout that tests read.
enum TestFiles {
  static let checkout = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let tests = checkout.appending(path: "Tests")

  static func all(in folder: URL, ending: String) -> [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (found?.allObjects as? [URL] ?? []).filter { $0.lastPathComponent.hasSuffix(ending) }
      .sorted { $0.path < $1.path }
  }
}

/// Sorted as bytes: for comparing lists of keys.
func sortedKeys(_ keys: some Sequence<String>) -> [Text] { keys.map { Text($0) }.sorted() }
