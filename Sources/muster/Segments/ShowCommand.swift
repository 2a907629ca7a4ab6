import ArgumentParser
import SegmentCompiler
import SegmentService

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print the definition of a segment.")

  enum Format: String, CaseIterable, ExpressibleByArgument { case yaml, json }

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "The version's number, see muster versions; the current one unless given.")
  var version: Int?

  @Option(help: "yaml or json.")
  var format = Format.yaml

  func run() throws {
    let service = try options.open(for: "show")
    if version == nil, let draft = try service.draft(segment) {
      Terminal.print(draft.text(format))
      printWarnings([(draft.record.name, draft.problems)])
      return
    }
    let definition =
      try version.map { try service.definition(of: segment, version: $0) }
      ?? service.segment(segment).definition
    let text = format == .yaml ? definition.yaml : definition.json
    Terminal.printDocument(text.hasSuffix("\n") ? String(text.dropLast()) : text)
  }
}

extension Draft {
  fileprivate func text(_ format: ShowCommand.Format) -> String {
    let text = format == .yaml ? document.yaml : document.json
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
