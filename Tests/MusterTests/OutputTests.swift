import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import muster

@Suite struct OutputTests {
  @Test func `a history shows the trend from the oldest run to the last`() {
    let text = historyText(
      [
        run(3, .failed(cause: "out of memory")), run(2, count: 1_310, entered: 110, exited: 4),
        run(1, count: 1_204, entered: 1_204, exited: 0),
      ], in: .gmt)
    #expect(
      text == """
        1,204 ▁█ 1,310 members

        Run  Status     As of                Members  Entered  Exited  Version  Data   Took  Cause
        ───  ─────────  ───────────────────  ───────  ───────  ──────  ───────  ────  ─────  ─────────────
          3  failed     2024-03-01 09:30:00        –        –       –        1     2  1.5 s  out of memory
          2  succeeded  2024-03-01 09:30:00    1,310      110       4        1     2  1.5 s
          1  succeeded  2024-03-01 09:30:00    1,204    1,204       0        1     2  1.5 s
        """)
  }

  @Test func `an empty history says so`() {
    #expect(historyText([], in: .gmt) == "It was never refreshed.")
  }

  private func run(_ id: Int64, count: Int, entered: Int, exited: Int) -> RunRecord {
    run(
      id,
      .succeeded(
        RunResult(
          members: MembersFile(name: "", sha256: ""), count: count, entered: entered,
          exited: exited)))
  }

  private func run(_ id: Int64, _ outcome: RunRecord.Outcome) -> RunRecord {
    RunRecord(
      id: id, segment: "vip", segmentVersion: 1, asOf: 1_709_285_400_000_000, dataVersion: 2,
      started: 0, finished: 1_500_000, outcome: outcome)
  }
}

@Suite struct DefinitionChoiceTests {
  @Test(arguments: ["-", "a.yaml", "a.yml", "a.json", "segments/a"])
  func `files are told from segments by their names`(argument: String) {
    guard case .file(argument) = DefinitionChoice(argument: argument) else {
      Issue.record("\(argument) should be a file")
      return
    }
  }

  @Test func `any other argument is a segment`() {
    guard case .segment("big spenders") = DefinitionChoice(argument: "big spenders") else {
      Issue.record("a name should be a segment")
      return
    }
  }
}
