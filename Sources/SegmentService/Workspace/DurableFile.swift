import Crypto
import Foundation

/// Files that are on disk, whole, before anything refers to them.
///
/// After a failed synchronization nobody knows what of a file is on disk: it is never tried again, the whole
/// operation fails.
public enum DurableFile {
  /// Writes a file under a name that was never used. Its bytes are on disk when it returns; its name is after
  /// ``synchronize(folder:)``.
  static func write(_ bytes: [UInt8], to url: URL) throws {
    do {
      let file = try FileWriter(path: url.path, mode: 0o600)
      try file.write(bytes)
      try file.synchronize()
    } catch {
      try? FileManager.default.removeItem(at: url)
      throw error
    }
  }

  /// Writes a file that others see as it was or as it will be, never half of it.
  ///
  /// - Parameter body: writes the file at the path it is given, beside `path`. What is no file but a pipe or a
  ///   device is written to as it is.
  public static func replace<Result>(
    _ path: String, writing body: (_ path: String) async throws -> Result
  ) async throws -> Result {
    let target = URL(filePath: path).resolvingSymlinksInPath()
    var status = stat()
    if stat(target.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      return try await body(target.path)
    }
    let partial = target.path + ".partial"
    do {
      let result = try await body(partial)
      try synchronize(file: URL(filePath: partial))
      guard rename(partial, target.path) == 0 else { throw FileError(path: target.path) }
      try synchronize(folder: target.deletingLastPathComponent())
      return result
    } catch {
      unlink(partial)
      throw error
    }
  }

  /// Puts a file on disk that something else has written.
  static func synchronize(file: URL) throws {
    try synchronize(file.path, flags: O_WRONLY)
  }

  static func synchronize(folder: URL) throws {
    try synchronize(folder.path, flags: O_RDONLY)
  }

  private static func synchronize(_ path: String, flags: Int32) throws {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path) }
  }

  static func checksum(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexadecimal }

  /// Of a file of any size.
  static func checksum(of url: URL) throws -> String {
    let file = try FileHandle(forReadingFrom: url)
    defer { try? file.close() }
    var hash = SHA256()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return hash.finalize().hexadecimal
  }
}

extension SHA256.Digest {
  /// 64 lower-case digits.
  var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}

/// A new file, or an empty one in the place of an old one.
public final class FileWriter: Sendable {
  private let path: String
  private let descriptor: Int32

  public init(path: String, mode: mode_t = 0o666) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    if descriptor < 0 { throw FileError(path: path) }
  }

  deinit { close(descriptor) }

  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let written = writeSome(UnsafeRawBufferPointer(rebasing: buffer[done...]), to: descriptor)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw FileError(path: path) }
        done += written
      }
    }
  }

  /// Everything written is on disk when it returns.
  func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw FileError(path: path) }
  }
}

/// The system's function of that name, where methods have it too.
private func writeSome(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}

/// What the system said of a file.
public struct FileError: Error, CustomStringConvertible {
  public let path: String
  public let reason: String

  /// As `errno` has it now.
  public init(path: String) {
    self.path = path
    reason = String(cString: strerror(errno))
  }

  public var description: String { "\(path): \(reason)" }
}
