import Foundation
import SegmentStore

/// A folder for one test, gone with it.
final class DatabaseFile {
  let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var path: String { folder.appending(path: "muster.sqlite").path }

  func open() throws -> SegmentStore { try SegmentStore(path: path, author: .tester) }
}
