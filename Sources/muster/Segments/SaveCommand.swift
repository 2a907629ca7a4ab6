import ArgumentParser
import SegmentCompiler
import SegmentService

struct SaveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save",
    abstract: "Save definitions in the workspace: all of them, or none where one is wrong.",
    discussion: "A changed definition becomes a new version of its segment.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(
    help:
      "Definition files, YAML or JSON, one or several definitions each, or folders of them; - is the standard input.",
    completion: .file())
  var files: [String]

  @Flag(
    help:
      "Leave new segments and drafts inactive: they are not refreshed before they are activated.")
  var inactive = false

  @Flag(help: "Save definitions that are not valid as drafts, and say what is wrong with them.")
  var drafts = false

  func run() throws {
    let sources = try DefinitionSource.read(files)
    let service = try options.open(for: "save")
    if drafts || inactive {
      try submit(sources, to: service)
    } else {
      let saved = try service.save(sources)
      var table = TextTable(.left("Segment"), .right("Version"))
      for item in saved { table.add(item.definition.name, item.version.map(String.init) ?? "") }
      Terminal.print("\(table)")
      printWarnings(saved.map { ($0.definition.name, $0.warnings) })
    }
    try warnOfLimit(of: service)
  }

  private func submit(_ sources: [DefinitionSource], to service: SegmentService) throws {
    if !drafts { _ = try service.validate(sources) }
    let saved = try service.submit(sources, mode: inactive ? .only : .run)
    var table = TextTable(.left("Segment"), .right("Version"), .left("State"))
    for item in saved {
      table.add(item.record.name, "\(item.record.version.number)", item.record.state.rawValue)
    }
    Terminal.print("\(table)")
    printWarnings(saved.map { ($0.record.name, $0.warnings + $0.problems) })
  }
}
