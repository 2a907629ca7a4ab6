import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Explain why a profile is a member of a segment, or is not.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The segment's name.")
  var segment: String

  @Option(help: "The profile's key.")
  var key: String

  @Option(help: "A run's number; the last one unless given.")
  var run: Int64?

  func run() async throws {
    let service = try options.open(for: "why")
    let why = try await service.why(segment: segment, key: key, run: run)
    if output.json {
      try Terminal.printJSON(WhyJSON(why))
    } else {
      Terminal.print(whyText(why, in: TimeZone(identifier: service.definition.timeZone) ?? .gmt))
    }
  }
}

func whyText(_ why: Why, in zone: TimeZone) -> String {
  let verdict = why.isMember ? "is a member" : "is no member"
  var lines = [
    "\(why.key) \(verdict) of '\(why.segment)'".printable,
    (why.run.map { "run \($0), " } ?? "")
      + "as of \(timeText(microseconds: why.asOf.microseconds, in: zone)), data version \(why.dataVersion)",
  ]
  for finding in why.findings { add(finding, indent: "", to: &lines) }
  return lines.joined(separator: "\n")
}

private func add(_ finding: Why.Finding, indent: String, to lines: inout [String]) {
  let combine = finding.combine.map { "\($0.rawValue) " } ?? ""
  lines.append("\(indent)\(finding.holds ? "✓" : "✗") \(combine)\(finding.text.printable)")
  if let detail = finding.detail, !detail.isEmpty {
    lines.append("\(indent)    \(detail.printable)")
  }
  for part in finding.parts { add(part, indent: indent + "  ", to: &lines) }
}

private struct WhyJSON: Encodable {
  struct Finding: Encodable {
    var text: String
    var holds: Bool
    var detail: String?
    var combine: String?
    var parts: [Finding]

    init(_ finding: Why.Finding) {
      text = finding.text
      holds = finding.holds
      detail = finding.detail
      combine = finding.combine?.rawValue
      parts = finding.parts.map { Finding($0) }
    }
  }

  var segment: String
  var key: String
  var isMember: Bool
  var asOf: String
  var dataVersion: Int64
  var run: Int64?
  var findings: [Finding]

  init(_ why: Why) {
    segment = why.segment
    key = why.key.description
    isMember = why.isMember
    asOf = why.asOf.description
    dataVersion = why.dataVersion
    run = why.run
    findings = why.findings.map { Finding($0) }
  }
}
