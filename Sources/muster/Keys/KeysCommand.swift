import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct KeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Change and show the list of a manual segment.",
    subcommands: [
      AddKeysCommand.self, RemoveKeysCommand.self, ReplaceKeysCommand.self, ListKeysCommand.self,
    ])
}

/// Keys on the command line and in files.
struct KeyOptions: ParsableArguments {
  @Option(name: .customLong("key"), help: "A key; may be given several times.")
  var keys: [String] = []

  @Option(
    name: .customLong("file"),
    help: ArgumentHelp(
      "A file with keys; - is the standard input. May be given several times.",
      discussion: """
        CSV has a header, NDJSON a key or an object per line; any other file has one key per line, \
        as it stands there.
        """), completion: .file())
  var files: [String] = []

  @Option(
    help:
      "The column of the file that holds the keys; the one called as the audience's key unless given."
  )
  var column: String?

  @Option(help: "lines, csv or ndjson; from each file's ending unless given.")
  var format: KeyFormat?

  var isEmpty: Bool { keys.isEmpty && files.isEmpty }

  func requireSome() throws {
    if isEmpty { throw ValidationError("Give keys with --key or --file.") }
  }

  func inputs() throws -> [KeyInput] {
    try keys.map { .key($0) }
      + files.map { path in
        if path != "-" { return try .file(path, format: format, column: column) }
        return .text(
          try standardInput(atMost: TextFile.mostBytesOfKeys), format: format ?? .lines,
          column: column, file: "standard input")
      }
  }
}

extension KeyFormat: ExpressibleByArgument {}

/// Which segment is made where there is none.
struct CreateKeysOptions: ParsableArguments {
  @Flag(help: "Make the segment where there is none.")
  var create = false

  @Option(help: "The audience of a segment that is made; may be left out where there is one.")
  var audience: String?
}

struct AddKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add keys to a manual segment.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var keys: KeyOptions
  @OptionGroup var creation: CreateKeysOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  func validate() throws { try keys.requireSome() }

  func run() async throws {
    let report = try await options.open(for: "keys add").edit(
      .add, keys.inputs(), of: segment, creating: creation.create, audience: creation.audience)
    try printReport(report, json: output.json)
  }
}

struct RemoveKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove keys from a manual segment.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var keys: KeyOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  func validate() throws { try keys.requireSome() }

  func run() async throws {
    let report = try await options.open(for: "keys remove")
      .edit(.remove, keys.inputs(), of: segment)
    try printReport(report, json: output.json)
  }
}

struct ReplaceKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replace", abstract: "Make the list of a manual segment what is given.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var keys: KeyOptions
  @OptionGroup var creation: CreateKeysOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  func validate() throws { try keys.requireSome() }

  func run() async throws {
    let report = try await options.open(for: "keys replace").edit(
      .replace, keys.inputs(), of: segment, creating: creation.create,
      audience: creation.audience)
    try printReport(report, json: output.json)
  }
}

struct ListKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Write the list of a manual segment, a key per line.")

  enum Format: String, CaseIterable, ExpressibleByArgument { case csv, ndjson }

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Flag(help: "Only keys that no profile has yet.")
  var pending = false

  @Option(help: "csv or ndjson.")
  var format = Format.csv

  @Flag(help: "Leave CSV cells alone that a spreadsheet would run as a formula.")
  var raw = false

  func run() async throws {
    let service = try options.open(for: "keys list")
    let (attribute, keys) = try await service.keys(of: segment, pendingOnly: pending)
    try await service.write(keys, called: attribute, as: format == .csv ? .csv(raw: raw) : .ndjson)
    {
      try FileHandle.standardOutput.write(contentsOf: Data($0))
    }
  }
}

private func printReport(_ report: KeyEditReport, json: Bool) throws {
  if json {
    try Terminal.printJSON(KeyEditReportJSON(report))
  } else {
    Terminal.print(keyEditText(report))
  }
}

func keyEditText(_ report: KeyEditReport) -> String {
  var parts: [String] = []
  if report.added > 0 { parts.append("\(report.added.counted("key")) added") }
  if report.removed > 0 { parts.append("\(report.removed.counted("key")) removed") }
  if parts.isEmpty { parts.append("nothing changed") }
  if report.idle > 0 { parts.append("\(report.idle.grouped) made no difference") }
  if report.repeated > 0 { parts.append("\(report.repeated.grouped) given again") }
  if report.blank > 0 { parts.append("\(report.blank.counted("blank line")) skipped") }
  var lines = [
    "\(report.segment.printable): \(parts.joined(separator: ", "))",
    "Version \(report.version) has \(report.total.counted("key")).",
  ]
  if !report.pending.isEmpty {
    let shown = report.pending.prefix(10).map(\.description.printable).joined(separator: ", ")
    let rest = report.pending.count - 10
    lines.append(
      "\(report.pending.count.counted("key")) without a profile yet: \(shown)"
        + (rest > 0 ? " and \(rest.grouped) more (muster keys list --pending)" : ""))
  }
  return lines.joined(separator: "\n")
}

private struct KeyEditReportJSON: Encodable {
  var segment: String
  var version: Int
  var added: Int
  var removed: Int
  var idle: Int
  var repeated: Int
  var blank: Int
  var total: Int
  var pending: [KeyJSON]

  init(_ report: KeyEditReport) {
    segment = report.segment
    version = report.version
    added = report.added
    removed = report.removed
    idle = report.idle
    repeated = report.repeated
    blank = report.blank
    total = report.total
    pending = report.pending.map { KeyJSON(key: $0) }
  }
}
