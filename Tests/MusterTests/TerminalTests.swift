import Foundation
import Testing

@testable import muster

@Suite struct TerminalTests {
  @Test func `columns align by what a terminal shows, not by characters`() {
    var table = TextTable(.left("Segment"), .right("Members"))
    table.add("vip", "1,204")
    table.add("東京", "7")
    table.add("cafe\u{301}", "12")
    #expect(
      table.description == """
        Segment  Members
        ───────  ───────
        vip        1,204
        東京           7
        cafe\u{301}          12
        """)
  }

  @Test func `lines have no blanks at their end`() {
    var table = TextTable(.right("n"), .left("text"))
    table.add("1", "")
    #expect(table.description.split(separator: "\n").last == "1")
  }

  @Test func `cells cannot command the terminal or break the table`() {
    var table = TextTable(.left("City"))
    table.add("a\nb\u{1B}[2J\u{202E}")
    #expect(table.description.hasSuffix("a\\nb\\u{1B}[2J\\u{202E}"))
  }

  @Test func `long cells are cut to the width`() {
    var table = TextTable(.left("x"))
    table.maximumCellWidth = 5
    table.add("abcdef")
    table.add("東京都")
    table.add("abcde")
    #expect(table.description.split(separator: "\n").suffix(3) == ["abcd…", "東京…", "abcde"])
  }

  @Test(arguments: [
    ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("東", 2), ("한", 2), ("😀", 2), ("☎\u{FE0F}", 2),
    ("👩‍👩‍👧", 2), ("─", 1), ("ﬁ", 1),
  ])
  func `display width counts columns`(text: String, width: Int) {
    #expect(text.displayWidth == width)
  }

  @Test func `a trend runs from its lowest value to its highest`() {
    #expect(Sparkline([]).description == "")
    #expect(Sparkline([5]).description == "▄")
    #expect(Sparkline([5, 5]).description == "▄▄")
    #expect(Sparkline([0, 50, 100]).description == "▁▅█")
    #expect(Sparkline([100, 0]).description == "█▁")
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func `numbers are grouped by thousands`(number: Int, text: String) {
    #expect(number.grouped == text)
  }

  @Test func `durations are given to the second, short ones finer`() {
    #expect(durationText(microseconds: 420_000) == "0.4 s")
    #expect(durationText(microseconds: 12_300_000) == "12 s")
    #expect(durationText(microseconds: 185_000_000) == "3 min 5 s")
  }

  @Test func `times are local to the zone, before 1970 too`() throws {
    let oslo = try #require(TimeZone(identifier: "Europe/Oslo"))
    #expect(
      timeText(microseconds: 1_709_285_400_900_000, in: oslo) == "2024-03-01 10:30:00")
    #expect(timeText(microseconds: -1, in: .gmt) == "1969-12-31 23:59:59")
  }

  @Test func `a progress line fits the terminal`() {
    let bar = ProgressBar(title: "Refreshing", fraction: 0.5, detail: "vip")
    #expect(bar.line(width: 80) == "Refreshing  ████████████░░░░░░░░░░░░   50 %  vip")
    #expect(bar.line(width: 20).displayWidth <= 19)
    #expect(ProgressBar(title: "Loading", detail: "Order").line(width: 80) == "Loading  Order")
    #expect(ProgressBar(title: "x", fraction: 7).line(width: 80).hasSuffix("100 %"))
  }
}
