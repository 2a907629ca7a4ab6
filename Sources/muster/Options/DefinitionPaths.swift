import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

extension DefinitionSource {
  /// Files and folders; `-` is the standard input.
  static func read(_ paths: [String]) throws -> [DefinitionSource] {
    let sources = try all(at: paths.filter { $0 != "-" })
    guard paths.contains("-") else { return sources }
    return sources + [DefinitionSource(text: try standardInput())]
  }
}

/// Everything on the standard input.
func standardInput(atMost: Int = Document.maximumBytes) throws -> String {
  try TextFile(.standardInput, name: "standard input", atMost: atMost).text
}

/// A saved segment by its name, or a definition file.
enum DefinitionChoice: ExpressibleByArgument {
  case segment(String)
  case file(String)

  init(argument: String) {
    let endings = [".yaml", ".yml", ".json"]
    let isFile =
      argument == "-" || argument.contains("/") || endings.contains { argument.hasSuffix($0) }
    self = isFile ? .file(argument) : .segment(argument)
  }
}

/// A folder of definitions as the whole truth, and what else it may leave.
struct DefinitionFolderOptions: ParsableArguments {
  @Argument(
    help: "The folder with the definitions, or some of their files.", completion: .directory)
  var paths: [String]

  @Flag(help: "Leave saved segments alone that are not in the folder, instead of deleting them.")
  var keepOthers = false
}
