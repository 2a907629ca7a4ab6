import Foundation
import SegmentCompiler
import SegmentEngines

/// Proposes a workspace file for a folder of data files.
///
/// All rows of all files are read, into a database in memory that spills to disk: what is said of keys,
/// relationships and types is counted, not estimated.
public struct WorkspaceProposer: Sendable {
  public let folder: URL
  let settings: SegmentService.Settings

  public init(folder: URL, settings: SegmentService.Settings = .init()) {
    self.folder = folder.standardizedFileURL
    self.settings = settings
  }

  /// - Throws: ``ProposalError`` where the folder holds no data, `CancellationError`.
  public func propose(
    progress: @escaping @Sendable (ProposalProgress) -> Void = { _ in }
  ) async throws -> WorkspaceProposal {
    let spill = FileManager.default.temporaryDirectory.appending(path: "muster-init-\(UUID())")
    try FileManager.default.createDirectory(at: spill, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: spill) }
    let database = try DuckDBDatabase(
      path: nil,
      settings: DuckDBDatabase.Settings(
        memoryLimit: settings.memoryLimit, threads: settings.threads,
        temporaryDirectory: spill.path))
    var run = ProposalRun(root: folder, connection: try database.connect(), progress: progress)
    return try await run.propose()
  }
}

/// How far a proposal has come.
public struct ProposalProgress: Sendable {
  /// A file or a table.
  public var detail: String
  /// 0 … 1
  public var fraction: Double
}

/// Why there is no proposal.
public enum ProposalError: Error, CustomStringConvertible {
  case noFolder(String)
  case noData(String, leftOut: [LeftOutFile])
  case workspaceExists(String)

  public var description: String {
    switch self {
    case .noFolder(let path): return "There is no folder \(path)."
    case .noData(let path, let leftOut):
      let files = leftOut.map { "\n  \($0.path): \($0.reason)" }.joined()
      return files.isEmpty
        ? "The folder \(path) holds no files."
        : "The folder \(path) holds no data that Muster can load:\(files)"
    case .workspaceExists(let path):
      return "\(path) exists already. Give --force to replace it, or --output for another file."
    }
  }
}

/// One proposal on its way: what is known of the tables so far.
struct ProposalRun {
  let root: URL
  let connection: DuckDBConnection
  let progress: @Sendable (ProposalProgress) -> Void
  var leftOut: [LeftOutFile] = []
  var tables: [TableDraft] = []
  var relationships: [RelationshipDraft] = []
  var derived: [DerivedDraft] = []

  mutating func propose() async throws -> WorkspaceProposal {
    var profiles = try await profiles()
    guard !profiles.isEmpty else { throw ProposalError.noData(root.path, leftOut: leftOut) }
    try await leaveOutOldExports(&profiles)
    draftTables(profiles)
    try await chooseKeys()
    try await findRelationships()
    keyLinkingTables()
    settleKinds()
    try await deriveTables()
    settleKeyTypes()
    try await verifyTypes()
    return proposal()
  }

  func tell(_ detail: String, _ fraction: Double) {
    progress(ProposalProgress(detail: detail, fraction: fraction))
  }
}
