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
      try await write(selection, of: service, to: .standardOutput)
      return
    }
    // Whoever reads the file sees all of it or what was there before.
    let partial = output + ".partial"
    defer { try? FileManager.default.removeItem(atPath: partial) }
    let count: Int
    if chosenFormat == .parquet {
      count = try await service.writeMembersAsParquet(selection, to: partial)
    } else {
      guard FileManager.default.createFile(atPath: partial, contents: nil),
        let file = FileHandle(forWritingAtPath: partial)
      else { throw UnwritableFile(path: output) }
      count = try await write(selection, of: service, to: file)
      try file.close()
    }
    guard rename(partial, output) == 0 else { throw UnwritableFile(path: output) }
    Terminal.printError("Wrote \(count.counted("member")) to \(output).")
  }

  @discardableResult
  private func write(
    _ selection: MemberSelection, of service: SegmentService, to file: FileHandle
  ) async throws -> Int {
    try await service.writeMembers(
      selection, as: chosenFormat == .ndjson ? .ndjson : .csv(raw: raw)
    ) { try file.write(contentsOf: Data($0)) }
  }

  private var chosenFormat: MemberFormat {
    if let format { return format }
    let ending = output.map { URL(filePath: $0).pathExtension.lowercased() } ?? ""
    return MemberFormat(rawValue: ending == "jsonl" ? "ndjson" : ending) ?? .csv
  }
}

extension MemberFormat: ExpressibleByArgument {}

struct UnwritableFile: Error, CustomStringConvertible {
  var path: String

  var description: String { "The file \(path) cannot be written." }
}
