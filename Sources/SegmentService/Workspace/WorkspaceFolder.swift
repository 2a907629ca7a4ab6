import Foundation
import SegmentCompiler

/// Where a workspace keeps its files. Everything Muster writes is below `.muster`.
public struct WorkspaceFolder: Sendable {
  /// The folder of `workspace.yaml`.
  public let root: URL

  /// Where its state is, within the folder.
  private let stateName: String

  public init(_ root: URL) { self.init(root, state: ".muster") }

  init(_ root: URL, state: String) {
    self.root = root.standardizedFileURL
    stateName = state
  }

  public var definition: URL { root.appending(path: "workspace.yaml") }
  var state: URL { root.appending(path: stateName) }
  var store: URL { state.appending(path: "muster.sqlite") }
  /// A data file; the store knows the name of the one in force.
  func database(_ name: String) -> URL { state.appending(path: name) }
  /// One bitmap per published run.
  var members: URL { state.appending(path: "members") }
  /// Results of leaves, made again where they are missing.
  var cache: URL { state.appending(path: "cache") }
  var temporary: URL { state.appending(path: "tmp") }
  /// Where a server that owns the workspace listens to commands.
  public var socket: URL { state.appending(path: "socket") }
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

  /// - Throws: ``WorkspaceError/noWorkspace(_:)``, or ``Diagnostics`` that name the file.
  func readDefinition() throws -> (text: String, WorkspaceDefinition) {
    guard FileManager.default.fileExists(atPath: definition.path) else {
      throw WorkspaceError.noWorkspace(root.path)
    }
    do {
      let yaml = try TextFile(path: definition.path).text
      return (yaml, try WorkspaceDefinition(yaml: yaml))
    } catch let problems as Diagnostics {
      throw problems.located(in: Document(.null), file: definition.lastPathComponent)
    }
  }

  /// The time zone of the workspace, read without opening it.
  public func timeZone() throws -> String { try readDefinition().1.timeZone }

  /// Makes the folders of the state that are missing; those that others are in are on disk when it returns.
  func createState() throws {
    for folder in [state, members, cache, temporary]
    where !FileManager.default.fileExists(atPath: folder.path) {
      guard mkdir(folder.path, 0o700) == 0 else { throw FileError(path: folder.path) }
      try DurableFile.synchronize(folder: folder.deletingLastPathComponent())
    }
  }
}
