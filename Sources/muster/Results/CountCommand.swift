import ArgumentParser
import SegmentCompiler
import SegmentService

struct CountCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Count the members of definitions exactly, without saving or publishing anything.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption

  @Flag(help: "Print one line of JSON for each definition, with the time it took.")
  var json = false

  @Argument(help: "Definition files, YAML or JSON; - is the standard input.", completion: .file())
  var files: [String]

  func run() async throws {
    let sources = try DefinitionSource.read(files)
    let service = try options.open(for: "count")
    let instant = try asOf.instant(in: service.definition.timeZone)
    let counts = try await service.count(sources, asOf: instant)
    if json {
      for count in counts { try Terminal.printJSONLine(CountJSON(count)) }
    } else {
      Terminal.print(countText(counts))
    }
    printWarnings(counts.map { ($0.segment, $0.warnings) })
  }
}

/// Each definition's count, above it those of its rules.
func countText(_ counts: [Preview]) -> String {
  var table = TextTable(.left("Segment"), .left("Rule"), .right("Alone"), .right("Members"))
  for count in counts {
    for (index, rule) in count.counts.enumerated() {
      table.add(
        index == 0 ? count.segment : "", "\(index + 1)", rule.rule.grouped,
        rule.cumulative.grouped)
    }
    // A limit comes after the rules; a manual segment has none.
    if count.counts.last?.cumulative != count.count {
      table.add(count.counts.isEmpty ? count.segment : "", "", "", count.count.grouped)
    }
  }
  return "\(table)"
}

private struct CountJSON: Encodable {
  struct Rule: Encodable {
    var rule: Int
    var cumulative: Int
  }

  var segment: String
  var count: Int
  var milliseconds: Double
  var rules: [Rule]
  var warnings: [DiagnosticJSON]

  init(_ preview: Preview) {
    segment = preview.segment
    count = preview.count
    milliseconds = preview.took / .milliseconds(1)
    rules = preview.counts.map { Rule(rule: $0.rule, cumulative: $0.cumulative) }
    warnings = preview.warnings.map { DiagnosticJSON($0) }
  }
}
