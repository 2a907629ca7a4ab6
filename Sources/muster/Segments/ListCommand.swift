import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the segments of the workspace.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let service = try options.open(for: "list")
    let segments = try service.segments()
    if output.json {
      try Terminal.printJSON(segments.map(SegmentJSON.init))
      return
    }
    let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
    var table = TextTable(
      .left("Segment"), .right("Members"), .left("Last refreshed"), .right("Version"),
      .left("Tags"))
    for segment in segments {
      table.add(
        segment.definition.name,
        segment.lastRun?.result?.count.grouped ?? "–",
        segment.lastRun.map { timeText(microseconds: $0.finished, in: zone) } ?? "never",
        String(segment.version),
        segment.definition.tags.joined(separator: ", "))
    }
    Terminal.print(segments.isEmpty ? "There are no segments yet: see muster save." : "\(table)")
  }
}

private struct SegmentJSON: Encodable {
  var segment: String
  var displayName: String?
  var tags: [String]
  var audience: String?
  var version: Int
  var savedAt: String
  var members: Int?
  var run: Int64?
  var lastRefreshed: String?

  init(_ summary: SegmentSummary) {
    segment = summary.definition.name
    displayName = summary.definition.displayName
    tags = summary.definition.tags
    audience = summary.definition.audience
    version = summary.version
    savedAt = summary.savedAt.description
    members = summary.lastRun?.result?.count
    run = summary.lastRun?.id
    lastRefreshed = summary.lastRun.map { Instant(microseconds: $0.finished).description }
  }
}
