import Foundation
import SegmentCompiler

/// A proposed workspace file, with what was counted for it.
public struct WorkspaceProposal: Sendable {
  public var definition: WorkspaceDefinition
  /// As the tables of the definition.
  public var tables: [TableEvidence]
  /// As the relationships of the definition.
  public var relationships: [RelationshipEvidence]
  /// As the audiences of the definition: what speaks for each.
  public var audienceReasons: [String]
  /// Where there is no audience: tables that might have been one, each with why it is none.
  public var rejectedAudiences: [String]
  /// Files that are in no table.
  public var leftOut: [LeftOutFile]

  /// All traps with their tables.
  public var traps: [(table: String, trap: Trap)] {
    tables.flatMap { table in table.traps.map { (table.table, $0) } }
  }
}

/// What is known of a proposed table.
public struct TableEvidence: Sendable, Equatable {
  public var table: String
  public var rows: Int
  /// Below the folder; none of a derived table.
  public var files: [String]
  /// Why the key is the key, or why there is none.
  public var keyReason: String
  public var traps: [Trap]
}

/// What speaks for a proposed relationship; counted over all rows.
public struct RelationshipEvidence: Sendable, Equatable {
  /// Whether its name is written in the file.
  public var isNamed: Bool
  /// Rows with a foreign key, and those without.
  public var rows: Int
  public var missing: Int
  /// Rows whose foreign key has a target.
  public var matched: Int
  /// Distinct foreign keys, and those that have a target.
  public var values: Int
  public var matchedValues: Int
  /// Keys of the target.
  public var targets: Int

  /// Rows whose foreign key has no target.
  public var orphans: Int { rows - matched }

  /// `all 412 rows match`, `99.9 % of 20,020 rows match, 17 orphans (4 values)`.
  public var summary: String {
    let match =
      orphans == 0
      ? "all \(rows.rowsText) match"
      : "\(percentText(matched, of: rows)) of \(rows.rowsText) match, \(orphans.grouped) \(orphans == 1 ? "orphan" : "orphans") (\((values - matchedValues).grouped) \(values - matchedValues == 1 ? "value" : "values"))"
    let without = missing == 0 ? "" : ", \(missing.grouped) missing"
    let reached =
      matchedValues >= targets
      ? "" : "; \(matchedValues.grouped) of \(targets.grouped) keys reached"
    return match + without + reached
  }
}

extension WorkspaceProposal {
  /// Writes `workspace.yaml`, or another file, whole or not at all.
  ///
  /// - Parameter replacing: whether a file that is there is replaced.
  /// - Throws: ``ProposalError/workspaceExists(_:)``, ``FileError``.
  public func write(to file: URL, replacing: Bool) throws {
    let path = file.path
    if !replacing, FileManager.default.fileExists(atPath: path) {
      throw ProposalError.workspaceExists(path)
    }
    let folder = file.deletingLastPathComponent()
    let partial = folder.appending(path: ".\(file.lastPathComponent).\(UUID())")
    defer { try? FileManager.default.removeItem(at: partial) }
    try DurableFile.write(Array(yaml.utf8), to: partial)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: partial.path)
    if replacing {
      guard rename(partial.path, path) == 0 else { throw FileError(path: path) }
    } else {
      // Unlike a rename, a link never replaces what somebody wrote meanwhile.
      guard link(partial.path, path) == 0 else {
        throw errno == EEXIST ? ProposalError.workspaceExists(path) : FileError(path: path)
      }
    }
    try DurableFile.synchronize(folder: folder)
  }
}
