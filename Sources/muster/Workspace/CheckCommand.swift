import ArgumentParser
import SegmentService

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Verify everything that is stored against its checksum.",
    discussion: """
      Says what it would mend; --mend does it. Nothing is deleted that cannot be made again. Ends \
      with failure where something is damaged; what interrupted commands have left behind is listed, \
      and is no damage.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @OptionGroup var options: WorkspaceOptions

  @Flag(help: "Mend what can be mended.")
  var mend = false

  @Option(help: "text or json.")
  var format = Format.text

  func run() async throws {
    let report = try await SegmentService.check(
      options.folder(), mend: mend, purpose: "muster check", author: options.author,
      settings: options.engineSettings())
    switch format {
    case .text: Terminal.print(checkText(report))
    case .json: try Terminal.printJSON(CheckJSON(report))
    }
    if !report.isSound { throw ExitCode.failure }
  }
}

func checkText(_ report: CheckReport) -> String {
  var lines: [String] = []
  for entry in report.mended {
    let about = entry.finding.about.printable
    lines.append("mended    \(about): \(entry.finding.problem.printable)")
    if let failure = entry.failure {
      lines[lines.count - 1] = "not mended  \(about): \(failure.printable)"
    }
  }
  for finding in report.findings {
    let severity = finding.severity.rawValue.padded(to: 8)
    lines.append("\(severity)  \(finding.about.printable): \(finding.problem.printable)")
    if let text = finding.remedy.text { lines.append("          \(text)") }
  }
  let verified = report.verified
  lines.append(
    [
      "Verified: \(verified.segments.counted("segment")) with \(verified.definitions.counted("version"))",
      verified.runs.counted("run"), verified.dataVersions.counted("data version"),
      "\(verified.parts.counted("part")) with \(verified.rows.counted("row"))",
      "ordinals of \(verified.dictionaries.counted("audience"))",
      "members of \(verified.members.counted("run"))",
      "\(verified.outputFiles.counted("output file"))",
      "\(verified.cached.counted("kept result")).",
    ].joined(separator: ", "))
  lines.append(verdict(report))
  return lines.joined(separator: "\n")
}

private func verdict(_ report: CheckReport) -> String {
  let damage = report.findings.count { $0.severity == .damage }
  let mendable = report.findings.count { $0.remedy.isMending }
  var text = damage == 0 ? "Nothing is damaged." : "\(damage.grouped) damaged."
  if mendable > 0 { text += " 'muster check --mend' would try to mend \(mendable.grouped)." }
  return text
}

private struct CheckJSON: Encodable {
  struct Item: Encodable {
    var severity: String
    var about: String
    var problem: String
    var remedy: String?
    var isMendable: Bool

    init(_ finding: Finding) {
      severity = finding.severity.rawValue
      about = finding.about
      problem = finding.problem
      remedy = finding.remedy.text
      isMendable = finding.remedy.isMending
    }
  }
  struct Mended: Encodable {
    var about: String
    var problem: String
    var failure: String?
  }
  struct Verified: Encodable {
    var segments: Int
    var definitions: Int
    var runs: Int
    var dataVersions: Int
    var parts: Int
    var rows: Int64
    var dictionaries: Int
    var members: Int
    var outputFiles: Int
    var cached: Int
  }

  var isSound: Bool
  var findings: [Item]
  var mended: [Mended]
  var verified: Verified

  init(_ report: CheckReport) {
    isSound = report.isSound
    findings = report.findings.map { Item($0) }
    mended = report.mended.map {
      Mended(about: $0.finding.about, problem: $0.finding.problem, failure: $0.failure)
    }
    let all = report.verified
    verified = Verified(
      segments: all.segments, definitions: all.definitions, runs: all.runs,
      dataVersions: all.dataVersions, parts: all.parts, rows: all.rows,
      dictionaries: all.dictionaries, members: all.members,
      outputFiles: all.outputFiles, cached: all.cached)
  }
}
