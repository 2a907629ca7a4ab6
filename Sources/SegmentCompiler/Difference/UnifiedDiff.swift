/// Two texts as the lines that differ, with a few around them: what `diff -u` prints and `patch` reads.
public enum UnifiedDiff {
  /// Empty where the texts are equal.
  ///
  /// - Parameters:
  ///   - names: what the two texts are called.
  ///   - context: how many equal lines are shown around a difference.
  public static func text(
    from before: String, to after: String, names: (before: String, after: String), context: Int = 3
  ) -> String {
    let (old, new) = (lines(before), lines(after))
    let hunks = hunks(edits(old, new), context: context)
    guard !hunks.isEmpty else { return "" }
    var text = "--- \(names.before)\n+++ \(names.after)\n"
    for hunk in hunks {
      text += hunk.heading
      for edit in hunk.edits {
        switch edit {
        case .equal(let index, _): text += " \(old[index])\n"
        case .removed(let index, _): text += "-\(old[index])\n"
        case .added(let index, _): text += "+\(new[index])\n"
        }
      }
    }
    return text
  }

  /// A line, and where the other text has come to.
  private enum Edit {
    case equal(Int, Int)
    case removed(Int, before: Int)
    case added(Int, before: Int)

    var isEqual: Bool { if case .equal = self { true } else { false } }
  }

  private struct Hunk {
    var edits: ArraySlice<Edit>

    var heading: String {
      var (old, new) = (0, 0)
      var start: (old: Int, new: Int)?
      for edit in edits {
        switch edit {
        case .equal(let left, let right):
          start = start ?? (left, right)
          (old, new) = (old + 1, new + 1)
        case .removed(let left, let right):
          start = start ?? (left, right)
          old += 1
        case .added(let right, let left):
          start = start ?? (left, right)
          new += 1
        }
      }
      let first = start ?? (0, 0)
      return "@@ -\(Self.range(first.old, old)) +\(Self.range(first.new, new)) @@\n"
    }

    /// Counted from 1; an empty range is named by the line before it.
    private static func range(_ start: Int, _ count: Int) -> String {
      switch count {
      case 0: "\(start),0"
      case 1: "\(start + 1)"
      default: "\(start + 1),\(count)"
      }
    }
  }

  private static func edits(_ old: [Substring], _ new: [Substring]) -> [Edit] {
    var edits: [Edit] = []
    var (i, j) = (0, 0)
    func skip(to match: Alignment.Match) {
      while i < match.before {
        edits.append(.removed(i, before: j))
        i += 1
      }
      while j < match.after {
        edits.append(.added(j, before: i))
        j += 1
      }
    }
    for match in Alignment.matches(old.map { Text(String($0)) }, new.map { Text(String($0)) }) {
      skip(to: match)
      edits.append(.equal(i, j))
      (i, j) = (i + 1, j + 1)
    }
    skip(to: (old.count, new.count))
    return edits
  }

  /// Differences with their context; those whose contexts meet are one.
  private static func hunks(_ edits: [Edit], context: Int) -> [Hunk] {
    var ranges: [Range<Int>] = []
    for index in edits.indices where !edits[index].isEqual {
      let range = max(0, index - context)..<min(edits.count, index + context + 1)
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    return ranges.map { Hunk(edits: edits[$0]) }
  }

  /// By scalars: a line end followed by a combining mark is a line end all the same.
  private static func lines(_ text: String) -> [Substring] {
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }
    return lines.map { Substring($0) }
  }
}
