import SegmentStore

/// What happens to a segment that may change its state.
public enum SegmentEvent: Sendable, CaseIterable {
  /// Saved with a definition that is not valid.
  case savedDraft
  /// Saved with a valid definition, not to be refreshed yet.
  case savedOnly
  /// Saved with a valid definition, to be refreshed.
  case savedToRun
  case activated, deactivated
}

extension SegmentState {
  /// The state after an event; nil where that is refused: a draft can be neither activated nor deactivated.
  public func after(_ event: SegmentEvent) -> SegmentState? {
    switch (self, event) {
    case (.draft, .savedDraft), (.inactive, .savedDraft), (.active, .savedDraft): .draft
    case (.draft, .savedOnly), (.inactive, .savedOnly): .inactive
    case (.active, .savedOnly): .active
    case (.draft, .savedToRun), (.inactive, .savedToRun), (.active, .savedToRun): .active
    case (.inactive, .activated), (.active, .activated): .active
    case (.inactive, .deactivated), (.active, .deactivated): .inactive
    case (.draft, .activated), (.draft, .deactivated): nil
    }
  }

  /// The state of a segment that is new.
  public init(savedBy event: SegmentEvent) {
    self = SegmentState.draft.after(event) ?? .draft
  }
}
