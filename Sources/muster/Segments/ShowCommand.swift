import ArgumentParser

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print the definition of a segment.")

  enum Format: String, CaseIterable, ExpressibleByArgument { case yaml, json }

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "yaml or json.")
  var format = Format.yaml

  func run() throws {
    let definition = try options.open(for: "show").segment(segment).definition
    let text = format == .yaml ? definition.yaml : definition.json
    Terminal.printDocument(text.hasSuffix("\n") ? String(text.dropLast()) : text)
  }
}
