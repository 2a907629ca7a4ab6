import Foundation

/// A file that Muster keeps, with its size.
public struct StoredFile: Sendable, Equatable {
  public var path: String
  public var bytes: Int
  /// When it was written last, in nanoseconds since 1970-01-01T00:00:00Z.
  var written: Int64

  public var url: URL { URL(filePath: path, directoryHint: .notDirectory) }

  /// What is in a folder, in the order of the names; what is gone in the meantime is left out.
  ///
  /// There may be thousands of files, and it is asked with every refresh: no more is done than the system has to.
  static func all(in folder: URL) throws -> [StoredFile] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().compactMap { name in
      let path = "\(folder.path)/\(name)"
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      return StoredFile(
        path: path, bytes: Int(status.st_size),
        written: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
  }

  /// Removes a file; one that is not there is none to remove.
  static func remove(_ url: URL) throws {
    do {
      try FileManager.default.removeItem(at: url)
    } catch CocoaError.fileNoSuchFile {
    }
  }
}
