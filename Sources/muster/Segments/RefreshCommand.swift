import ArgumentParser
import SegmentCompiler
import SegmentService
import SegmentStore

struct RefreshCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refresh",
    abstract: "Compute the members of segments anew and publish them together.",
    discussion:
      "Segments that another one refers to are refreshed before it, if they are named too. Of all segments the active ones are refreshed; the others are skipped, and so is what refers to them."
  )

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption
  @OptionGroup var output: JSONOption

  @Argument(help: "The segments' names.")
  var segments: [String] = []

  @Flag(help: "Refresh all segments.")
  var all = false

  func validate() throws {
    if all != segments.isEmpty {
      throw ValidationError("Name the segments to refresh, or give --all.")
    }
  }

  func run() async throws {
    let service = try options.open(for: "refresh")
    let progress = ProgressDisplay()
    defer { progress.clear() }
    let refreshed = try await service.refresh(
      all ? nil : segments, asOf: asOf.instant(in: service.definition.timeZone)
    ) { done, total in
      progress.show(
        ProgressBar(
          title: "Refreshing", fraction: total > 0 ? Double(done) / Double(total) : nil,
          detail: "\(done) of \(total) queries"))
    }
    progress.clear()
    if output.json {
      try Terminal.printJSON(refreshed.map { RunJSON($0.run) })
    } else {
      Terminal.print(refreshText(refreshed))
    }
    printWarnings(refreshed.map { ($0.run.segment, $0.warnings) })
    // What was skipped is inactive, or depends on what is or has failed.
    if refreshed.contains(where: { $0.run.status == .failed }) { throw ExitCode.failure }
  }
}

func refreshText(_ refreshed: [RefreshedSegment]) -> String {
  var table = TextTable(
    .left("Segment"), .left("Status"), .right("Members"), .right("Entered"), .right("Exited"))
  var notes: [String] = []
  for segment in refreshed {
    let run = segment.run
    table.add(
      run.segment, run.status.rawValue, run.result?.count.grouped ?? "–",
      run.result?.entered.grouped ?? "–", run.result?.exited.grouped ?? "–")
    if let cause = run.cause { notes.append("\(run.segment.printable): \(cause)") }
    let pending = segment.pending.count
    if pending > 0 {
      let keys = pending == 1 ? "1 key has" : "\(pending.grouped) keys have"
      notes.append("\(run.segment.printable): \(keys) no profile yet")
    }
  }
  return (["\(table)"] + notes).joined(separator: "\n")
}
