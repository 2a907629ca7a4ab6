import SegmentCompiler
import SegmentStore
import Synchronization

/// Saved definitions as they were decoded, by the hash of their content: every reference is judged against all of them.
final class DefinitionCache: Sendable {
  private static let limit = 20_000

  private let decoded = Mutex<[String: SegmentDefinition]>([:])

  func definition(of version: SegmentVersion) throws -> SegmentDefinition {
    // Versions of before a renaming have the old name in them.
    if var known = decoded.withLock({ $0[version.contentHash] }) {
      known.name = version.segment
      return known
    }
    let definition = try version.decoded()
    decoded.withLock {
      if $0.count >= DefinitionCache.limit { $0.removeAll() }
      $0[version.contentHash] = definition
    }
    return definition
  }

  /// Gives up what is kept.
  func forget() { decoded.withLock { $0.removeAll() } }
}

extension SegmentVersion {
  func decoded() throws -> SegmentDefinition {
    var definition = try SegmentDefinition(decoding: document())
    definition.name = segment
    return definition
  }
}
