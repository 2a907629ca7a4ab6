import SegmentStore
import Testing

@testable import SegmentService

/// Every state with every event.
@Suite struct SegmentEventTests {
  private static let table: [(SegmentState, [SegmentEvent: SegmentState])] = [
    (.draft, [.savedDraft: .draft, .savedOnly: .inactive, .savedToRun: .active]),
    (
      .inactive,
      [
        .savedDraft: .draft, .savedOnly: .inactive, .savedToRun: .active, .activated: .active,
        .deactivated: .inactive,
      ]
    ),
    (
      .active,
      [
        .savedDraft: .draft, .savedOnly: .active, .savedToRun: .active, .activated: .active,
        .deactivated: .inactive,
      ]
    ),
  ]

  @Test func `every event in every state`() {
    #expect(Self.table.map(\.0) == SegmentState.allCases)
    for (state, expected) in Self.table {
      for event in SegmentEvent.allCases {
        #expect(state.after(event) == expected[event], "\(state) after \(event)")
      }
    }
  }

  @Test func `a draft gets out only by a valid definition`() {
    for event in SegmentEvent.allCases where SegmentState.draft.after(event) != .draft {
      #expect(event == .savedOnly || event == .savedToRun || SegmentState.draft.after(event) == nil)
    }
    #expect(SegmentState(savedBy: .savedDraft) == .draft)
    #expect(SegmentState(savedBy: .savedOnly) == .inactive)
    #expect(SegmentState(savedBy: .savedToRun) == .active)
  }
}
