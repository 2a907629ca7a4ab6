import Crypto
import Foundation
import SegmentCompiler
import SegmentStore

/// The files of a table as they are now, and which of them were loaded before.
struct SourceFiles {
  /// In the order of their paths.
  private(set) var all: [SourceFile]
  /// Ids of those whose rows the last part holds already.
  var unchanged: Set<Int64>
  private(set) var counts = FileCounts()
  private let found: Date

  /// How fine the clock of the coarsest file system is, in seconds.
  private static let clockResolution = 2.0

  /// Finds the files that match `globs` below the source's folder.
  ///
  /// A file of the same path, size and time as before is not read. Any other is hashed: with the content that
  /// its path had before it was touched only, with that of a vanished file it was renamed.
  ///
  /// - Throws: ``TableFailure`` where a file cannot be read.
  init(
    globs: [String], source: DataSource, in workspace: URL, before: [SourceFile],
    store: SegmentStore
  ) throws {
    found = Date()
    let folder = source.folder == "." ? workspace : workspace.appending(path: source.folder)
    let paths = Set(try globs.flatMap { try SourceFiles.match($0, in: folder) })
    all = try paths.sorted { Text($0) < Text($1) }
      .map { try SourceFiles.describe($0, in: workspace) }
    unchanged = []
    var gone = Dictionary(uniqueKeysWithValues: before.map { ($0.path, $0) })
    var others: [(index: Int, isChanged: Bool)] = []
    for (index, file) in all.enumerated() {
      let old = gone.removeValue(forKey: file.path)
      if let old, old.size == file.size, old.modified == file.modified {
        keep(index, as: old)
        counts.unchanged += 1
        continue
      }
      all[index].sha256 = try SourceFiles.hash(file.path, in: workspace)
      if let old, old.hasContent(of: all[index]) {
        keep(index, as: old)
        counts.unchanged += 1
      } else {
        others.append((index, old != nil))
      }
    }
    for (index, isChanged) in others {
      if !isChanged, let old = gone.values.first(where: { $0.hasContent(of: all[index]) }) {
        gone[old.path] = nil
        keep(index, as: old)
        counts.renamed += 1
      } else if isChanged {
        counts.changed += 1
      } else {
        counts.new += 1
      }
    }
    counts.vanished = gone.count
    try giveIDs(store)
  }

  /// What is remembered of the files. One that was written to a moment ago may be written to again without
  /// another time: it has none here, so that the next load compares its content.
  var remembered: [SourceFile] {
    all.map { file in
      var file = file
      let latest = (found.timeIntervalSince1970 - SourceFiles.clockResolution) * 1_000_000
      if Double(file.modified) > latest { file.modified = 0 }
      return file
    }
  }

  private mutating func keep(_ index: Int, as old: SourceFile) {
    all[index].id = old.id
    all[index].sha256 = old.sha256
    unchanged.insert(old.id)
  }

  private mutating func giveIDs(_ store: SegmentStore) throws {
    let new = all.indices.filter { !unchanged.contains(all[$0].id) }
    for (index, id) in zip(new, try store.reserveFiles(new.count)) { all[index].id = id }
  }

  /// Whether a file is what it was when it was found; one that was written to while it was read may have
  /// been read half old, half new.
  static func isUntouched(_ file: SourceFile, in workspace: URL) throws -> Bool {
    let now = try describe(workspace.appending(path: file.path).path, in: workspace)
    guard now.size == file.size, now.modified == file.modified else { return false }
    return try hash(file.path, in: workspace) == file.sha256
  }

  private static func describe(_ path: String, in workspace: URL) throws -> SourceFile {
    let root = workspace.path.hasSuffix("/") ? workspace.path : workspace.path + "/"
    let name = path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
    var status = stat()
    guard stat(path, &status) == 0 else { throw TableFailure(name, errno) }
    // A pipe would be waited for, a device may never end.
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw TableFailure("\(name) is no file but a pipe or a device.")
    }
    return SourceFile(
      id: 0, path: name, size: Int64(status.st_size), modified: status.modified, sha256: "")
  }

  /// Files that match, folders left out. A link to nothing is there and fails when it is described.
  private static func match(_ pattern: String, in folder: URL) throws -> [String] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    let literal = folder.path.map { "\\*?[".contains($0) ? "\\\($0)" : String($0) }.joined()
    var found = glob_t()
    defer { globfree(&found) }
    switch glob(literal + "/" + pattern, GLOB_ERR, nil, &found) {
    case 0: break
    case GLOB_NOMATCH: return []
    default: throw TableFailure("A folder that '\(pattern)' leads through cannot be read.")
    }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      guard let path = found.gl_pathv[index].map({ String(cString: $0) }) else { return nil }
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      return exists && isFolder.boolValue ? nil : path
    }
  }

  private static func hash(_ file: String, in workspace: URL) throws -> String {
    do {
      let handle = try FileHandle(forReadingFrom: workspace.appending(path: file))
      defer { try? handle.close() }
      var hasher = SHA256()
      while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
        try Task.checkCancellation()
        hasher.update(data: data)
      }
      return hex(hasher.finalize())
    } catch let error where !(error is CancellationError) {
      throw TableFailure("\(file) cannot be read: \(error.localizedDescription)")
    }
  }
}

extension SourceFile {
  fileprivate func hasContent(of other: SourceFile) -> Bool {
    sha256 == other.sha256 && size == other.size
  }
}

extension stat {
  /// Microseconds since 1970-01-01T00:00:00Z.
  fileprivate var modified: Int64 {
    #if canImport(Darwin)
      let time = st_mtimespec
    #else
      let time = st_mtim
    #endif
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}

extension TableFailure {
  /// What the system said of a file.
  fileprivate init(_ file: String, _ code: Int32) {
    self.init("\(file) cannot be read: \(String(cString: strerror(code))).")
  }
}

func hex(_ digest: some Sequence<UInt8>) -> String {
  digest.map { byte in
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }.joined()
}

/// SHA-256 of a text, in hexadecimal digits.
func sha256(_ text: String) -> String { hex(SHA256.hash(data: Data(text.utf8))) }
