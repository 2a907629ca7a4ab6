import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two versions of a segment, or the members of two of its runs.",
    discussion: "Without options: the last two versions.")

  enum Format: String, CaseIterable, ExpressibleByArgument { case text, json, csv, ndjson }

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "The version to compare; the one before the other unless given.")
  var from: Int?

  @Option(help: "The version to compare it with; the last unless given.")
  var to: Int?

  @Option(help: "A definition file or folder to compare with.", completion: .file())
  var file: String?

  @Flag(help: "Show a diff of YAML instead of words.")
  var yaml = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Two runs: who entered and who left between them, see muster history.", valueName: "run"))
  var runs: [Int64] = []

  @Option(help: "text or json; of runs also csv or ndjson, which list every key.")
  var format = Format.text

  @Flag(help: "Leave CSV cells alone that a spreadsheet would run as a formula.")
  var raw = false

  func validate() throws {
    if !runs.isEmpty {
      if runs.count != 2 { throw ValidationError("--runs takes two runs.") }
      if from != nil || to != nil || file != nil || yaml {
        throw ValidationError("--runs compares members; --from, --to, --file and --yaml do not.")
      }
    } else if format == .csv || format == .ndjson {
      throw ValidationError("Definitions are compared as text or json.")
    }
    if file != nil, to != nil { throw ValidationError("Give --to or --file, not both.") }
  }

  func run() async throws {
    let service = try options.open(for: "diff")
    guard runs.isEmpty else { return try await compareRuns(service) }
    let comparison =
      if let file {
        try service.compare(segment, from: from, with: DefinitionSource.read([file]))
      } else {
        try service.compare(segment, from: from, to: to)
      }
    if format == .json {
      try Terminal.printJSON(ComparisonJSON(comparison))
    } else {
      Terminal.print(comparisonText(comparison, yaml: yaml))
    }
  }

  private func compareRuns(_ service: SegmentService) async throws {
    let difference = try service.runDifference(of: segment, from: runs[0], to: runs[1])
    switch format {
    case .csv, .ndjson:
      let format: TextFormat = format == .csv ? .csv(raw: raw) : .ndjson
      try await service.write(difference, as: format) {
        try FileHandle.standardOutput.write(contentsOf: Data($0))
      }
    case .text:
      let shown = 20
      let keys = try await service.keys(of: difference, limit: shown)
      Terminal.print(runDifferenceText(difference, entered: keys.entered, exited: keys.exited))
    case .json:
      let keys = try await service.keys(of: difference)
      try Terminal.printJSON(
        RunDifferenceJSON(difference, entered: keys.entered, exited: keys.exited))
    }
  }
}

func comparisonText(_ comparison: DefinitionComparison, yaml: Bool) -> String {
  let title = "\(comparison.segment), \(comparison.names.before) → \(comparison.names.after)"
  guard !comparison.changes.isEmpty else { return "\(title): no difference".printable }
  if yaml {
    return comparison.yaml.split(separator: "\n").map { String($0).printable }
      .joined(separator: "\n")
  }
  return ([title] + comparison.changes.map { "  \($0)" }).map(\.printable).joined(separator: "\n")
}

/// - Parameters:
///   - entered: the first of those who entered; and so for `exited`.
func runDifferenceText(_ difference: RunDifference, entered: [ProfileKey], exited: [ProfileKey])
  -> String
{
  func line(_ word: String, _ count: Int, _ keys: [ProfileKey]) -> String {
    var text = "\(count.grouped) \(word)"
    if !keys.isEmpty { text += ": " + keys.map(\.description.printable).joined(separator: ", ") }
    if count > keys.count {
      text += " and \((count - keys.count).grouped) more (--format csv lists all)"
    }
    return text
  }
  return """
    \(difference.segment.printable), run \(difference.from.id) → run \(difference.to.id)
      \(line("entered", difference.entered, entered))
      \(line("exited", difference.exited, exited))
    """
}

private struct ComparisonJSON: Encodable {
  var segment: String
  var before: String
  var after: String
  var changes: [DefinitionChangeJSON]
  var yaml: String

  init(_ comparison: DefinitionComparison) {
    segment = comparison.segment
    before = comparison.names.before
    after = comparison.names.after
    changes = comparison.changes.map { DefinitionChangeJSON($0) }
    yaml = comparison.yaml
  }
}

private struct RunDifferenceJSON: Encodable {
  struct Part: Encodable {
    var count: Int
    var keys: [KeyJSON]
  }

  var segment: String
  var from: Int64
  var to: Int64
  var entered: Part
  var exited: Part

  init(_ difference: RunDifference, entered: [ProfileKey], exited: [ProfileKey]) {
    segment = difference.segment
    from = difference.from.id
    to = difference.to.id
    self.entered = Part(count: difference.entered, keys: entered.map { KeyJSON(key: $0) })
    self.exited = Part(count: difference.exited, keys: exited.map { KeyJSON(key: $0) })
  }
}

/// A key: a number or a string.
struct KeyJSON: Encodable {
  var key: ProfileKey

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch key {
    case .integer(let number): try container.encode(number)
    case .text(let text): try container.encode(text.string)
    }
  }
}
