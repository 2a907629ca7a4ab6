import Foundation

/// What housekeeping removed.
public struct Removed: Sendable {
  public var files: Int
  public var bytes: Int
}

extension SegmentService {
  /// Removes files that nothing refers to: members of runs that were never published, and what is left of
  /// interrupted writes.
  public func sweep() throws -> Removed {
    let inUse = try store.memberFilesInUse()
    var removed = Removed(files: 0, bytes: 0)
    let files = try FileManager.default.contentsOfDirectory(
      at: folder.members, includingPropertiesForKeys: [.fileSizeKey])
    for file in files where !inUse.contains(file.lastPathComponent) {
      removed.files += 1
      removed.bytes += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
      try FileManager.default.removeItem(at: file)
    }
    return removed
  }

  /// Removes the kept results of leaves; they are made again when needed.
  public func clearCache() throws -> Removed {
    try data.current.cache.clear()
  }
}
