import Foundation
import SegmentCompiler

/// A file of a folder that may hold data.
struct FolderFile: Hashable {
  /// Below the folder.
  var path: String
  var bytes: Int

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }
  var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }

  /// The name without the endings that say how it is written: `orders` of `orders.csv.gz`.
  var stem: String {
    var stem = Substring(name)
    for ending in FolderFile.endings.sorted(by: { $0.count > $1.count })
    where stem.lowercased().hasSuffix(ending) {
      stem = stem.dropLast(ending.count)
      break
    }
    return String(stem)
  }

  /// Files of other endings are left out.
  private static let endings: [String] = {
    let plain = [".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".ndjson", ".jsonl"]
    return plain + plain.map { $0 + ".gz" } + [".parquet"]
  }()

  /// Why the ending says that there is no data; nil where there may be.
  var reasonByEnding: String? {
    let name = name.lowercased()
    if FolderFile.endings.contains(where: name.hasSuffix) {
      let stem = stem.lowercased()
      let isAboutFolder = ["readme", "license", "licence", "copying", "notice", "changelog"]
        .contains {
          stem == $0 || stem.hasPrefix($0 + ".") || stem.hasPrefix($0 + "-")
        }
      return isAboutFolder && FileFormat(path: path) == nil ? "a text for people" : nil
    }
    switch name.split(separator: ".").last {
    case "json": return "JSON as a whole; Muster reads one object a line (.ndjson)"
    case "xlsx", "xls", "ods", "xlsm": return "a spreadsheet; save its sheets as CSV"
    case "md", "rst", "html", "htm", "pdf", "doc", "docx": return "a text for people"
    case "zip", "tar", "tgz", "bz2", "7z", "xz", "zst": return "an archive; unpack it"
    default: return "no format that Muster reads (CSV, NDJSON, Parquet)"
    }
  }
}

/// The files of a folder and of those below it.
struct FolderFiles {
  var candidates: [FolderFile] = []
  var leftOut: [LeftOutFile] = []

  /// How deep folders are looked into.
  static let mostLevels = 4

  /// Hidden files and `workspace.yaml` do not count; links to folders are followed.
  init(of root: URL) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isFolder),
      isFolder.boolValue
    else { throw ProposalError.noFolder(root.path) }
    var seen: Set<String> = []
    try collect(root, below: "", level: 0, &seen)
    candidates.sort { Text($0.path) < Text($1.path) }
    leftOut.sort { Text($0.path) < Text($1.path) }
  }

  private mutating func collect(
    _ folder: URL, below prefix: String, level: Int, _ seen: inout Set<String>
  ) throws {
    guard seen.insert(folder.resolvingSymlinksInPath().path).inserted else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
      let path = prefix + name
      if name.hasPrefix(".") || path == "workspace.yaml" { continue }
      let url = folder.appending(path: name)
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
        leftOut.append(LeftOutFile(path: path, reason: "a link to nothing"))
        continue
      }
      if isFolder.boolValue {
        if level < FolderFiles.mostLevels {
          try collect(url, below: path + "/", level: level + 1, &seen)
        } else {
          leftOut.append(LeftOutFile(path: path + "/", reason: "too deep a folder"))
        }
        continue
      }
      let attributes = try? FileManager.default.attributesOfItem(
        atPath: url.resolvingSymlinksInPath().path)
      let file = FolderFile(path: path, bytes: (attributes?[.size] as? NSNumber)?.intValue ?? 0)
      if let type = attributes?[.type] as? FileAttributeType, type != .typeRegular {
        leftOut.append(LeftOutFile(path: path, reason: "it is no file but a pipe or a device"))
      } else if let reason = file.reasonByEnding {
        leftOut.append(LeftOutFile(path: path, reason: reason))
      } else if file.bytes == 0 {
        leftOut.append(LeftOutFile(path: path, reason: "it is empty"))
      } else {
        candidates.append(file)
      }
    }
  }
}
