import ArgumentParser
import SegmentCompiler

struct ReferenceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference",
    abstract: "Print the reference of all operators as Markdown.")

  func run() { Terminal.print(referenceText()) }
}

func referenceText() -> String {
  let text = OperatorReference.markdown
  return text.hasSuffix("\n") ? String(text.dropLast()) : text
}
