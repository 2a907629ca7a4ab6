import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the workspace's state to a folder, verify copies, and bring one back.",
    discussion: """
      Also while 'muster serve' runs: it is asked to do it. Your own data files, workspace.yaml aside, and \
      settings.yaml are not in a backup.
      """,
    subcommands: [
      MakeBackupCommand.self, ListBackupsCommand.self, CheckBackupCommand.self,
      RestoreBackupCommand.self,
    ],
    defaultSubcommand: MakeBackupCommand.self)
}

struct MakeBackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make", abstract: "Make a backup, in a new folder of its own.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Option(help: "The folder to make it in; backup.folder of the settings unless given.")
  var to: String?

  @Option(
    help: "How many backups stay there, this one included; backup.keep of the settings, else all.")
  var keep: Int?

  func validate() throws {
    guard (keep ?? 1) >= 1 else { throw ValidationError("--keep must be at least 1.") }
  }

  func run() async throws {
    let settings = try Installation.backups(
      options.settingValues(), in: options.folder(), to: to, keep: keep)
    guard let settings else {
      throw ValidationError(
        "Say where: --to FOLDER, or \(Setting.backupFolder.rawValue) in the settings.")
    }
    let made = try await make(settings)
    if output.json { return try Terminal.printJSON(made) }
    Terminal.print("\(made.path.printable): \(bytesText(Int(made.bytes))).")
    for name in made.missing {
      Terminal.printError(
        "Warning: \(name.printable) is missing or damaged, and not in the backup. Run 'muster check'."
      )
    }
    for path in made.removed { Terminal.print("Removed \(path.printable).") }
  }

  private func make(_ settings: BackupSettings) async throws -> BackupJSON {
    let service: SegmentService
    do {
      service = try options.open(for: "backup")
    } catch WorkspaceError.locked(let holder) {
      guard let server = LocalServer(of: try options.folder()) else {
        throw WorkspaceError.locked(by: holder)
      }
      return try await server.post("/backups", settings, answer: BackupJSON.self)
    }
    let progress = ProgressDisplay()
    defer { progress.clear() }
    return BackupJSON(
      try await service.backUp(
        to: URL(filePath: settings.path, directoryHint: .isDirectory), keep: settings.keep
      ) {
        progress.show(ProgressBar(title: "Copying", fraction: $0))
      })
  }
}

struct ListBackupsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the backups that were made.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let (folder, zone) = (try options.folder(), try options.folder().timeZone())
    let backups = try SegmentService.backups(of: folder)
    if output.json { return try Terminal.printJSON(backups.map(KnownBackupJSON.init)) }
    var table = TextTable(.left("Made"), .right("Size"), .left("Folder"), .left(""))
    table.maximumCellWidth = 200
    for backup in backups {
      table.add(
        timeText(microseconds: backup.record.madeAt, in: TimeZone(identifier: zone) ?? .gmt),
        bytesText(Int(backup.record.bytes)), backup.record.path, backup.isThere ? "" : "gone")
    }
    Terminal.print(backups.isEmpty ? "No backup was made." : "\(table)")
  }
}

struct CheckBackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Verify every file of a backup.")

  @Argument(help: "The backup's folder.", completion: .directory)
  var backup: String

  func run() async throws {
    let progress = ProgressDisplay()
    defer { progress.clear() }
    let found = try await Backup.check(URL(filePath: backup, directoryHint: .isDirectory)) {
      progress.show(ProgressBar(title: "Verifying", fraction: $0))
    }
    progress.clear()
    let time = Instant(microseconds: found.madeAt)
    Terminal.print(
      "\(found.workspace.printable), as of \(time): \(found.files.count.counted("file")), \(bytesText(Int(found.bytes))), all sound."
    )
    for name in found.missing {
      Terminal.print("\(name.printable) was missing or damaged already when it was made.")
    }
  }
}

struct RestoreBackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Bring back the state of a backup, in one step.",
    discussion: """
      Verifies the backup, and takes out of it who was erased since. The state of now is set aside, until you delete \
      it or somebody is erased. Sessions end; accounts and API keys are those of the backup. A server has to be \
      stopped before.
      """)

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The backup's folder.", completion: .directory)
  var backup: String

  @Flag(help: "Do not ask.")
  var yes = false

  func run() async throws {
    let source = URL(filePath: backup, directoryHint: .isDirectory)
    let found = try Backup(of: source)
    let folder = try options.folder()
    let time = Instant(microseconds: found.madeAt)
    if !yes {
      let question =
        "Replace the state of \(folder.root.path.printable) by that of \(found.workspace.printable) as of \(time)?"
      guard Terminal.canAsk else {
        throw ValidationError("Nothing was restored: add --yes to do it without being asked.")
      }
      guard Terminal.confirm(question) else {
        Terminal.printError("Nothing was restored.")
        throw ExitCode.failure
      }
    }
    let progress = ProgressDisplay()
    defer { progress.clear() }
    let report = try await SegmentService.restore(
      source, to: folder, purpose: "muster backup restore", author: options.author,
      settings: try options.engineSettings(),
      progress: { progress.show(ProgressBar(title: "Restoring", fraction: $0)) })
    progress.clear()
    Terminal.print("The state is that of \(time).")
    if report.erasedSince > 0 {
      Terminal.print(
        "Who was erased since then was taken out again (\(report.erasedSince.counted("key"))).")
    }
    if let replaced = report.replaced {
      Terminal.print(
        "What was replaced is in \(replaced.printable). Delete it when nobody needs it.")
    }
    if report.workspaceFileDiffers {
      Terminal.printError(
        "Warning: workspace.yaml says something else than then; the one of then is in \(source.path.printable). Run 'muster check'."
      )
    }
  }
}
