import Foundation
import SegmentCompiler

/// A text of which nobody knows yet what it is: read whole, up to a size, and told by name and line if it is no text.
public struct TextFile {
  /// The most bytes of a list of keys. Definitions have at most ``Document/maximumBytes``.
  public static let mostBytesOfKeys = 1 << 30

  /// Without a byte-order mark.
  public var text: String

  /// - Parameters:
  ///   - name: what messages call it, if not by its path.
  ///   - mayBePipe: opening one waits for its writer, which must not happen where none is expected.
  /// - Throws: ``Diagnostics`` where it cannot be read, is too large, or is no UTF-8.
  public init(
    path: String, name: String? = nil, atMost: Int = Document.maximumBytes, mayBePipe: Bool = false
  ) throws {
    let name = name ?? path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | (mayBePipe ? 0 : O_NONBLOCK))
    guard descriptor >= 0 else { throw Diagnostics([.unreadable(name, because: errno)]) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw Diagnostics([.unreadable(name, because: errno)])
    }
    let isPipe = ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    guard mayBePipe || !isPipe else {
      throw Diagnostics([
        Diagnostic(
          code: "unreadable", place: "", message: "This is no file but a pipe or a device.",
          file: name)
      ])
    }
    try self.init(file, name: name, atMost: atMost)
  }

  /// - Parameter name: what messages call it.
  public init(_ handle: FileHandle, name: String, atMost: Int = Document.maximumBytes) throws {
    var data = Data()
    do {
      while data.count <= atMost, let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
        data += piece
      }
    } catch {
      throw Diagnostics([.unreadable(name, because: errno)])
    }
    guard data.count <= atMost else {
      throw Diagnostics([
        Diagnostic(
          code: "tooLarge", place: "",
          message: "The file has more than \(atMost) bytes, the most that are read.", file: name)
      ])
    }
    try self.init(data, file: name)
  }

  init(_ data: Data, file: String?) throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let bytes = data.starts(with: mark) ? data.dropFirst(mark.count) : data
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let isUTF16 = data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF])
      throw Diagnostics([
        Diagnostic(
          code: "notUTF8", place: "",
          message: "The file is not in UTF-8.",
          hint: isUTF16 ? "It is in UTF-16; save it as UTF-8." : nil,
          line: TextFile.firstBadLine(of: bytes), file: file)
      ])
    }
    self.text = text
  }

  private static func firstBadLine(of data: Data) -> Int {
    var line = 1
    var decoder = UTF8()
    var bytes = data.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&bytes) {
      if scalar == "\n" { line += 1 }
    }
    return line
  }
}

extension Diagnostic {
  /// - Parameter code: what the system said, an `errno`.
  static func unreadable(_ path: String, because code: Int32) -> Diagnostic {
    Diagnostic(
      code: "unreadable", place: "",
      message: code == ENOENT
        ? "There is no such file or folder."
        : "This cannot be read: \(String(cString: strerror(code))).", file: path)
  }
}
