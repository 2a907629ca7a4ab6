import ArgumentParser
import Foundation
import SegmentService
import SegmentStore

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show the runs of a segment, the last one first.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "At most so many runs.")
  var limit = 30

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  func run() throws {
    let service = try options.open(for: "history")
    let runs = try service.history(of: segment, limit: limit)
    let rest = try service.rest(of: runs)
    if output.json {
      try Terminal.printJSON(runs.map { RunJSON($0, rest: rest[$0.id]) })
    } else {
      let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
      Terminal.print(historyText(runs, rest: rest, in: zone))
    }
  }
}

func historyText(
  _ runs: [RunRecord], rest: [Int64: SegmentService.Rest] = [:], in zone: TimeZone
) -> String {
  guard !runs.isEmpty else { return "It was never refreshed." }
  var table = TextTable(
    .right("Run"), .left("Status"), .left("As of"), .right("Members"), .right("Entered"),
    .right("Exited"), .right("Version"), .right("Data"), .right("Took"))
  // Said only where there is something to say.
  let isCut = rest.values.contains { $0 != .all }
  if isCut { table.columns.append(.left("Kept")) }
  table.columns.append(.left("Cause"))
  for run in runs {
    let kept = isCut ? [rest[run.id]?.rawValue ?? "–"] : []
    table.rows.append(
      [
        String(run.id), run.status.rawValue, timeText(microseconds: run.asOf, in: zone),
        run.result?.count.grouped ?? "–", run.result?.entered.grouped ?? "–",
        run.result?.exited.grouped ?? "–", String(run.segmentVersion), String(run.dataVersion),
        durationText(microseconds: run.finished - run.started),
      ] + kept + [run.cause ?? ""])
  }
  let counts = runs.compactMap { $0.result?.count }.reversed()
  guard counts.count > 1, let first = counts.first, let last = counts.last else {
    return "\(table)"
  }
  return "\(first.grouped) \(Sparkline(Array(counts))) \(last.grouped) members\n\n\(table)"
}
