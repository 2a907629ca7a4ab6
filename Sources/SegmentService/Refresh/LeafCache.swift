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

  let folder: URL

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

  /// Removes every file; returns how many there were and their bytes.
  func clear() throws -> (files: Int, bytes: Int) {
    var total = (files: 0, bytes: 0)
    for file in try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: [.fileSizeKey])
    {
      total.files += 1
      total.bytes += (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
      try FileManager.default.removeItem(at: file)
    }
    return total
  }

  private func file(for key: String) -> URL {
    let name = DurableFile.checksum(Array("\(LeafCache.semantics)\n\(key)".utf8))
    return folder.appending(path: "\(name).leaf")
  }
}
