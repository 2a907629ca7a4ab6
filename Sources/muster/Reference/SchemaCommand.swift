import ArgumentParser
import Foundation
import SegmentCompiler

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of definitions, for editors and programs that write them.")

  func run() throws { Terminal.print(try schemaText()) }
}

/// The schema, indented.
func schemaText() throws -> String {
  let schema = try JSONSerialization.jsonObject(with: Data(DefinitionSchema.json.utf8))
  let indented = try JSONSerialization.data(
    withJSONObject: schema, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  return String(decoding: indented, as: UTF8.self)
}
