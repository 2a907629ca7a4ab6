import Crypto
import Foundation
import SegmentCompiler
import SegmentStore

/// The files of a table as they are now, and which of them were loaded before.
struct SourceFiles {
  /// In the order of their paths.
  var all: [SourceFile]
  /// Ids of those whose rows the last part holds already.
  var unchanged: Set<Int64>
  var counts: FileCounts

  /// Finds the files that match `globs` below the source's folder.
  ///
  /// A file of the same size and time as before is not read; one of another time is hashed.
  init(
    globs: [String], source: DataSource, in workspace: URL, before: [SourceFile],
    store: SegmentStore
  ) throws {
    let folder =
      source.folder == "." ? workspace : workspace.appending(path: source.folder)
    let paths = Set(globs.flatMap { SourceFiles.match($0, in: folder) })
    let known = Dictionary(uniqueKeysWithValues: before.map { ($0.path, $0) })
    var files: [SourceFile] = []
    var counts = FileCounts()
    unchanged = []
    for path in paths.sorted(by: { Text($0) < Text($1) }) {
      var file = try SourceFiles.describe(path, in: workspace)
      let old = known[file.path]
      if let old, old.size == file.size, old.modified == file.modified {
        file = old
      } else {
        file.sha256 = try SourceFiles.hash(path)
        if let old, old.sha256 == file.sha256, old.size == file.size { file.id = old.id }
      }
      if file.id == old?.id {
        unchanged.insert(file.id)
        counts.unchanged += 1
      } else if old != nil {
        counts.changed += 1
      } else {
        counts.new += 1
      }
      files.append(file)
    }
    counts.vanished = known.keys.count { path in !files.contains { $0.path == path } }
    all = files
    self.counts = counts
    try giveIDs(store)
  }

  private mutating func giveIDs(_ store: SegmentStore) throws {
    let new = all.indices.filter { !unchanged.contains(all[$0].id) }
    for (index, id) in zip(new, try store.reserveFiles(new.count)) { all[index].id = id }
  }

  static func describe(_ path: String, in workspace: URL) throws -> SourceFile {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
    let root = workspace.path.hasSuffix("/") ? workspace.path : workspace.path + "/"
    return SourceFile(
      id: 0, path: path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path,
      size: (attributes[.size] as? NSNumber)?.int64Value ?? 0,
      modified: Int64((modified * 1_000_000).rounded()), sha256: "")
  }

  private static func match(_ pattern: String, in folder: URL) -> [String] {
    let literal = folder.path.map { "\\*?[".contains($0) ? "\\\($0)" : String($0) }.joined()
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(literal + "/" + pattern, 0, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      guard let path = found.gl_pathv[index].map({ String(cString: $0) }) else { return nil }
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      return exists && !isFolder.boolValue ? path : nil
    }
  }

  private static func hash(_ path: String) throws -> String {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    var hasher = SHA256()
    while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
      try Task.checkCancellation()
      hasher.update(data: data)
    }
    return hex(hasher.finalize())
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
