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
  var table = TextTable(.right("Version"), .left("Saved"), .left("By"), .left("Change"))
  table.maximumCellWidth = 160
  for version in versions {
    var changes =
      version.changes.isEmpty ? [version.sentence] : version.changes.map(\.description)
    if version.isDraft { changes.insert("a draft: it is not valid", at: 0) }
    let saved = timeText(microseconds: version.savedAt.microseconds, in: zone)
    for (index, change) in changes.filter({ !$0.isEmpty }).enumerated() {
      let isFirst = index == 0
      table.add(
        isFirst ? "\(version.number)" : "", isFirst ? saved : "",
        isFirst ? version.author ?? "–" : "", change)
    }
  }
  return "\(table)"
}

private struct VersionJSON: Encodable {
  var version: Int
  var savedAt: String
  var author: String?
  var isDraft: Bool
  var sentence: String
  var changes: [DefinitionChangeJSON]

  init(_ summary: VersionSummary) {
    version = summary.number
    savedAt = summary.savedAt.description
    author = summary.author
    isDraft = summary.isDraft
    sentence = summary.sentence
    changes = summary.changes.map { DefinitionChangeJSON($0) }
  }
}
