import ArgumentParser
import SegmentService

struct RestoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Save an earlier version of a segment's definition once more, as the newest.",
    discussion: "It is checked against the data and the segments of today.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "The version's number, see muster versions.")
  var version: Int

  func run() throws {
    let service = try options.open(for: "restore")
    let before = try service.segment(segment).version
    let restored = try service.restore(segment, version: version)
    let name = restored.definition.name.printable
    printWarnings([(name, restored.warnings)])
    guard let number = restored.version, number != before else {
      Terminal.print("\(name) is as it was in version \(version) already: nothing was saved.")
      return
    }
    Terminal.print("\(name): version \(number) is version \(version) again.")
  }
}
