import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

@main
struct Muster: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "muster",
    abstract: "Groups customers by what they are and do, exactly.",
    discussion: """
      A workspace is a folder with a workspace.yaml that says where the data is. Commands look for \
      it in the current folder and above.
      """,
    version: "0.1.0",
    groupedSubcommands: [
      CommandGroup(
        name: "Workspace",
        subcommands: [
          InitCommand.self, SampleCommand.self, LoadCommand.self, CatalogCommand.self,
          ValuesCommand.self, ProfileCommand.self, CheckCommand.self, BackupCommand.self,
          EraseCommand.self,
          CollectGarbageCommand.self,
        ]),
      CommandGroup(
        name: "Segments",
        subcommands: [
          SaveCommand.self, ListCommand.self, ShowCommand.self, EditCommand.self,
          CleanupCommand.self,
          ActivateCommand.self, DeactivateCommand.self, RenameCommand.self, DuplicateCommand.self,
          KeysCommand.self, VersionsCommand.self, DiffCommand.self, RestoreCommand.self,
          DeleteCommand.self, TrashCommand.self, RefreshCommand.self,
        ]),
      CommandGroup(
        name: "Unattended",
        subcommands: [
          ServeCommand.self, ScheduleCommand.self, JobsCommand.self, WebhooksCommand.self,
          APICommand.self,
        ]),
      CommandGroup(
        name: "Who may",
        subcommands: [UsersCommand.self, APIKeysCommand.self, AuditCommand.self]),
      CommandGroup(
        name: "Definitions as code",
        subcommands: [
          ValidateCommand.self, PlanCommand.self, ApplyCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Results",
        subcommands: [
          CountCommand.self, PreviewCommand.self, MembersCommand.self, OutputsCommand.self,
          HistoryCommand.self, TrendCommand.self, SegmentsOfCommand.self, WhyCommand.self,
          ExplainCommand.self,
        ]),
      CommandGroup(
        name: "Reference",
        subcommands: [SettingsCommand.self, SchemaCommand.self, ReferenceCommand.self]),
    ])

  static func main() async {
    // A file that may not grow any more (`ulimit -f`) is an error like a full disk, not the end.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let problems as Diagnostics {
      fail(with: problems.description)
    } catch let problems as DefinitionErrors {
      fail(with: problems.description)
    } catch {
      let text = fullMessage(for: error).excerpt(20_000)
      let code = exitCode(for: error)
      if !text.isEmpty {
        if code.isSuccess { Terminal.print(text) } else { Terminal.printError(text) }
      }
      exit(withError: code)
    }
  }

  /// Problems say themselves that they are errors or warnings.
  private static func fail(with problems: String) -> Never {
    Terminal.printError(problems)
    exit(withError: ExitCode.failure)
  }
}
