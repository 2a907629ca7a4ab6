import ArgumentParser
import SegmentCompiler
import SegmentService

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check definitions without saving them, also where no data is loaded.",
    discussion: """
      Attributes are known from the loaded data, else from workspace.lock.yaml (see muster catalog \
      --lock), else from workspace.yaml. Definitions in a folder refer to each other only, as they \
      do when the folder is applied.
      """)

  @OptionGroup var options: WorkspaceOptions

  @Argument(
    help: "Definition files, YAML or JSON, or folders of them; - is the standard input.",
    completion: .file())
  var paths: [String]

  @Flag(help: "Definitions in a folder may refer to saved segments too.")
  var keepOthers = false

  func run() throws {
    let sources = try DefinitionSource.read(paths)
    let isFolder = paths.contains(where: DefinitionSource.isFolder)
    let validation = try SegmentService.validate(
      sources, in: try options.folder(), knowing: isFolder && !keepOthers ? .given : .saved)
    if isFolder {
      Terminal.print("\(validation.definitions.count.counted("definition")) valid")
    } else {
      for item in validation.definitions {
        Terminal.print("\(item.definition.name.printable): valid")
        Terminal.print("  \(item.sentence.printable)")
      }
    }
    printWarnings(validation.definitions.map { ($0.definition.name, $0.warnings) })
    printWarnings(validation.warnings)
  }
}

/// Warnings go where errors go, so that results stay clean.
func printWarnings(_ all: [(segment: String, warnings: [Diagnostic])]) {
  for (segment, warnings) in all {
    for warning in warnings { Terminal.printError("\(segment.printable): \(warning)") }
  }
}

func printWarnings(_ warnings: [Diagnostic]) {
  for warning in warnings { Terminal.printError(warning.description) }
}
