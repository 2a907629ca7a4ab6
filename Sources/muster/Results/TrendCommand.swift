import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct TrendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trend",
    abstract: "Show how many members a segment had over time, the first run first.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: ArgumentHelp("Only runs that finished at or after this time.", valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Only runs that finished at or before this time.", valueName: "time"))
  var until: String?

  @Option(
    help: ArgumentHelp(
      "At most so many points: runs of equally long pieces of time then stand together.",
      valueName: "number"))
  var points: Int?

  func validate() throws {
    if let points, points < 1 { throw ValidationError("--points must be at least 1.") }
  }

  func run() throws {
    let service = try options.open(for: "trend")
    let zone = Zone(service.definition.timeZone) ?? .utc
    let trend = try service.trend(
      of: segment,
      since: try since.map { try Muster.instant($0, of: "--since", in: zone) },
      until: try until.map { try Muster.instant($0, of: "--until", in: zone) }, points: points)
    if output.json {
      try Terminal.printJSON(trend.map { TrendJSON($0) })
    } else {
      Terminal.print(
        trendText(trend, in: TimeZone(identifier: service.definition.timeZone) ?? .gmt))
    }
  }
}

func trendText(_ trend: [TrendPoint], in zone: TimeZone) -> String {
  guard !trend.isEmpty else { return "No run was published in that time." }
  var table = TextTable(
    .left("Finished"), .left("As of"), .right("Members"), .right("Entered"), .right("Exited"))
  let isThinned = trend.contains { $0.runs > 1 }
  if isThinned { table.columns.append(.right("Runs")) }
  for point in trend {
    table.rows.append(
      [
        timeText(microseconds: point.finished.microseconds, in: zone),
        timeText(microseconds: point.asOf.microseconds, in: zone), point.count.grouped,
        point.entered.grouped, point.exited.grouped,
      ] + (isThinned ? [String(point.runs)] : []))
  }
  return "\(table)"
}

private struct TrendJSON: Encodable {
  var run: Int64
  var asOf: String
  var finished: String
  var members: Int
  var entered: Int
  var exited: Int
  var runs: Int

  init(_ point: TrendPoint) {
    run = point.run
    asOf = point.asOf.description
    finished = point.finished.description
    members = point.count
    entered = point.entered
    exited = point.exited
    runs = point.runs
  }
}
