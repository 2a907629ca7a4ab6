import Foundation

/// A file that Muster keeps, with its size.
public struct StoredFile: Sendable, Equatable {
  public var url: URL
  public var bytes: Int

  /// The files of a folder, in the order of their names.
  static func all(in folder: URL) throws -> [StoredFile] {
    try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: [.fileSizeKey]
    )
    .map { url in
      let bytes = (try? url.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
      return StoredFile(url: url, bytes: bytes)
    }
    .sorted { $0.url.lastPathComponent < $1.url.lastPathComponent }
  }

  /// Removes a file; one that is not there is none to remove.
  static func remove(_ url: URL) throws {
    do {
      try FileManager.default.removeItem(at: url)
    } catch CocoaError.fileNoSuchFile {
    }
  }
}
