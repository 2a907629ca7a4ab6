import ArgumentParser
import SegmentCompiler
import SegmentService

struct CountCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count",
    abstract: "Count the members of definitions, without saving or publishing anything.",
    discussion: "The count is exact unless --within says how long it may take.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption

  @Flag(help: "Print one line of JSON for each definition, with the time it took.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Where a definition takes longer, estimate from a sample of the profiles, and say so.",
      valueName: "seconds"))
  var within: Double?

  @Argument(help: "Definition files, YAML or JSON; - is the standard input.", completion: .file())
  var files: [String]

  func validate() throws {
    if let within, !(0...86_400).contains(within) {
      throw ValidationError("--within must be from 0 to 86400 seconds.")
    }
  }

  func run() async throws {
    let sources = try DefinitionSource.read(files)
    let service = try options.open(for: "count")
    let instant = try asOf.instant(in: service.definition.timeZone)
    if let within {
      return try await estimate(sources, asOf: instant, within: .seconds(within), by: service)
    }
    let counts = try await service.count(sources, asOf: instant)
    if json {
      for count in counts { try Terminal.printJSONLine(CountJSON(count)) }
    } else {
      Terminal.print(countText(counts))
    }
    printWarnings(counts.map { ($0.segment, $0.warnings) })
  }
}

extension CountCommand {
  private func estimate(
    _ sources: [DefinitionSource], asOf: Instant?, within budget: Duration,
    by service: SegmentService
  ) async throws {
    let estimates = try await service.estimate(sources, asOf: asOf, budget: budget)
    if json {
      for estimate in estimates { try Terminal.printJSONLine(EstimateJSON(estimate)) }
    } else {
      Terminal.print(estimateText(estimates))
    }
    printWarnings(estimates.map { ($0.segment, $0.warnings) })
  }
}

/// As ``countText(_:)``; what is not exact says between which numbers it is.
func estimateText(_ estimates: [Estimate]) -> String {
  var table = TextTable(.left("Segment"), .left("Rule"), .right("Alone"), .right("Members"))
  for estimate in estimates {
    for (index, rule) in estimate.rules.enumerated() {
      table.add(
        index == 0 ? estimate.segment : "", "\(index + 1)", rule.rule.text, rule.cumulative.text)
    }
    if estimate.rules.last?.cumulative != estimate.count {
      table.add(estimate.rules.isEmpty ? estimate.segment : "", "", "", estimate.count.text)
    }
  }
  let samples = estimates.compactMap(\.sample)
  guard let sample = samples.first else { return "\(table)" }
  return
    "\(table)\n\nEstimated from a sample of \(sample.grouped) profiles: the number is between the two with a confidence of 95 %."
}

extension Estimate.Count {
  fileprivate var text: String {
    range.count == 1
      ? value.grouped
      : "about \(value.grouped) (\(range.lowerBound.grouped) to \(range.upperBound.grouped))"
  }
}

private struct EstimateJSON: Encodable {
  struct Count: Encodable {
    var value: Int
    var low: Int
    var high: Int

    init(_ count: Estimate.Count) {
      (value, low, high) = (count.value, count.range.lowerBound, count.range.upperBound)
    }
  }
  struct Rule: Encodable {
    var rule: Count
    var cumulative: Count
  }

  var segment: String
  var isExact: Bool
  var count: Count
  var universe: Int
  /// How many profiles were asked about.
  var sample: Int?
  var milliseconds: Double
  var rules: [Rule]
  var warnings: [DiagnosticJSON]

  init(_ estimate: Estimate) {
    segment = estimate.segment
    isExact = estimate.isExact
    count = Count(estimate.count)
    universe = estimate.universe
    sample = estimate.sample
    milliseconds = estimate.took / .milliseconds(1)
    rules = estimate.rules.map {
      Rule(rule: Count($0.rule), cumulative: Count($0.cumulative))
    }
    warnings = estimate.warnings.map { DiagnosticJSON($0) }
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
