import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

/// Which workspace a command works on, and how much of the machine it may use.
struct WorkspaceOptions: ParsableArguments {
  @Option(
    name: [.customShort("w"), .long],
    help:
      "The workspace's folder; MUSTER_WORKSPACE unless given, else found in the current folder or above.",
    completion: .directory)
  var workspace: String?

  @Option(
    help: "The settings file; MUSTER_SETTINGS unless given, else settings.yaml in the workspace.",
    completion: .file(extensions: ["yaml"]))
  var settings: String?

  @Option(help: "The most memory that queries may use before they spill to disk (2GB).")
  var memoryLimit: String?

  @Option(help: "How many threads queries may use; one per core unless given.")
  var threads: Int?

  func settingValues() throws -> SettingValues {
    try SettingValues(folder: try folder(), file: settings)
  }

  func engineSettings() throws -> SegmentService.Settings {
    try Installation.engine(try settingValues(), memory: memoryLimit, threads: threads)
  }

  func validate() throws {
    guard let threads, case .number(let range) = Setting.threads.kind else { return }
    guard range.contains(threads) else {
      throw ValidationError(
        "--threads must be from \(range.lowerBound) to \(range.upperBound), not \(threads).")
    }
  }

  /// Opens the workspace; a second process is told that `muster <verb>` holds it.
  func open(
    for verb: String, with change: (inout SegmentService.Settings) -> Void = { _ in }
  ) throws -> SegmentService {
    var settings = try engineSettings()
    change(&settings)
    return try SegmentService(
      folder: try folder(), purpose: "muster \(verb)", author: author, settings: settings)
  }

  /// Who changes things from the command line.
  var author: Author { .commandLine(user: NSUserName()) }

  func folder() throws -> WorkspaceFolder {
    let current = URL(
      filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    let variable = ProcessInfo.processInfo.environment["MUSTER_WORKSPACE"] ?? ""
    guard let workspace = workspace ?? (variable.isEmpty ? nil : variable) else {
      guard let folder = WorkspaceFolder.find(from: current) else {
        throw WorkspaceError.noWorkspace(current.path)
      }
      return folder
    }
    return WorkspaceFolder(URL(filePath: workspace, directoryHint: .isDirectory))
  }
}

/// The instant that counts as now.
struct AsOfOption: ParsableArguments {
  @Option(
    name: .customLong("as-of"),
    help: ArgumentHelp(
      "The instant that counts as now: 2024-03-31T12:00, or a day, which means its start.",
      discussion: "Without a zone it is read in the workspace's.", valueName: "time"))
  var text: String?

  /// nil where it was not given.
  func instant(in zoneName: String) throws -> Instant? {
    try text.map { try Muster.instant($0, of: "--as-of", in: Zone(zoneName) ?? .utc) }
  }
}

extension Muster {
  /// The instant that the text of an option stands for: a time, or a day, which means its start.
  static func instant(_ text: String, of option: String, in zone: Zone) throws -> Instant {
    if let day = CivilDate(text) { return zone.start(of: day) }
    if let instant = Instant(text, zone: zone) { return instant }
    throw ValidationError(
      "'\(text)' is no time: \(option) takes one such as 2024-03-31T12:00 or 2024-03-31.")
  }
}

/// Results for programs.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print JSON instead of text.")
  var json = false
}
