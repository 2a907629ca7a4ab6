import ArgumentParser
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

  func run() throws {
    let sources = try DefinitionSource.read(files)
    let saved = try options.open(for: "save").save(sources)
    var table = TextTable(.left("Segment"), .right("Version"))
    for item in saved { table.add(item.definition.name, item.version.map(String.init) ?? "") }
    Terminal.print("\(table)")
    printWarnings(saved.map { ($0.definition.name, $0.warnings) })
  }
}
