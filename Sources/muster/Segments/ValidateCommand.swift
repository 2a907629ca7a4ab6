import ArgumentParser
import SegmentCompiler
import SegmentService

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check definitions against the loaded data without saving them.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "Definition files, YAML or JSON; - is the standard input.", completion: .file())
  var files: [String]

  func run() throws {
    let definitions = try DefinitionFiles(paths: files)
    let service = try options.open(for: "validate")
    let checked = try definitions.locatingProblems { try service.validate($0) }
    for item in checked {
      Terminal.print("\(item.definition.name.printable): valid")
      Terminal.print("  \(item.sentence.printable)")
    }
    printWarnings(checked.map { ($0.definition.name, $0.warnings) })
  }
}

/// Warnings go where errors go, so that results stay clean.
func printWarnings(_ all: [(segment: String, warnings: [Diagnostic])]) {
  for (segment, warnings) in all {
    for warning in warnings { Terminal.printError("\(segment.printable): \(warning)") }
  }
}
