import SegmentCompiler
import SegmentEngines

@testable import SegmentService

/// Hands everything on to DuckDB and remembers which leaves it was asked for.
struct CountingEngine: ForwardingEngine {
  let engine: DuckDBEngine
  let asked: Guarded<[Leaf]>
  /// Runs before the first evaluation.
  let interruption: Guarded<(@Sendable () async throws -> Void)?>
  /// Handed over in place of every set.
  let failure: Guarded<(any Error)?>

  /// What a test keeps of it.
  struct Log: Sendable {
    let asked = Guarded<[Leaf]>([])
    let interruption = Guarded<(@Sendable () async throws -> Void)?>(nil)
    let failure = Guarded<(any Error)?>(nil)

    func engine(_ database: DuckDBDatabase) -> any QueryEngine {
      CountingEngine(
        engine: DuckDBEngine(database: database), asked: asked, interruption: interruption,
        failure: failure)
    }

    /// The leaves since the last call, without those that only find who is present.
    func drain() -> [Leaf] {
      let leaves = asked.withLock { leaves in
        defer { leaves = [] }
        return leaves
      }
      return leaves.filter { leaf in
        if case .profile(_, _, .always(true)) = leaf { false } else { true }
      }
    }
  }

  func evaluate(
    _ leaves: [Leaf], with references: ReferencedSets, in version: DataVersion,
    of sample: ProfileSample?,
    each: @escaping @Sendable (Leaf, Result<MemberSet, any Error>) async throws -> Void
  ) async throws {
    let interruption = self.interruption.withLock { action in
      defer { action = nil }
      return action
    }
    try await interruption?()
    asked.withLock { $0 += leaves }
    if let error = failure.withLock({ $0 }) {
      for leaf in leaves { try await each(leaf, .failure(error)) }
      return
    }
    try await engine.evaluate(leaves, with: references, in: version, of: sample, each: each)
  }
}
