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
        switch edit.kind {
        case .equal: text += " \(old[edit.old])\n"
        case .removed: text += "-\(old[edit.old])\n"
        case .added: text += "+\(new[edit.new])\n"
        }
      }
    }
    return text
  }

  /// A line; both positions, of which the one of the text that has no such line is where it has come to.
  private struct Edit {
    enum Kind { case equal, removed, added }

    var kind: Kind
    var old: Int
    var new: Int
  }

  /// Never empty.
  private struct Hunk {
    var edits: ArraySlice<Edit>

    var heading: String {
      let first = edits[edits.startIndex]
      let old = Self.range(first.old, edits.count { $0.kind != .added })
      let new = Self.range(first.new, edits.count { $0.kind != .removed })
      return "@@ -\(old) +\(new) @@\n"
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

  private static func edits(_ old: [String], _ new: [String]) -> [Edit] {
    var edits: [Edit] = []
    var (i, j) = (0, 0)
    func skip(to match: Alignment.Match) {
      while i < match.before {
        edits.append(Edit(kind: .removed, old: i, new: j))
        i += 1
      }
      while j < match.after {
        edits.append(Edit(kind: .added, old: i, new: j))
        j += 1
      }
    }
    for match in Alignment.matches(old.map { Text($0) }, new.map { Text($0) }) {
      skip(to: match)
      edits.append(Edit(kind: .equal, old: i, new: j))
      (i, j) = (i + 1, j + 1)
    }
    skip(to: (old.count, new.count))
    return edits
  }

  /// Differences with their context; those whose contexts meet are one.
  private static func hunks(_ edits: [Edit], context: Int) -> [Hunk] {
    var ranges: [Range<Int>] = []
    for index in edits.indices where edits[index].kind != .equal {
      let range = max(0, index - context)..<min(edits.count, index + context + 1)
      if let last = ranges.last, range.lowerBound <= last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
      } else {
        ranges.append(range)
      }
    }
    return ranges.map { Hunk(edits: edits[$0]) }
  }

  /// By scalars: a line end followed by a combining mark is a line end all the same. A last line without an end is
  /// another line than the same with one.
  private static func lines(_ text: String) -> [String] {
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0) }
    let last = lines.removeLast()
    return last.isEmpty ? lines : lines + [last + "\n\\ No newline at end of file"]
  }
}
