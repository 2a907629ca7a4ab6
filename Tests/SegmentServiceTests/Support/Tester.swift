import SegmentStore

extension Author {
  /// Who does things where it does not matter who.
  static let tester = Author.commandLine(user: "tester")

  static func named(_ name: String) -> Author { .commandLine(user: name) }
}
