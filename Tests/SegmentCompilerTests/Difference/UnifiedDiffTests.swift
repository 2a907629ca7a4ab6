import SegmentCompiler
import Testing

@Suite struct UnifiedDiffTests {
  @Test func `a difference is shown with three lines around it`() {
    let before = (1...12).map { "line \($0)\n" }.joined()
    let after = before.replacing("line 5\n", with: "line five\nand a half\n")
    #expect(
      UnifiedDiff.text(from: before, to: after, names: ("a", "b")) == """
        --- a
        +++ b
        @@ -2,7 +2,8 @@
         line 2
         line 3
         line 4
        -line 5
        +line five
        +and a half
         line 6
         line 7
         line 8

        """)
  }

  @Test func `equal texts have no difference, and code points count`() {
    #expect(UnifiedDiff.text(from: "a\n", to: "a\n", names: ("a", "b")) == "")
    #expect(
      UnifiedDiff.text(from: "\u{E9}\n", to: "e\u{301}\n", names: ("a", "b"))
        == "--- a\n+++ b\n@@ -1 +1 @@\n-\u{E9}\n+e\u{301}\n")
  }

  @Test func `a last line without an end is another line`() {
    #expect(
      UnifiedDiff.text(from: "a\nb", to: "a\nb\n", names: ("x", "y"))
        == "--- x\n+++ y\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n")
    #expect(UnifiedDiff.text(from: "a\nb", to: "a\nb", names: ("x", "y")) == "")
  }

  @Test func `many lines that repeat are taken as different altogether`() throws {
    let before = (0..<1_200).map { $0 % 2 == 0 ? "a" : "b" }
    let after = (0..<1_201).map { $0 % 3 == 0 ? "b" : "a" }
    let diff = UnifiedDiff.text(from: text(before), to: text(after), names: ("x", "y"))
    #expect(try patched(before, diff) == after)
    #expect(diff.hasPrefix("--- x\n+++ y\n@@ -1,1200 +1,1201 @@\n-a\n"))
  }

  @Test func `something out of nothing`() {
    #expect(
      UnifiedDiff.text(from: "", to: "a\nb\n", names: ("/dev/null", "b"))
        == "--- /dev/null\n+++ b\n@@ -0,0 +1,2 @@\n+a\n+b\n")
  }

  @Test func `a patched text is the other text, whatever the texts`() throws {
    var generator = Generator(state: 7)
    for round in 0..<400 {
      // Few different lines make many repeated ones; many make anchors.
      let words = round % 2 == 0 ? 3 : 40
      let before = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        "w\(Int.random(in: 0..<words, using: &generator))"
      }
      var after = before
      for _ in 0..<Int.random(in: 0...8, using: &generator) {
        let index = Int.random(in: 0...after.count, using: &generator)
        if Bool.random(using: &generator), index < after.count {
          after.remove(at: index)
        } else {
          after.insert("w\(Int.random(in: 0..<words, using: &generator))", at: index)
        }
      }
      let context = Int.random(in: 0...3, using: &generator)
      let diff = UnifiedDiff.text(
        from: text(before), to: text(after), names: ("a", "b"), context: context)
      #expect(try patched(before, diff) == after, "\(before) → \(after)\n\(diff)")
      #expect(diff.isEmpty == (before == after))
    }
  }

  @Test func `of many lines only those are shown that differ`() throws {
    var lines = (0..<10_000).map { "\($0)" }
    let before = text(lines)
    lines.remove(at: 5_000)
    lines.insert("new", at: 10)
    lines.swapAt(7_000, 8_000)
    let diff = UnifiedDiff.text(from: before, to: text(lines), names: ("a", "b"), context: 0)
    #expect(diff.contains("+new\n") && diff.contains("-5000\n"))
    #expect(diff.split(separator: "\n").count < 20)
  }

  private func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  /// What `patch` does, strictly: every line of a hunk must be where its heading says.
  private func patched(_ lines: [String], _ diff: String) throws -> [String] {
    var result: [String] = []
    var next = 0
    for line in diff.split(separator: "\n").dropFirst(2) {
      if let heading = line.wholeMatch(of: /@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/) {
        let start = try #require(Int(heading.1))
        let isEmpty = heading.2 == "0"
        while next < (isEmpty ? start : start - 1) {
          result.append(lines[next])
          next += 1
        }
        let newStart = try #require(Int(heading.3))
        #expect(result.count == (heading.4 == "0" ? newStart : newStart - 1))
        continue
      }
      switch line.first {
      case "+": result.append(String(line.dropFirst()))
      case "-":
        #expect(lines[next] == line.dropFirst())
        next += 1
      default:
        #expect(lines[next] == line.dropFirst())
        result.append(lines[next])
        next += 1
      }
    }
    return result + lines[next...]
  }
}

/// A linear congruential generator: the same numbers in every run.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state
  }
}
