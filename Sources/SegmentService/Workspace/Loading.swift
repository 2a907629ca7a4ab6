import SegmentCompiler
import SegmentStore

extension SegmentService {
  /// The number of the data version that was loaded last; nil where nothing was.
  public func dataVersionInForce() throws -> Int64? { try store.currentDataVersion()?.id }

  /// Loads what is new, changed or gone in the workspace's files and publishes one data version.
  ///
  /// Refreshes that run meanwhile read the data version before it to their end. A second load waits for the
  /// first.
  ///
  /// - Throws: ``LoadFailure`` where a table fails that was never loaded.
  public func load(
    progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
  ) async throws -> LoadReport {
    let loader = Loader(
      workspace: definition, folder: folder.root, store: store, database: database)
    return try await dataTurn.take {
      try await loader.sweep()
      let report = try await loader.load(at: now().microseconds, progress: progress)
      do {
        try await expire(after: "load")
      } catch var failure as TidyingFailure {
        failure.report = report
        throw failure
      }
      return report
    }
  }
}
