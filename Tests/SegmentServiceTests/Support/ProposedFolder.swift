import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

/// A folder of data files with the workspace file that was proposed for it; gone with its last reference.
final class ProposedFolder: Sendable {
  let root: URL
  let proposal: WorkspaceProposal

  /// - Parameter fill: writes the data files.
  init(fill: (URL) async throws -> Void) async throws {
    root = FileManager.default.temporaryDirectory.appending(path: "proposed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    do {
      try await fill(root)
      proposal = try await WorkspaceProposer(
        folder: root, settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1)
      ).propose()
    } catch {
      try? FileManager.default.removeItem(at: root)
      throw error
    }
  }

  convenience init(_ files: [String: String]) async throws {
    try await self.init { root in
      for (name, text) in files {
        let file = root.appending(path: name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
    }
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  // MARK: - What is proposed

  var tables: [String] { proposal.definition.tables.map(\.name) }

  func table(_ name: String) throws -> TableDefinition {
    try #require(proposal.definition.table(name), "no table \(name) among \(tables)")
  }

  func key(_ table: String) throws -> [String] { try self.table(table).key }

  func globs(_ table: String) throws -> [String] {
    if case .files(_, let globs) = try self.table(table).origin { globs } else { [] }
  }

  func source(_ table: String) throws -> DataSource {
    if case .files(let source, _) = try self.table(table).origin { source } else { DataSource() }
  }

  /// `date`, `date %d/%m/%Y`; nil where nothing is declared.
  func declared(_ table: String, _ attribute: String) throws -> String? {
    guard let definition = try self.table(table).attributes.first(where: { $0.name == attribute }),
      case .exactly(let type) = definition.type
    else { return nil }
    return ([type.name] + [definition.format].compactMap { $0 }).joined(separator: " ")
  }

  /// `Order.CustomerId -> Customer.CustomerId`, in the order of the file.
  var relationships: [String] {
    proposal.definition.relationships.map {
      "\(Reference([$0.source, $0.foreignKey])) -> \(Reference([$0.target, $0.targetKey]))"
    }
  }

  func relationship(
    _ source: String, _ foreignKey: String
  ) throws -> (relationship: Relationship, evidence: RelationshipEvidence) {
    let pairs = zip(proposal.definition.relationships, proposal.relationships)
    return try #require(
      pairs.first { $0.0.source == source && $0.0.foreignKey == foreignKey }
        .map { (relationship: $0.0, evidence: $0.1) },
      "no relationship from \(source).\(foreignKey) among \(relationships)")
  }

  var audiences: [String] {
    proposal.definition.audiences.map { "\($0.name): \($0.table), \($0.kind.rawValue)" }
  }

  /// The messages of traps of a kind: `Order.Total: …`.
  func traps(_ kind: Trap.Kind) -> [String] {
    proposal.traps.filter { $0.trap.kind == kind }.map {
      "\($0.table).\($0.trap.attribute ?? ""): \($0.trap.message)"
    }
  }

  /// The reason why a file is in no table.
  func leftOut(_ path: String) -> String? {
    proposal.leftOut.first { $0.path == path }?.reason
  }

  // MARK: - Loading it

  /// Writes the file, reads it back, loads it, and holds what a load finds against what was said: no table
  /// fails, every row is there, and orphans are those that were counted.
  @discardableResult
  func load() async throws -> LoadedProposal {
    let yaml = proposal.yaml
    #expect(try WorkspaceDefinition(yaml: yaml) == proposal.definition, "\(yaml)")
    try proposal.write(to: root.appending(path: "workspace.yaml"), replacing: true)
    let service = try SegmentService(
      folder: WorkspaceFolder(root), purpose: "a test", author: .tester,
      settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1))
    let report: LoadReport
    do {
      report = try await service.load()
    } catch {
      Issue.record("the proposal does not load: \(error)\n\(yaml)")
      throw error
    }
    #expect(report.failed.map(\.table) == [], "\(yaml)")
    let rows = Dictionary(uniqueKeysWithValues: report.tables.map { ($0.table, Int($0.rows)) })
    for table in proposal.tables {
      #expect(rows[table.table] == table.rows, "rows of \(table.table)")
    }
    let orphans = report.tables.flatMap(\.orphans)
    for (relationship, evidence) in zip(proposal.definition.relationships, proposal.relationships) {
      let found = orphans.first { $0.relationship == relationship.name }.map { Int($0.rows) } ?? 0
      #expect(found == evidence.orphans, "orphans of \(relationship.name)")
    }
    return try await LoadedProposal(service)
  }
}

struct LoadedProposal {
  let service: SegmentService
  /// Sees each loaded table under its own name.
  private let connection: DuckDBConnection

  init(_ service: SegmentService) async throws {
    self.service = service
    connection = try service.database.connect()
    for part in try service.snapshot().version.parts.values {
      _ = try await connection.execute(
        "CREATE TEMP VIEW \(identifier: part.table) AS SELECT * FROM \(identifier: part.storedName)"
      )
    }
  }

  func types(_ table: String) throws -> [String: String] {
    let attributes = try service.snapshot().catalog.table(table)?.attributes ?? []
    return Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.type.name) })
  }

  /// Rows of a query over the loaded tables; values as texts.
  func rows(_ sql: String) async throws -> [[String]] {
    try await connection.rows(SQLQuery(stringLiteral: sql)).map { $0.map(\.plainText) }
  }
}
