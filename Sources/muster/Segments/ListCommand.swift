import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the segments of the workspace.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let service = try options.open(for: "list")
    let segments = try service.list()
    if output.json {
      try Terminal.printJSON(segments.map(SegmentJSON.init))
      return
    }
    let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
    var table = TextTable(
      .left("Segment"), .left("State"), .left("Type"), .right("Members"),
      .left("Last refreshed"), .left("Status"), .right("Version"), .left("Tags"))
    for segment in segments {
      table.add(
        segment.record.name, segment.record.state.rawValue, segment.record.type.rawValue,
        segment.lastPublished?.result?.count.grouped ?? "–",
        segment.lastPublished.map { timeText(microseconds: $0.finished, in: zone) } ?? "never",
        segment.status.status.text, String(segment.record.version.number),
        segment.tags.joined(separator: ", "))
    }
    Terminal.print(segments.isEmpty ? "There are no segments yet: see muster save." : "\(table)")
    try warnOfLimit(of: service)
  }
}

/// Says that many segments are active, where that is worth saying.
func warnOfLimit(of service: SegmentService) throws {
  if let warning = try service.activeSegments().warning {
    Terminal.printError("Warning: \(warning)")
  }
}

private struct SegmentJSON: Encodable {
  var segment: String
  var displayName: String?
  var description: String?
  var tags: [String]
  var audience: String?
  var state: String
  var type: String
  var outputName: String
  var owner: String?
  var version: Int
  var revision: Int
  var savedAt: String
  var members: Int?
  var run: Int64?
  var lastRefreshed: String?
  var lastRun: RunJSON?
  var status: TaskStatus
  var statusCause: String?
  var keepsOutputFile: Bool
  var isExemptFromCleanup: Bool
  var activateAt: String?
  var deactivateAt: String?

  init(_ listed: ListedSegment) {
    let record = listed.record
    segment = record.name
    displayName = listed.displayName
    description = listed.description
    tags = listed.tags
    audience = listed.audience
    state = record.state.rawValue
    type = record.type.rawValue
    outputName = record.outputName
    owner = record.owner
    version = record.version.number
    revision = record.revision
    savedAt = Instant(microseconds: record.version.savedAt).description
    members = listed.lastPublished?.result?.count
    run = listed.lastPublished?.id
    lastRefreshed = listed.lastPublished.map { Instant(microseconds: $0.finished).description }
    lastRun = listed.lastRun.map { RunJSON($0) }
    status = listed.status.status
    statusCause = listed.status.cause
    keepsOutputFile = record.keepsOutputFile
    isExemptFromCleanup = record.isExemptFromCleanup
    activateAt = record.activation.map { Instant(microseconds: $0.at).description }
    deactivateAt = record.deactivation.map { Instant(microseconds: $0.at).description }
  }
}
