import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct EraseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase",
    abstract: "Erase profiles and everything that belongs to them, for ever.",
    discussion: """
      Their rows leave all data versions, their keys all lists and members of past runs, and later \
      loads leave them out. Counts stay as they were published. Your own data files are not touched.
      """)

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Option(help: "Whose profiles; may be left out where the workspace has one audience.")
  var audience: String?

  @OptionGroup var keys: KeyOptions

  @Flag(help: "Also keys that no profile has: they are kept from being loaded.")
  var alsoUnknown = false

  @Flag(help: "Erase what later loads have brought of those who were erased before.")
  var again = false

  @Flag(help: "Only show what would go.")
  var dryRun = false

  @Flag(help: "Do not ask.")
  var yes = false

  @Flag(name: .customLong("log"), help: "Show when something was erased, and how much.")
  var showsLog = false

  func validate() throws {
    let whom = [!keys.isEmpty, again, showsLog].count { $0 }
    guard whom == 1 else {
      throw ValidationError("Name the profiles with --key or --file, or give --again or --log.")
    }
  }

  func run() async throws {
    let service = try options.open(for: "erase")
    if showsLog { return try printLog(service) }
    let request = try self.request()
    let progress = ProgressDisplay()
    defer { progress.clear() }
    if dryRun || !yes {
      progress.show(ProgressBar(title: "Searching"))
      let report = try await service.previewErasure(request)
      progress.clear()
      if dryRun { return try show(report, isDone: false) }
      guard Terminal.canAsk else {
        throw ValidationError(
          "Nothing was erased: add --yes to erase without being asked, or --dry-run to see what would go."
        )
      }
      Terminal.printError(erasureText(report, isDone: false))
      guard Terminal.confirm("Erase this for ever?") else {
        Terminal.printError("Nothing was erased.")
        throw ExitCode.failure
      }
    }
    let report = try await service.erase(request) { fraction in
      progress.show(ProgressBar(title: "Erasing", fraction: fraction))
    }
    progress.clear()
    try show(report, isDone: true)
  }

  private func request() throws -> ErasureRequest {
    if again { return .again }
    return .profiles(audience: audience, keys: try keys.inputs(), alsoUnknown: alsoUnknown)
  }

  private func show(_ report: ErasureReport, isDone: Bool) throws {
    if output.json {
      try Terminal.printJSON(ErasureJSON(report, isDone: isDone))
    } else {
      Terminal.print(erasureText(report, isDone: isDone))
    }
  }

  private func printLog(_ service: SegmentService) throws {
    let records = try service.erasures()
    if output.json { return try Terminal.printJSON(records.map(ErasureRecordJSON.init)) }
    let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
    var table = TextTable(
      .left("Erased"), .left("Audience"), .right("Profiles"), .right("Rows"), .right("Runs"))
    for record in records {
      table.add(
        timeText(microseconds: record.erasedAt, in: zone), record.audience ?? "again",
        record.profiles.grouped, record.rows.grouped, record.runs.grouped)
    }
    Terminal.print(records.isEmpty ? "Nothing was ever erased." : "\(table)")
  }
}

func erasureText(_ report: ErasureReport, isDone: Bool) -> String {
  let what =
    report.audience.map { "\(report.profiles.counted("profile")) of \($0.printable)" }
    ?? "What belongs to those who were erased before"
  var lines = ["\(what)\(isDone ? ": erased." : " would be erased.")"]
  if report.tables.isEmpty {
    lines.append("No row is theirs.")
    if report.unknown > 0 { lines.append(unknownKeysLine(report, isDone: isDone)) }
  } else {
    var table = TextTable(
      .left("Table"), .right("Rows"), .right("References"), .right("In all data versions"))
    for part in report.tables {
      table.add(part.table, part.rows.grouped, part.cleared.grouped, part.rowsEver.grouped)
    }
    lines += ["", "\(table)", ""]
    if report.unknown > 0 { lines += [unknownKeysLine(report, isDone: isDone), ""] }
  }
  let lists =
    report.lists.isEmpty ? "" : " (\(report.lists.map(\.printable).joined(separator: ", ")))"
  lines.append(
    "\(isDone ? "Rewritten" : "To be rewritten"): \(report.dataVersions.counted("data version")), the members of \(report.runs.counted("run")), \(report.lists.count.counted("manual list"))\(lists)."
  )
  lines += ["", "Left as it is, for you to look at:"]
  lines += leftoverLines(report.leftovers)
  return lines.joined(separator: "\n")
}

private func unknownKeysLine(_ report: ErasureReport, isDone: Bool) -> String {
  let verb = isDone ? report.unknown == 1 ? "is" : "are" : "would be"
  return "\(report.unknown.counted("key")) that no profile has \(verb) kept from being loaded."
}

private func leftoverLines(_ leftovers: ErasureReport.Leftovers) -> [String] {
  var lines: [String] = []
  for file in leftovers.files {
    lines.append("- \(file.path.printable): \(file.rows.counted("row")) of \(file.table.printable)")
  }
  for mention in leftovers.mentions {
    let place =
      switch mention.place {
      case .segment(let name, let version): "the segment '\(name.printable)', version \(version),"
      case .workspaceFile: "workspace.yaml, now or when runs that are kept were computed,"
      }
    lines.append("- \(place) quotes \(mention.attribute.printable)")
  }
  for table in leftovers.unreferred {
    lines.append(
      "- \(table.rows.counted("row")) of \(table.table.printable) to which nothing else refers")
  }
  for backup in leftovers.backups {
    lines.append("- the backup \(backup.printable): restoring it leaves them out")
  }
  return lines + [
    "- lists of members that were written to files, copies of the disk, and your data files"
  ]
}

private struct ErasureRecordJSON: Encodable {
  var erasedAt: String
  var audience: String?
  var profiles: Int
  var rows: Int64
  var runs: Int

  init(_ record: ErasureRecord) {
    erasedAt = Instant(microseconds: record.erasedAt).description
    audience = record.audience
    profiles = record.profiles
    rows = record.rows
    runs = record.runs
  }
}
