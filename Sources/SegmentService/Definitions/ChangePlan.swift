import SegmentCompiler
import SegmentStore

/// What applying definitions would do to the saved segments.
public struct ChangePlan: Sendable {
  /// By segment, in the order of their names.
  public var items: [Item]
  /// How many segments stay as they are.
  public var unchanged: Int
  /// The instant at which relative conditions were judged.
  public var asOf: Instant
  public var dataVersion: Int64
  /// Whether members were evaluated.
  public var hasSizes: Bool

  /// What was saved when the plan was made: it can be applied to nothing else.
  let expected: [SegmentStanding]
  /// Members of whatever changes; not run yet unless ``hasSizes``.
  let evaluation: LayeredEvaluation

  public var isEmpty: Bool { items.isEmpty }

  /// What becomes of one segment.
  public struct Item: Sendable {
    public enum Action: String, Sendable, CaseIterable {
      case create, change, delete
      /// Its definition stays, but it refers to a segment that changes.
      case follow
    }

    public var segment: String
    public var action: Action
    /// What is saved; nil for a new one.
    public var before: SegmentDefinition?
    /// What will be saved, as it will be; nil for one that is deleted.
    public var after: SegmentDefinition?
    /// Its version afterwards; nil for one that is deleted.
    public var version: Int?
    /// In words: what it is afterwards, or was.
    public var sentence: String
    public var changes: [DefinitionChange] = []
    /// The segments that make it follow.
    public var because: [String] = []
    public var size = Size()
    public var warnings: [Diagnostic] = []
  }

  /// How many members a segment has and would have.
  public struct Size: Sendable, Equatable {
    /// In force; nil where it was never refreshed.
    public var before: Int?
    /// If it were refreshed now; nil where that is not known.
    public var after: Int?
    /// Against those in force.
    public var entered: Int?
    public var exited: Int?
    /// How many keys of a manual segment have no profile yet.
    public var pending = 0
    /// Why its members could not be computed.
    public var problem: String?
    /// The data that the members in force were computed from.
    public var dataVersionBefore: Int64?
  }
}

/// What applying a plan did.
public struct AppliedChanges: Sendable {
  public var plan: ChangePlan
  /// Empty unless segments were refreshed with it.
  public var refreshed: [RefreshedSegment]
}

/// Why definitions were not applied.
public enum ApplyError: Error, CustomStringConvertible {
  /// They would delete all that is saved.
  case nothingLeft(saved: Int)
  /// Segments that cannot be refreshed, with the cause.
  case notRefreshed([(segment: String, cause: String)])
  /// The data that the plan was made of is not kept any more.
  case dataGone(Int64)

  public var description: String {
    switch self {
    case .nothingLeft(let saved):
      "There is not one definition here, so that all \(saved) saved segments would be deleted. Name the right folder; to delete segments, use 'muster delete'."
    case .notRefreshed(let all):
      "Nothing was applied, because these segments cannot be refreshed:\n"
        + all.map { "\($0.segment): \($0.cause)" }.joined(separator: "\n")
    case .dataGone(let version):
      "Nothing was applied: data version \(version), of which the plan was made, is no longer kept. Make the plan again."
    }
  }
}
