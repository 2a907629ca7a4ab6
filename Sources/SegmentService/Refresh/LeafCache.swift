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
  /// Of files that are being written; on the same file system.
  let temporary: URL

  func set(for key: String) -> MemberSet? {
    read(file(for: key))
  }

  /// Whether a file of the cache holds what was written.
  func isWhole(_ file: URL) -> Bool { read(file) != nil }

  private func read(_ file: URL) -> MemberSet? {
    guard let data = try? Data(contentsOf: file), data.count >= SHA256.byteCount else { return nil }
    let bytes = [UInt8](data.dropFirst(SHA256.byteCount))
    guard SHA256.hash(data: bytes) == data.prefix(SHA256.byteCount) else { return nil }
    return MemberSet(bytes: bytes)
  }

  func keep(_ set: MemberSet, for key: String) throws {
    let bytes = set.bytes
    let file = file(for: key)
    let partial = temporary.appending(path: "\(file.lastPathComponent)-\(UUID())")
    try Data(Array(SHA256.hash(data: bytes)) + bytes).write(to: partial)
    guard rename(partial.path, file.path) == 0 else { throw FileError(path: file.path) }
  }

  /// Removes the files that are ``beyond(_:)`` a limit.
  func trim(to limit: Int) throws {
    for file in try beyond(limit) { try StoredFile.remove(file.url) }
  }

  /// The files that were written first, without which at most `limit` bytes stay. As-of moves on, and with
  /// it most relative bounds: what is old is hardly asked for again.
  func beyond(_ limit: Int) throws -> [StoredFile] {
    let newestFirst = try StoredFile.all(in: folder).sorted { $0.written > $1.written }
    var kept = 0
    return newestFirst.filter { file in
      kept += file.bytes
      return kept > limit
    }
  }

  private func file(for key: String) -> URL {
    let name = DurableFile.checksum(Array("\(LeafCache.semantics)\n\(dataFile)\n\(key)".utf8))
    return folder.appending(path: "\(name).leaf")
  }
}
