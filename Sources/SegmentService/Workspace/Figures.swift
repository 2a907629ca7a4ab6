import SegmentCompiler
import SegmentStore

/// A workspace in numbers, for whoever watches it.
public struct WorkspaceFigures: Sendable {
  /// Those in the trash left out.
  public var segments: [SegmentState: Int]
  public var unfinishedJobs: Int
  /// nil where nothing is loaded.
  public var dataVersion: Int64?
  /// When members were last published; nil where they never were.
  public var lastRefreshed: Instant?
}

extension SegmentService {
  public func figures() throws -> WorkspaceFigures {
    let counts = try store.figures()
    return WorkspaceFigures(
      segments: counts.segments, unfinishedJobs: counts.unfinishedJobs,
      dataVersion: try store.currentDataVersion()?.id,
      lastRefreshed: counts.lastPublished.map { Instant(microseconds: $0) })
  }
}
