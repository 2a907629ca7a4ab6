import Crypto
import Foundation
import SegmentCompiler
import SegmentEngines

/// Sets of leaves, kept by what they were computed from: a leaf whose definition, bounds, tables and
/// references are the same has the same set.
///
/// A file is a checksum and a bitmap; one that is missing or damaged is computed again.
struct LeafCache: Sendable {
  /// Raised whenever the meaning of a leaf changes, so that older files are not read.
  private static let semantics = "1"

  /// How many bytes stay after a refresh.
  static let limit = 1 << 30

  let folder: URL
  /// What the results are of: an erasure changes the parts under the names that leaves read.
  let dataFile: String

  func set(for key: String) -> MemberSet? {
    guard let data = try? Data(contentsOf: file(for: key)), data.count >= SHA256.byteCount else {
      return nil
    }
    let bytes = [UInt8](data.dropFirst(SHA256.byteCount))
    guard SHA256.hash(data: bytes) == data.prefix(SHA256.byteCount) else { return nil }
    return MemberSet(bytes: bytes)
  }

  func keep(_ set: MemberSet, for key: String) throws {
    let bytes = set.bytes
    try Data(Array(SHA256.hash(data: bytes)) + bytes).write(to: file(for: key), options: .atomic)
  }

  /// Removes every file.
  func clear() throws -> Removed { try remove(files()) }

  /// Removes the files that were written first, so that at most `limit` bytes stay. As-of moves on, and
  /// with it most relative bounds: what is old is hardly asked for again.
  @discardableResult
  func trim(to limit: Int) throws -> Removed {
    let newestFirst = try files().sorted { $0.written > $1.written }
    var kept = 0
    return try remove(
      newestFirst.filter { file in
        kept += file.bytes
        return kept > limit
      })
  }

  private typealias CachedFile = (url: URL, bytes: Int, written: Date)

  private func files() throws -> [CachedFile] {
    let keys: [URLResourceKey] = [.fileSizeKey, .contentModificationDateKey]
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: keys)
      .map { url in
        let values = try url.resourceValues(forKeys: Set(keys))
        return (url, values.fileSize ?? 0, values.contentModificationDate ?? .distantPast)
      }
  }

  private func remove(_ files: [CachedFile]) throws -> Removed {
    for file in files { try FileManager.default.removeItem(at: file.url) }
    return Removed(files: files.count, bytes: files.reduce(0) { $0 + $1.bytes })
  }

  private func file(for key: String) -> URL {
    let name = DurableFile.checksum(Array("\(LeafCache.semantics)\n\(dataFile)\n\(key)".utf8))
    return folder.appending(path: "\(name).leaf")
  }
}
