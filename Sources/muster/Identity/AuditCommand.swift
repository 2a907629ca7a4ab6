import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract:
      "Write the audit log: who has changed what, when, and from where; the last change first.",
    discussion: "It only reads, so it need not wait for whoever owns the workspace.")

  @OptionGroup var options: WorkspaceOptions

  @Option(help: "Changes from then on: 2024-03-31T12:00, or a day.")
  var since: String?

  @Option(help: "Changes before then.")
  var until: String?

  @Option(help: "Changes by somebody of this name.")
  var author: String?

  @Option(help: "Changes of one kind, such as segment.saved.")
  var action: AuditAction?

  @Option(help: "Changes of what has this name or number.")
  var object: String?

  @Option(help: "csv or ndjson.")
  var format: AuditFormat = .ndjson

  @Flag(help: "Leave CSV cells alone that a spreadsheet would run as a formula.")
  var raw = false

  func run() throws {
    let folder = try options.folder()
    let zone = Zone(try folder.timeZone()) ?? .utc
    let filter = AuditFilter(
      since: try since.map { try Muster.instant($0, of: "--since", in: zone).microseconds },
      until: try until.map { try Muster.instant($0, of: "--until", in: zone).microseconds },
      author: author, action: action, object: object)
    var export = try SegmentService.auditExport(
      in: folder, filter, as: format == .csv ? .csv(raw: raw) : .ndjson)
    while let bytes = try export?.next() { Terminal.write(bytes) }
  }
}

enum AuditFormat: String, ExpressibleByArgument, CaseIterable {
  case csv, ndjson
}

extension AuditAction: ExpressibleByArgument {}
