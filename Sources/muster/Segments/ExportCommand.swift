import ArgumentParser
import SegmentService

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the definition of every segment into a folder, a file for each.",
    discussion: """
      A segment that is in the folder already is written where it is, and not at all if it is as it \
      is saved. A file that holds anything that is saved nowhere is not overwritten.
      """)

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The folder; it is made where there is none.", completion: .directory)
  var folder: String

  @Flag(help: "Overwrite files that hold what is saved nowhere.")
  var force = false

  @Flag(help: "Remove the files of segments that are not saved, if they are as export writes them.")
  var prune = false

  func run() throws {
    let report = try options.open(for: "export")
      .export(to: folder, force: force, pruning: prune)
    Terminal.print(exportText(report))
    for path in report.left {
      Terminal.printError("\(path.printable): this segment is not saved; the file was left alone.")
    }
  }
}

func exportText(_ report: ExportReport) -> String {
  var parts = ["Wrote \(report.written.count.counted("segment"))"]
  parts.append("\(report.unchanged.grouped) unchanged")
  if !report.removed.isEmpty { parts.append("\(report.removed.count.grouped) removed") }
  return parts.joined(separator: ", ") + "."
}
