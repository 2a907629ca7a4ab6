import Testing

@testable import SegmentServer

/// Answers of a provider are taken once.
@Suite struct UsedStatesTests {
  @Test func `answers that were used are remembered until they are over, and no more than many`() {
    func full() -> UsedStates {
      var used = UsedStates()
      for number in 0..<UsedStates.most {
        _ = used.take("\(number)", until: Int64(number + 1), at: 0)
      }
      return used
    }
    let (most, last) = (UsedStates.most, "\(UsedStates.most - 1)")
    var used = full()
    // When there is no room, the oldest half makes it.
    let taken = ["0", last, "new", last, "0"].map { used.take($0, until: 1, at: 0) }
    #expect(taken == [false, false, true, false, true])
    // What is over goes before what is not.
    var later = full()
    let isNew = later.take("new", until: Int64(most), at: Int64(most / 2))
    let then = ["\(most / 2)", "0"].map { later.take($0, until: 1, at: 0) }
    #expect(isNew && then == [false, true])
  }
}
