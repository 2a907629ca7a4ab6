import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct SegmentsOfCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segments-of",
    abstract: "Show the segments that a profile is a member of, as they were last refreshed.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The profile's key.")
  var key: String

  @Option(help: "The audience of the key; needed where there are several.")
  var audience: String?

  func run() async throws {
    let service = try options.open(for: "segments-of")
    let memberships = try await service.segments(ofKey: key, audience: audience)
    if output.json {
      try Terminal.printJSON(MembershipsJSON(memberships))
    } else {
      let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
      Terminal.print(membershipsText(memberships, in: zone))
    }
    if !memberships.unreadable.isEmpty {
      Terminal.printError(
        "Warning: the stored members of \(memberships.unreadable.map { "'\($0)'" }.joined(separator: ", ")) cannot be read. Run 'muster check'."
      )
    }
  }
}

func membershipsText(_ memberships: Memberships, in zone: TimeZone) -> String {
  guard !memberships.segments.isEmpty else { return "It is a member of no segment." }
  var table = TextTable(
    .left("Segment"), .left("State"), .right("Run"), .left("As of"), .left("Refreshed"))
  for segment in memberships.segments {
    table.add(
      segment.segment, segment.state.rawValue, String(segment.run),
      timeText(microseconds: segment.asOf.microseconds, in: zone),
      timeText(microseconds: segment.refreshed.microseconds, in: zone))
  }
  return "\(table)"
}

private struct MembershipsJSON: Encodable {
  struct Segment: Encodable {
    var segment: String
    var state: String
    var run: Int64
    var asOf: String
    var refreshed: String
  }

  var audience: String
  var key: String
  var segments: [Segment]
  var unreadable: [String]?

  init(_ memberships: Memberships) {
    audience = memberships.audience
    key = memberships.key.description
    segments = memberships.segments.map {
      Segment(
        segment: $0.segment, state: $0.state.rawValue, run: $0.run, asOf: $0.asOf.description,
        refreshed: $0.refreshed.description)
    }
    unreadable = memberships.unreadable.isEmpty ? nil : memberships.unreadable
  }
}
