import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct TrashCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trash", abstract: "See, restore and empty what was deleted.",
    subcommands: [List.self, Restore.self, Empty.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the deleted segments, the last one first.")

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let service = try options.open(for: "trash")
      let trash = try service.trash()
      if output.json {
        try Terminal.printJSON(
          trash.map { record in
            TrashedJSON(
              segment: record.name, state: record.state.rawValue,
              deletedAt: record.trashed.map { Instant(microseconds: $0).description },
              deletedBy: record.changedBy)
          })
        return
      }
      let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
      var table = TextTable(.left("Segment"), .left("State"), .left("Deleted"), .left("By"))
      for record in trash {
        table.add(
          record.name, record.state.rawValue,
          record.trashed.map { timeText(microseconds: $0, in: zone) } ?? "",
          record.changedBy ?? "–")
      }
      Terminal.print(trash.isEmpty ? "The trash is empty." : "\(table)")
    }
  }

  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restore", abstract: "Bring a deleted segment back as it was.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The segment's name; of several the one deleted last is meant.")
    var segment: String

    @Option(name: .customLong("as"), help: "Another name for it.")
    var name: String?

    func run() async throws {
      let service = try options.open(for: "trash restore")
      let record = try service.restore(deleted: segment, as: name)
      try await service.writeOutputFiles()
      Terminal.print(stateText(record, in: service))
    }
  }

  struct Empty: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "empty",
      abstract: "Delete what is in the trash for good, with versions and runs.",
      discussion: "There is no way back. The members are removed by the next 'muster gc'.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "One segment; everything unless given.")
    var segment: String?

    @Flag(help: "Don't ask.")
    var yes = false

    func run() throws {
      let service = try options.open(for: "trash empty")
      if !yes {
        guard Terminal.canAsk else {
          throw ValidationError("Nothing was deleted: add --yes to delete without being asked.")
        }
        guard Terminal.confirm("Delete for good? There is no way back.") else {
          throw ExitCode.failure
        }
      }
      let gone = try service.emptyTrash(of: segment)
      Terminal.print(
        gone.isEmpty
          ? "The trash is empty."
          : "Deleted for good: \(gone.map(\.name.printable).joined(separator: ", ")).")
    }
  }
}

private struct TrashedJSON: Encodable {
  var segment: String
  var state: String
  var deletedAt: String?
  var deletedBy: String?
}
