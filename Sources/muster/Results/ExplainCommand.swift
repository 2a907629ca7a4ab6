import ArgumentParser
import SegmentCompiler
import SegmentService

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show a definition in words, as set algebra, and as the queries that answer it.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption

  @Argument(help: "A segment's name or a definition file.", completion: .file())
  var definition: DefinitionChoice

  func run() throws {
    let service = try options.open(for: "explain")
    let instant = try asOf.instant(in: service.definition.timeZone)
    let explanations: [Explanation]
    switch definition {
    case .segment(let name):
      explanations = [try service.explain(segment: name, asOf: instant)]
    case .file(let path):
      explanations = try service.explain(DefinitionSource.read([path]), asOf: instant)
    }
    Terminal.print(explanations.map(explanationText).joined(separator: "\n\n"))
    printWarnings(explanations.map { ($0.segment, $0.warnings) })
  }
}

func explanationText(_ explanation: Explanation) -> String {
  var lines = [
    "\(explanation.segment.printable), as of \(explanation.asOf), days of \(explanation.timeZone)",
    explanation.sentence.printable,
  ]
  if !explanation.rules.isEmpty {
    var rules = TextTable(.left("Rule"), .left("Combine"), .left("Sets"))
    rules.maximumCellWidth = 100
    for rule in explanation.rules {
      rules.add(rule.text, rule.combine?.rawValue ?? "", rule.sets)
    }
    lines += ["", "\(rules)"]
  }
  for (index, query) in explanation.queries.enumerated() {
    lines += ["", "-- set \(index + 1)", query.sql]
    if !query.values.isEmpty {
      lines.append(
        "-- values: " + query.values.map { $0.description.printable }.joined(separator: ", "))
    }
  }
  return lines.joined(separator: "\n")
}
