@testable import SegmentStore

extension SegmentStore {
  /// Deletes a segment for good.
  ///
  /// - Returns: whether there was one.
  @discardableResult
  func delete(_ name: String) throws -> Bool {
    try edit(at: 0) { edits in
      guard let record = try edits.record(name) else { return false }
      try edits.trash(record)
      try edits.purge(record)
      return true
    }
  }
}

extension Author {
  static let tester = Author.commandLine(user: "tester")

  static func named(_ name: String) -> Author { .commandLine(user: name) }
}
