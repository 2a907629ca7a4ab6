/// How far a piece of work has come, as one line of a terminal.
///
/// ```
/// Refreshing  ███████████░░░░░░░░░░░░░  46 %  lapsed-customers
/// ```
struct ProgressBar: Sendable, Equatable {
  var title: String
  /// 0 … 1; nil where nobody knows.
  var fraction: Double?
  /// What is being worked on.
  var detail: String

  init(title: String, fraction: Double? = nil, detail: String = "") {
    self.title = title
    self.fraction = fraction
    self.detail = detail
  }

  /// The line, no wider than the terminal.
  func line(width: Int) -> String {
    var parts = [title.printable]
    if let fraction {
      let share = min(max(fraction, 0), 1)
      let bars = 24
      let filled = Int((share * Double(bars)).rounded(.down))
      parts.append(
        String(repeating: "█", count: filled) + String(repeating: "░", count: bars - filled))
      parts.append("\(Int((share * 100).rounded(.down))) %".padded(to: 5, .right))
    }
    if !detail.isEmpty { parts.append(detail.printable) }
    return parts.joined(separator: "  ").truncated(to: max(1, width - 1))
  }
}
