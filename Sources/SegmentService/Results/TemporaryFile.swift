import Foundation
import SegmentEngines

/// A written file that has no name any more: it is gone with its last reference, and after a kill as well.
public final class TemporaryFile: Sendable {
  private let handle: FileHandle
  /// In bytes.
  public let size: Int

  fileprivate init(url: URL, write: (String) async throws -> Void) async throws {
    defer { try? FileManager.default.removeItem(at: url) }
    try await write(url.path)
    handle = try FileHandle(forReadingFrom: url)
    size = Int(try handle.seekToEnd())
    try handle.seek(toOffset: 0)
  }

  /// What is in it, piece by piece; to be read once.
  public var bytes: Pulled<[UInt8]> {
    Pulled { [self] in
      guard let piece = try handle.read(upToCount: 1 << 18), !piece.isEmpty else { return nil }
      return [UInt8](piece)
    }
  }
}

extension SegmentService {
  /// Writes members to a Parquet file that only the caller has.
  public func temporaryParquet(of list: MemberList) async throws -> TemporaryFile {
    let name = "members-\(UUID().uuidString).parquet"
    return try await TemporaryFile(url: folder.temporary.appending(path: name)) {
      try await list.writeParquet(to: $0)
    }
  }
}
