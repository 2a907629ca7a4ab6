import Foundation

/// A DuckDB file that is there whole or not at all.
enum DatabaseFile {
  /// Makes an empty database unless there is a file.
  ///
  /// It is made under another name: DuckDB never opens a file again that it was killed in making.
  static func create(at path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    let new = path + ".new"
    for rest in [new, new + ".wal"] where FileManager.default.fileExists(atPath: rest) {
      try FileManager.default.removeItem(atPath: rest)
    }
    // Closed at once; DuckDB has synchronized it by then.
    _ = try DatabaseHandle(path: new, options: [])
    guard rename(new, path) == 0 else { throw failure(path) }
    try synchronizeName(of: path)
  }

  private static func synchronizeName(of path: String) throws {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder) }
  }

  private static func failure(_ path: String) -> DuckDBError {
    DuckDBError(message: "\(path): \(String(cString: strerror(errno)))", category: .io)
  }
}
