import SegmentCompiler
import SegmentStore

/// Why a segment is not changed.
public enum LifecycleError: Error, Equatable, CustomStringConvertible {
  /// Somebody else has changed it since it was read.
  case conflict(segment: String, expected: Int, found: Int, by: String?)
  case nameTaken(String)
  case invalidName(String)
  case outputNameTaken(String, suggestion: String)
  case draft(String, problems: [Diagnostic])
  case inactive([String])
  case tooManyTags(String, count: Int)
  case invalidTag(String)
  case notInFuture(String)
  case unknownTimeZone(String, hint: String?)
  case notInTrash(String, others: [String])

  public var description: String {
    switch self {
    case .conflict(let segment, let expected, let found, let author):
      "'\(segment)' was changed meanwhile\(author.map { " by \($0)" } ?? ""): it is at revision \(found), not \(expected). Read it again and repeat your change."
    case .nameTaken(let name): "There is a segment '\(name)' already. Choose another name."
    case .invalidName(let name):
      "'\(name)' is no name of a segment: it has 1 to 200 characters, no control characters, and no blank at its ends."
    case .outputNameTaken(let name, let suggestion):
      "Another segment's output table is called '\(name)'. '\(suggestion)' is free."
    case .draft(let name, let problems):
      "'\(name)' is a draft: its definition is not valid yet."
        + (problems.isEmpty ? "" : "\n\(Diagnostics(problems))")
    case .inactive(let names):
      names.count == 1
        ? "'\(names[0])' is inactive, so it is not refreshed. Activate it first: muster activate \(names[0])"
        : "\(names.map { "'\($0)'" }.joined(separator: ", ")) are inactive, so they are not refreshed. Activate them first: muster activate"
    case .tooManyTags(let name, let count):
      "'\(name)' would have \(count) tags; at most \(SegmentDefinition.maximumTags) are possible."
    case .invalidTag(let tag):
      "'\(tag)' is no tag: it has 1 to 100 characters, no control characters, and no blank at its ends."
    case .notInFuture(let time):
      "\(time) is over. A change can be planned for an instant to come only."
    case .unknownTimeZone(let name, let hint):
      "'\(name)' is no IANA time zone." + (hint.map { " \($0)" } ?? "")
    case .notInTrash(let name, let others):
      others.isEmpty
        ? "There is no '\(name)' in the trash, which is empty."
        : "There is no '\(name)' in the trash; there are \(others.joined(separator: ", "))."
    }
  }
}
