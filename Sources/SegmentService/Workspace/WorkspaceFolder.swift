import Crypto
import Foundation

/// Where a workspace keeps its files. Everything Muster writes is below `.muster`.
public struct WorkspaceFolder: Sendable {
  /// The folder of `workspace.yaml`.
  public let root: URL

  public init(_ root: URL) { self.root = root.standardizedFileURL }

  public var definition: URL { root.appending(path: "workspace.yaml") }
  var state: URL { root.appending(path: ".muster") }
  var store: URL { state.appending(path: "muster.sqlite") }
  /// A data file; the store knows the name of the one in force.
  func database(_ name: String) -> URL { state.appending(path: name) }
  /// One bitmap per published run.
  var members: URL { state.appending(path: "members") }
  /// Results of leaves, made again where they are missing.
  var cache: URL { state.appending(path: "cache") }
  var temporary: URL { state.appending(path: "tmp") }
  var lock: URL { state.appending(path: "lock") }

  /// The nearest folder with a workspace file, from `start` upwards; nil where there is none.
  public static func find(from start: URL) -> WorkspaceFolder? {
    var folder = start.standardizedFileURL
    while true {
      let candidate = WorkspaceFolder(folder)
      if FileManager.default.fileExists(atPath: candidate.definition.path) { return candidate }
      let parent = folder.deletingLastPathComponent()
      if parent.path == folder.path { return nil }
      folder = parent
    }
  }

  func create() throws {
    for folder in [state, members, cache, temporary] {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }
  }
}

/// Writes new files so that they are on disk, whole, before anything refers to them.
enum DurableFile {
  /// Writes a file under a name that was never used. Its bytes are on disk when it returns; its name is after
  /// ``synchronize(folder:)``.
  static func write(_ bytes: [UInt8], to url: URL) throws {
    let file = try FileDescriptorFile(path: url.path)
    try file.write(bytes)
    try file.close(synchronizing: true)
  }

  /// Puts a file on disk that something else has written.
  static func synchronize(file: URL) throws {
    try FileDescriptorFile.synchronize(path: file.path)
  }

  static func synchronize(folder: URL) throws {
    try FileDescriptorFile.synchronize(path: folder.path)
  }

  static func checksum(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
  }
}

/// What the system said of a file.
public struct FileError: Error, CustomStringConvertible {
  public let path: String
  public let reason: String

  init(path: String) {
    self.path = path
    reason = String(cString: strerror(errno))
  }

  public var description: String { "\(path): \(reason)" }
}

private struct FileDescriptorFile {
  let path: String
  let descriptor: Int32

  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw FileError(path: path) }
  }

  func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[done...])
        #if canImport(Glibc)
          let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        #else
          let written = Darwin.write(descriptor, rest.baseAddress, rest.count)
        #endif
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw FileError(path: path) }
        done += written
      }
    }
  }

  func close(synchronizing: Bool) throws {
    if synchronizing, fsync(descriptor) != 0 { throw FileError(path: path) }
    #if canImport(Glibc)
      let result = Glibc.close(descriptor)
    #else
      let result = Darwin.close(descriptor)
    #endif
    if result != 0 { throw FileError(path: path) }
  }

  static func synchronize(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path) }
    let result = fsync(descriptor)
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
    if result != 0 { throw FileError(path: path) }
  }
}
