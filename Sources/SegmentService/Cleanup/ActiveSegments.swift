import SegmentCompiler
import SegmentStore

/// How many segments are active, beside the number from which on people are warned. Nothing is refused because of it.
public struct ActiveSegments: Sendable, Equatable {
  public enum Level: String, Sendable, CaseIterable {
    case fine
    /// Nine tenths of the limit or more.
    case near
    case reached
    case exceeded
  }

  public var count: Int
  public var limit: Int

  public var level: Level {
    switch count {
    case ..<limit where count * 10 >= limit * 9: .near
    case ..<limit: .fine
    case limit: .reached
    default: .exceeded
    }
  }

  /// nil where there is nothing to warn of.
  public var warning: String? {
    let remedy =
      "Deactivate some that nobody needs ('muster cleanup --dry-run' names unused ones), or raise 'limits: {activeSegments: …}' in workspace.yaml."
    return switch level {
    case .fine: nil
    case .near:
      "\(count) segments are active, near the limit of \(limit). \(remedy)"
    case .reached: "The limit of \(limit) active segments is reached. \(remedy)"
    case .exceeded: "\(count) segments are active, more than the limit of \(limit). \(remedy)"
    }
  }
}

extension SegmentService {
  public func activeSegments() throws -> ActiveSegments {
    ActiveSegments(
      count: try store.activeSegments(), limit: definition.limits.activeSegments)
  }
}
