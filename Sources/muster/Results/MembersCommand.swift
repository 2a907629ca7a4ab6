import ArgumentParser
import Foundation
import SegmentService

struct MembersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "members",
    abstract:
      "Write the published members of a segment with its projected attributes, in key order.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "csv, ndjson or parquet; from the output's ending unless given, else csv.")
  var format: MemberFormat?

  @Option(
    name: [.short, .long], help: "Where to write; the standard output unless given.",
    completion: .file())
  var output: String?

  @Flag(help: "Only members that were not in the run before.")
  var entered = false

  @Flag(help: "Only those of the run before that are no members any more.")
  var exited = false

  @Option(help: "A run's number, see muster history; the last one unless given.")
  var run: Int64?

  @Flag(help: "Leave CSV cells alone that a spreadsheet would run as a formula.")
  var raw = false

  func validate() throws {
    if entered, exited { throw ValidationError("Give --entered or --exited, not both.") }
    if chosenFormat == .parquet, output == nil {
      throw ValidationError("A Parquet file needs --output.")
    }
  }

  func run() async throws {
    let service = try options.open(for: "members")
    let selection = MemberSelection(
      segment: segment, part: entered ? .entered : exited ? .exited : .all, run: run)
    guard let output else {
      try await service.writeMembers(selection, as: textFormat) { Terminal.write($0) }
      return
    }
    let count = try await DurableFile.replace(output) { path in
      if chosenFormat == .parquet {
        return try await service.writeMembersAsParquet(selection, to: path)
      }
      let file = try FileWriter(path: path)
      return try await service.writeMembers(selection, as: textFormat) { try file.write($0) }
    }
    Terminal.printError("Wrote \(count.counted("member")) to \(output).")
  }

  private var textFormat: TextFormat { chosenFormat == .ndjson ? .ndjson : .csv(raw: raw) }

  private var chosenFormat: MemberFormat {
    if let format { return format }
    let ending = output.map { URL(filePath: $0).pathExtension.lowercased() } ?? ""
    return MemberFormat(rawValue: ending == "jsonl" ? "ndjson" : ending) ?? .csv
  }
}

extension MemberFormat: ExpressibleByArgument {}
