import ArgumentParser
import SegmentCompiler
import SegmentService

struct CleanupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cleanup",
    abstract: "Deactivate segments that nobody has used for long.",
    discussion: """
      A segment is used on each day on which somebody reads its members, an active segment refers to it, or it \
      keeps an output file. 'cleanup' in workspace.yaml says how long it may be unused, 45 days unless set. \
      'muster serve' does this once a day; 'muster edit --exempt' leaves a segment out of it.
      """)

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Flag(help: "Show what would be deactivated, and change nothing.")
  var dryRun = false

  func run() throws {
    let service = try options.open(for: "cleanup")
    if service.definition.cleanup == .off {
      Terminal.printError("'cleanup' is off in workspace.yaml: no segment is ever unused.")
    }
    let unused = try service.unusedSegments()
    let changed = dryRun ? [] : try service.deactivateUnused()
    if output.json {
      try Terminal.printJSON(CleanupJSON(dryRun: dryRun, segments: unused.map(UnusedJSON.init)))
    } else {
      Terminal.print(unusedText(unused))
    }
    var isFailed = false
    for case .failure(let error) in changed.map(\.outcome) {
      isFailed = true
      Terminal.printError("Error: \(error)")
    }
    if isFailed { throw ExitCode.failure }
  }

  private func unusedText(_ unused: [UnusedSegment]) -> String {
    guard !unused.isEmpty else { return "No active segment is unused." }
    var table = TextTable(
      .left(dryRun ? "Would be deactivated" : "Deactivated"), .left("Last used"), .right("Days"))
    for segment in unused {
      table.add(segment.record.name, segment.lastUsed.description, segment.days.grouped)
    }
    return "\(table)"
  }
}

private struct CleanupJSON: Encodable {
  var dryRun: Bool
  var segments: [UnusedJSON]
}

private struct UnusedJSON: Encodable {
  var segment: String
  var lastUsed: String
  var days: Int

  init(_ unused: UnusedSegment) {
    segment = unused.record.name
    lastUsed = unused.lastUsed.description
    days = unused.days
  }
}
