import Foundation
import SegmentCompiler
import SegmentStore

/// What an export did to a folder.
public struct ExportReport: Sendable {
  /// Files that are new or changed.
  public var written: [String] = []
  /// How many segments were there as they are saved.
  public var unchanged = 0
  /// Files of segments that are not saved, removed.
  public var removed: [String] = []
  /// Files of segments that are not saved, left alone.
  public var left: [String] = []
}

/// Files that an export would overwrite although they hold what is saved nowhere.
public struct ExportRefused: Error, CustomStringConvertible {
  public var problems: [String]

  public var description: String {
    "Nothing was written:\n" + problems.map { "- \($0)" }.joined(separator: "\n")
      + "\nApply or move these files, or give --force to overwrite them."
  }
}

extension SegmentService {
  /// Writes the definition of every segment into a folder, a file for each, so that planning the folder
  /// finds no change.
  ///
  /// A segment that is in the folder already is written where it is. A file is overwritten only if nothing is lost:
  /// it is as this method writes a saved version of the segment.
  ///
  /// - Parameters:
  ///   - force: overwrites other files too.
  ///   - pruning: removes the files of segments that are not saved, if they are as this method writes them.
  public func export(to folder: String, force: Bool = false, pruning: Bool = false) throws
    -> ExportReport
  {
    var export = try FolderExport(folder, force: force, service: self)
    for version in try store.segments() { try export.add(version) }
    try export.findUnsaved(pruning: pruning)
    return try export.write()
  }
}

/// A segment as files.
private struct DefinitionFile {
  var path: String
  var yaml: String
  /// The keys of a manual segment, in a file of their own.
  var keys: (path: String, csv: String)?

  init(_ definition: SegmentDefinition, path: String, workspace: WorkspaceDefinition) {
    self.path = path
    var definition = definition
    if case .keys(let scalars) = definition.content {
      let keysPath = (path as NSString).deletingPathExtension + ".csv"
      let column = workspace.keyAttribute(
        ofAudience: definition.audience ?? workspace.soleAudience)
      keys = (keysPath, DefinitionFile.csv(scalars, column: column))
      definition.content = .keysFile(KeysFile(path: (keysPath as NSString).lastPathComponent))
    }
    yaml = definition.yaml
  }

  private static func csv(_ keys: [Scalar], column: String) -> String {
    var text = RowText.cell(column, isText: true, raw: true) + "\n"
    for key in keys {
      let key = ProfileKey(key)?.description ?? ""
      text += RowText.cell(key, isText: true, raw: true) + "\n"
    }
    return text
  }

  /// Whether the files are on disk as they are here, byte by byte.
  var isOnDisk: Bool {
    guard DefinitionFile.holds(path, yaml) else { return false }
    return keys.map { DefinitionFile.holds($0.path, $0.csv) } ?? true
  }

  private static func holds(_ path: String, _ text: String) -> Bool {
    FileManager.default.contents(atPath: path) == Data(text.utf8)
  }

  var paths: [String] { [path] + (keys.map { [$0.path] } ?? []) }

  func write() throws {
    for (path, text) in [keys, (path, yaml)].compactMap({ $0 }) {
      try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }
  }
}

/// Everything is looked at before anything is written.
private struct FolderExport {
  let folder: String
  let force: Bool
  let service: SegmentService
  let catalog: Catalog?
  /// The definitions of the folder, by segment, and how many each file has.
  private var existing: [String: WrittenDefinition] = [:]
  private var definitionsOf: [String: Int] = [:]

  private var files: [DefinitionFile] = []
  private var obsolete: [DefinitionFile] = []
  private var problems: [String] = []
  private var report = ExportReport()

  init(_ folder: String, force: Bool, service: SegmentService) throws {
    self.folder = folder
    self.force = force
    self.service = service
    catalog = try? service.snapshot().catalog
    guard FileManager.default.fileExists(atPath: folder) else { return }
    guard DefinitionSource.isFolder(folder) else {
      throw ExportRefused(problems: ["\(folder) is a file, not a folder."])
    }
    do {
      let sources = try DefinitionSource.all(at: [folder])
      let written = try WrittenDefinition.all(in: sources, catalog: catalog)
      try written.requireWhole()
      for item in written {
        existing[item.definition.name] = item
        definitionsOf[item.file ?? "", default: 0] += 1
      }
    } catch let errors as DefinitionErrors where !force {
      throw ExportRefused(problems: ["The folder holds files that cannot be read:\n\(errors)"])
    } catch is DefinitionErrors {
      // With force they are as good as not there.
    }
  }

  mutating func add(_ version: SegmentVersion) throws {
    let definition = try service.storedDefinition(version)
    guard let there = existing[version.segment], let path = there.file else {
      let path = (folder as NSString)
        .appendingPathComponent("\(ExportName.base(for: version.segment)).yaml")
      try add(file(definition, path), of: version)
      return
    }
    if isSaved(there, as: version) {
      report.unchanged += 1
    } else if definitionsOf[path] == 1 {
      try add(file(definition, path), of: version)
    } else {
      problems.append(
        "\(path) holds several segments, of which '\(version.segment)' is not as it is saved.")
    }
  }

  private func file(_ definition: SegmentDefinition, _ path: String) -> DefinitionFile {
    DefinitionFile(definition, path: path, workspace: service.definition)
  }

  private func isSaved(_ written: WrittenDefinition, as version: SegmentVersion) -> Bool {
    let definition = catalog.flatMap { try? written.definition.canonical(in: $0) }
    return Text((definition ?? written.definition).json) == Text(version.definition)
  }

  private mutating func add(_ file: DefinitionFile, of version: SegmentVersion) throws {
    let occupied = file.paths.filter { FileManager.default.fileExists(atPath: $0) }
    let mayWrite =
      try occupied.isEmpty || force
      || service.store.versions(version.segment).contains { old in
        try !old.isDraft && self.file(old.decoded(), file.path).isOnDisk
      }
    if mayWrite {
      files.append(file)
    } else {
      problems.append(
        "\(occupied.joined(separator: " and ")) would be overwritten, and is no saved version of '\(version.segment)'."
      )
    }
  }

  /// Files with segments that are saved nowhere: deleted ones, or new ones that were not applied.
  mutating func findUnsaved(pruning: Bool) throws {
    let saved = Set(try service.store.segments().map(\.segment))
    let unsaved = existing.values.filter { !saved.contains($0.definition.name) }
    for item in unsaved.sorted(by: { Text($0.file ?? "") < Text($1.file ?? "") }) {
      guard let path = item.file else { continue }
      let file = file(item.definition, path)
      let isOurs =
        file.isOnDisk && definitionsOf[path] == 1
        && (path as NSString).lastPathComponent
          == "\(ExportName.base(for: item.definition.name)).yaml"
      if pruning && isOurs { obsolete.append(file) } else { report.left.append(path) }
    }
  }

  mutating func write() throws -> ExportReport {
    guard problems.isEmpty else { throw ExportRefused(problems: problems) }
    try FileManager.default.createDirectory(
      at: URL(filePath: folder, directoryHint: .isDirectory), withIntermediateDirectories: true)
    for file in files {
      if file.isOnDisk {
        report.unchanged += 1
      } else {
        try file.write()
        report.written.append(file.path)
      }
    }
    for file in obsolete {
      for path in file.paths { try FileManager.default.removeItem(atPath: path) }
      report.removed.append(file.path)
    }
    return report
  }
}
