import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct VersionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "versions",
    abstract: "Show the versions of a segment, the newest first, and what changed with each.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  func run() throws {
    let service = try options.open(for: "versions")
    let versions = try service.versions(of: segment)
    if output.json {
      try Terminal.printJSON(versions.map(VersionJSON.init))
    } else {
      let zone = TimeZone(identifier: service.definition.timeZone) ?? .gmt
      Terminal.print(versionsText(versions, in: zone))
    }
  }
}

func versionsText(_ versions: [VersionSummary], in zone: TimeZone) -> String {
  var table = TextTable(.right("Version"), .left("Saved"), .left("Change"))
  table.maximumCellWidth = 160
  for version in versions {
    let changes =
      version.changes.isEmpty ? [version.sentence] : version.changes.map(\.description)
    for (index, change) in changes.enumerated() {
      let saved = timeText(microseconds: version.savedAt.microseconds, in: zone)
      table.add(index == 0 ? "\(version.number)" : "", index == 0 ? saved : "", change)
    }
  }
  return "\(table)"
}

private struct VersionJSON: Encodable {
  var version: Int
  var savedAt: String
  var sentence: String
  var changes: [DefinitionChangeJSON]

  init(_ summary: VersionSummary) {
    version = summary.number
    savedAt = summary.savedAt.description
    sentence = summary.sentence
    changes = summary.changes.map { DefinitionChangeJSON($0) }
  }
}
