import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// What nothing needs any more.
public struct Garbage: Sendable {
  /// A table of the data file.
  public struct Table: Sendable, Equatable {
    public var name: String
    public var bytes: Int
  }

  /// That retention no longer keeps.
  public var dataVersions: [Int64] = []
  /// Records of runs that retention no longer keeps.
  public var runs: [Int64] = []
  /// Names of deleted segments that retention no longer keeps.
  public var trash: [String] = []
  /// Finished jobs that retention no longer keeps.
  public var jobs: [Int64] = []
  /// How many entries of the audit log retention no longer keeps.
  public var auditEntries = 0
  /// Stored rows of these data versions, and of loads that were not published.
  public var parts: [Table] = []
  /// Members of runs that retention no longer keeps, and of refreshes that were not published.
  public var members: [StoredFile] = []
  /// Files of output tables that no segment is to have.
  public var outputs: [StoredFile] = []
  /// Kept results of leaves.
  public var cache: [StoredFile] = []

  public var bytes: Int {
    parts.reduce(0) { $0 + $1.bytes } + (members + outputs + cache).reduce(0) { $0 + $1.bytes }
  }
}

/// The data file, and what of it only some segments keep.
public struct StoredSpace: Sendable {
  /// An old data version that the last published run of a segment, or the one before it, has read.
  public struct Held: Sendable {
    public var dataVersion: Int64
    public var segments: [String]
    /// Of parts that no other data version has.
    public var bytes: Int
  }

  public var bytes: Int
  /// Of that, what the next loads write into.
  public var free: Int
  public var held: [Held]
}

extension SegmentService {
  /// Finds what nothing needs any more, and removes it unless it is a dry run.
  ///
  /// Rows go first, then what they referred to: whenever it is interrupted, the next one does the rest.
  ///
  /// - Parameter clearingCache: all kept results of leaves, not only those beyond the limit; they are made
  ///   again when needed.
  public func collectGarbage(dryRun: Bool = false, clearingCache: Bool = false) async throws
    -> Garbage
  {
    try await dataTurn.take {
      let expired = try leases.decide { lent in
        dryRun
          ? try store.expired(by: rules, lent: lent.dataVersions)
          : try store.expire(by: rules, lent: lent.dataVersions, at: now().microseconds)
      }
      let garbage = Garbage(
        dataVersions: expired.dataVersions, runs: expired.runs, trash: expired.trash.map(\.name),
        jobs: expired.jobs, auditEntries: expired.auditEntries,
        parts: try await unusedParts(expired),
        members: try unusedMembers(expired), outputs: try unwantedOutputFiles(),
        cache: try data.current.cache.beyond(clearingCache ? 0 : LeafCache.limit))
      if !dryRun {
        for file in garbage.members + garbage.outputs + garbage.cache {
          try StoredFile.remove(file.url)
        }
        try await StoredTables(database).drop(garbage.parts.map(\.name))
      }
      return garbage
    }
  }

  /// The size of the data file, and which old data versions are kept for the sake of segments alone.
  public func storedSpace() async throws -> StoredSpace {
    let tables = StoredTables(database)
    let space = try await tables.space()
    let held = try store.dataVersionsKeptBySegments(beyond: rules.dataVersions)
    let all = try store.dataVersions().compactMap { try store.dataVersion(id: $0) }
    var counts: [Part: Int] = [:]
    for part in all.flatMap(\.parts.values) { counts[part, default: 0] += 1 }
    var result = StoredSpace(bytes: space.bytes, free: space.free, held: [])
    for version in all.sorted(by: { $0.id < $1.id }) {
      guard let segments = held[version.id] else { continue }
      var bytes = 0
      for part in version.parts.values where counts[part] == 1 {
        bytes += try await tables.bytes(of: part.storedName)
      }
      result.held.append(
        StoredSpace.Held(dataVersion: version.id, segments: segments, bytes: bytes))
    }
    return result
  }

  private func unusedParts(_ expired: Expired) async throws -> [Garbage.Table] {
    let live = Set(try store.liveParts().map(\.storedName))
      .subtracting(expired.parts.map(\.storedName))
    let tables = StoredTables(database)
    var unused: [Garbage.Table] = []
    for name in try await tables.parts() where !live.contains(name) {
      unused.append(Garbage.Table(name: name, bytes: try await tables.bytes(of: name)))
    }
    return unused
  }

  /// Files that no run keeps: also those of runs that expire.
  func unusedMembers(_ expired: Expired = Expired()) throws -> [StoredFile] {
    // In this order: a run that is published in between is found in one of the two.
    let files = try StoredFile.all(in: folder.members)
    let unpublished = leases.decide { $0.runs.map(MembersFile.name) }
    let kept = try store.memberFilesInUse().subtracting(expired.members).union(unpublished)
    return files.filter { !kept.contains($0.url.lastPathComponent) }
  }
}

extension MembersFile {
  /// The name of the file with the members of a run.
  static func name(run id: Int64) -> String { "\(id).members" }
}
