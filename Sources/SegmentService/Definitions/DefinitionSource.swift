import Foundation
import SegmentCompiler

/// A text with definitions, and where it comes from.
public struct DefinitionSource: Sendable {
  /// YAML or JSON, one or several documents.
  public var text: String
  /// The file, as messages name it; nil for a text that is none.
  public var file: String?
  /// Where the files are that it names, and the folder that they must not leave; nil where it may name none.
  var folders: (own: URL, root: URL)?

  public init(text: String, file: String? = nil) {
    self.text = text
    self.file = file
  }

  /// Reads a file; what it names must be in its folder or below.
  public init(path: String) throws {
    try self.init(path: path, root: nil)
  }

  fileprivate init(path: String, root: URL?) throws {
    // What a folder holds was not named one by one: a pipe in it has nobody to write to it.
    text = try TextFile(path: path, mayBePipe: root == nil).text
    file = path
    let own = URL(filePath: path).absoluteURL.standardizedFileURL.deletingLastPathComponent()
    folders = (own, root ?? own)
  }
}

extension DefinitionSource {
  /// Files, and the definition files of folders.
  ///
  /// - Throws: ``DefinitionErrors`` with every file that cannot be read.
  public static func all(at paths: [String]) throws -> [DefinitionSource] {
    var sources: [DefinitionSource] = []
    var problems: [Diagnostic] = []
    for path in paths {
      do {
        sources += isFolder(path) ? try self.folder(path) : [try DefinitionSource(path: path)]
      } catch let diagnostics as Diagnostics {
        problems += diagnostics.all
      }
    }
    guard problems.isEmpty else { throw DefinitionErrors(all: [("", Diagnostics(problems))]) }
    return sources
  }

  public static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// The files of a folder and the folders in it that end in `.yaml`, `.yml` or `.json`, in the order of
  /// their paths. Others are none of our business, and neither is anything hidden.
  ///
  /// - Throws: ``Diagnostics`` with every file that cannot be read.
  private static func folder(_ path: String) throws -> [DefinitionSource] {
    var walk = FolderWalk()
    walk.visit(path)
    let root = URL(filePath: path, directoryHint: .isDirectory).absoluteURL.standardizedFileURL
    var sources: [DefinitionSource] = []
    for file in walk.files.sorted(by: { Text($0) < Text($1) }) {
      do {
        sources.append(try DefinitionSource(path: file, root: root))
      } catch let problems as Diagnostics {
        walk.problems += problems.all
      }
    }
    guard walk.problems.isEmpty else { throw Diagnostics(walk.problems) }
    return sources
  }
}

/// Finds definition files.
private struct FolderWalk {
  static let endings = ["yaml", "yml", "json"]

  var files: [String] = []
  var problems: [Diagnostic] = []

  mutating func visit(_ folder: String) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      problems.append(.unreadable(folder, because: errno))
      return
    }
    for name in names where !name.hasPrefix(".") {
      let path = (folder as NSString).appendingPathComponent(name)
      // A link to a file is that file; one to a folder could lead round in circles.
      if DefinitionSource.isFolder(path) {
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == nil else {
          problems.append(
            Diagnostic(
              code: "folderLink", place: "", message: "This is a link to a folder.",
              hint: "Put the folder here, or name it as well.", file: path))
          continue
        }
        visit(path)
      } else if FolderWalk.endings.contains((name as NSString).pathExtension.lowercased()) {
        add(path, name)
      }
    }
  }

  private mutating func add(_ path: String, _ name: String) {
    guard name != "workspace.yaml", name != CatalogLock.fileName else {
      problems.append(
        Diagnostic(
          code: "workspaceFile", place: "",
          message: "This file is about the workspace, not a segment.",
          hint: "Keep definitions in a folder of their own, such as segments/.", file: path))
      return
    }
    files.append(path)
  }
}
