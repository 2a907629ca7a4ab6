import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Whom to erase.
public enum ErasureRequest: Sendable {
  /// The profiles with these keys.
  ///
  /// - Parameters:
  ///   - audience: nil for the only one.
  ///   - alsoUnknown: keys that no profile has are taken, too, and kept from being loaded.
  case profiles(audience: String? = nil, keys: [KeyInput], alsoUnknown: Bool = false)
  /// Those that were erased before, where later loads have brought more that is theirs.
  case again
}

/// What an erasure removes. Counts of rows are of the data version in force unless they say otherwise.
public struct ErasureReport: Sendable, Equatable {
  /// nil for an erasure of those that were erased before.
  public var audience: String?
  /// Profiles that were found; keys that no profile has are not among them.
  public var profiles = 0
  /// Keys that no profile has, or ever had; they are kept from being loaded.
  public var unknown = 0
  /// In the order of the workspace file; those without anything to remove are left out.
  public var tables: [ErasedTable] = []
  /// Data versions that are rewritten, of all that are kept.
  public var dataVersions = 0
  /// Runs whose members are rewritten.
  public var runs = 0
  /// Manual segments whose lists are rewritten, by name.
  public var lists: [String] = []
  /// What stays because only people can change it.
  public var leftovers = Leftovers()

  public var rows: Int64 { tables.reduce(0) { $0 + $1.rows } }

  public struct ErasedTable: Sendable, Equatable {
    public var table: String
    public var rows: Int64
    /// Rows that stay and lose their reference to an erased one.
    public var cleared: Int64
    /// Rows in all data versions that are kept, each once per part.
    public var rowsEver: Int64
  }

  public struct Leftovers: Sendable, Equatable {
    /// The workspace's own files with the rows.
    public var files: [File] = []
    /// Definitions, and workspace files, that quote the profiles.
    public var mentions: [Mention] = []
    /// Rows to which only erased ones referred: they may be about the profiles, or not.
    public var unreferred: [Unreferred] = []
    /// Folders of backups that were made before. Whoever restores one gets it without the profiles.
    public var backups: [String] = []
  }

  public struct File: Sendable, Equatable {
    public var path: String
    public var table: String
    public var rows: Int64
  }

  public struct Mention: Sendable, Hashable, Comparable {
    public enum Place: Sendable, Hashable {
      case segment(String, version: Int)
      /// As it is, or as it was when runs were computed that are still kept.
      case workspaceFile
    }

    public var place: Place
    /// The attribute whose value stands there, such as `Customer.Email`.
    public var attribute: String

    public static func < (left: Mention, right: Mention) -> Bool { left.order < right.order }

    private var order: (String, Int, String) {
      switch place {
      case .segment(let name, let version): (name, version, attribute)
      case .workspaceFile: ("", 0, attribute)
      }
    }
  }

  public struct Unreferred: Sendable, Equatable {
    public var table: String
    public var rows: Int64
  }
}

/// Keys that no profile has.
public struct UnknownProfiles: Error, Equatable, CustomStringConvertible {
  public var audience: String
  public var keys: [String]

  public var description: String {
    let shown = keys.prefix(20).joined(separator: ", ")
    let more = keys.count > 20 ? " and \(keys.count - 20) more" : ""
    return
      "No \(audience) has, or ever had, the key \(shown)\(more). Nothing was erased. Check the spelling; with --also-unknown such keys are kept from being loaded in the future."
  }
}

extension SegmentService {
  /// Erases profiles and everything that belongs to them, from everything that the workspace keeps, for ever.
  ///
  /// The data is copied without them into a new file; one transaction puts it in force. Whatever is interrupted
  /// before it has changed nothing; what is interrupted after it is done when the workspace is opened next.
  ///
  /// - Throws: ``UnknownProfiles``; ``Diagnostics`` with every line that holds no key;
  ///   `SegmentStoreError.rewrittenMeanwhile`.
  public func erase(
    _ request: ErasureRequest,
    progress: @escaping @Sendable (_ fraction: Double) -> Void = { _ in }
  ) async throws -> ErasureReport {
    let report = try await dataTurn.take {
      let (report, dataFile) = try await publishErasure(request, progress: progress)
      if dataFile != data.current.name { try data.replace(with: dataFile) }
      definitions.forget()
      index.forget()
      memberships.forget()
      keys.forget()
      // Files that are being written are made from the data of before.
      try await outputTurn.take { try finishErasure() }
      return report
    }
    try await writeOutputFiles()
    return report
  }

  /// What ``erase(_:progress:)`` would do.
  public func previewErasure(_ request: ErasureRequest) async throws -> ErasureReport {
    try await ErasureRun(self).find(request).report
  }

  /// The erasures so far, the last one first.
  public func erasures() throws -> [ErasureRecord] { try store.erasures() }

  /// Does everything up to the commit point; the old file is still in use when it returns.
  private func publishErasure(
    _ request: ErasureRequest, progress: @escaping @Sendable (Double) -> Void
  ) async throws -> (ErasureReport, dataFile: String) {
    let run = try await ErasureRun(self)
    let found = try await run.find(request)
    let changes = try await run.write(found, progress: progress)
    try store.publish(changes, over: run.state, at: now().microseconds)
    return (found.report, changes.dataFile)
  }

  /// The audience by this name, or the only one.
  public func audience(_ name: String?) throws -> AudienceDefinition {
    let names = definition.audiences.map(\.name)
    guard let name else {
      guard names.count == 1 else { throw WorkspaceError.ambiguousAudience(names) }
      return definition.audiences[0]
    }
    guard let audience = definition.audiences.first(where: { $0.name == name }) else {
      throw WorkspaceError.unknownAudience(
        name, known: names, hint: NearNames.hint(name, among: names))
    }
    return audience
  }
}
