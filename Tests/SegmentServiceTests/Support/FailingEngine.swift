import SegmentCompiler
import SegmentEngines

/// Hands everything on to DuckDB unless it is told to fail or to take its time.
struct FailingEngine: ForwardingEngine {
  let engine: DuckDBEngine
  /// Before each leaf but those that only find who is present.
  var beforeLeaf: @Sendable (Leaf) async throws -> Void = { _ in }
  /// Before each evaluation.
  let before: @Sendable () async throws -> Void

  func evaluate(
    _ leaves: [Leaf], with references: ReferencedSets, in version: DataVersion,
    of sample: ProfileSample?,
    each: @escaping @Sendable (Leaf, Result<MemberSet, any Error>) async throws -> Void
  ) async throws {
    try await before()
    for leaf in leaves { try await beforeLeaf(leaf) }
    try await engine.evaluate(leaves, with: references, in: version, of: sample, each: each)
  }
}
