import CArchive
import Foundation
import NIOCore

/// Packs files into a ZIP archive as they come, however large.
final class ZipArchive {
  /// What libarchive has written and nobody has taken yet.
  private final class Output { var bytes = ByteBuffer() }

  private let archive: OpaquePointer
  private let output = Output()

  init() {
    guard let archive = archive_write_new() else { fatalError("out of memory") }
    self.archive = archive
    archive_write_set_format_zip(archive)
    archive_write_set_options(archive, "zip:hdrcharset=UTF-8")
    // Handed on as it comes, and not filled up at the end.
    archive_write_set_bytes_per_block(archive, 0)
    archive_write_set_bytes_in_last_block(archive, 1)
    archive_write_open(
      archive, Unmanaged.passUnretained(output).toOpaque(), nil,
      { _, context, bytes, count in
        guard let context, let bytes else { return 0 }
        Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
          .bytes.writeBytes(UnsafeRawBufferPointer(start: bytes, count: count))
        return count
      }, nil)
  }

  deinit { archive_write_free(archive) }

  /// Begins the next file.
  ///
  /// - Parameter time: in seconds since 1970-01-01T00:00:00Z.
  func begin(_ name: String, at time: Int64) throws -> ByteBuffer {
    guard let entry = archive_entry_new() else { fatalError("out of memory") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname_utf8(entry, name)
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_mtime(entry, time_t(time), 0)
    try check(archive_write_header(archive, entry))
    return taken()
  }

  /// Adds to the file that was begun.
  func add(_ bytes: [UInt8]) throws -> ByteBuffer {
    let written = bytes.withUnsafeBytes {
      archive_write_data(archive, $0.baseAddress, $0.count)
    }
    guard written == bytes.count else { throw Failure(archive) }
    return taken()
  }

  /// The end; nothing may be added after.
  func finish() throws -> ByteBuffer {
    try check(archive_write_close(archive))
    return taken()
  }

  private func check(_ status: Int32) throws {
    guard status == ARCHIVE_OK || status == ARCHIVE_WARN else { throw Failure(archive) }
  }

  private func taken() -> ByteBuffer {
    defer { output.bytes = ByteBuffer() }
    return output.bytes
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String

    init(_ archive: OpaquePointer) {
      description = archive_error_string(archive).map { String(cString: $0) } ?? "unknown"
    }
  }
}
