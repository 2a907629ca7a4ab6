import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct SegmentsScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segments",
    abstract: "Set the schedules of several segments, and show when each is refreshed next.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segments' names; all unless given.")
  var segments: [String] = []

  @Option(
    help: ArgumentHelp(
      "Which of the scheduled refreshes they take part in: all, off, days of the week (monday,thursday) or of the month (1,15,31; in shorter months the last day).",
      valueName: "days"))
  var on: SegmentSchedule

  @Flag(help: "Leave those as they are that have days of their own.")
  var keepIndividual = false

  func run() throws {
    let service = try options.open(for: "schedule segments")
    let system = try service.schedule()
    let zone = TimeZone(identifier: system.timeZone) ?? .gmt
    let scheduled = try service.setSchedule(
      on, of: segments.isEmpty ? nil : segments, keepingOwn: keepIndividual)
    var table = TextTable(.left("Segment"), .left("Schedule"), .left(""), .left("Next refresh"))
    var isFailed = false
    for item in scheduled {
      switch item.outcome {
      case .success(let now):
        table.add(
          now.record.name, now.schedule.text, now.isKept ? "kept" : "set",
          now.next.map { timeText(microseconds: $0.instant.microseconds, in: zone) }
            ?? now.conflict ?? "–")
      case .failure(let error):
        isFailed = true
        Terminal.printError("Error: \(item.segment.printable): \(error)")
      }
    }
    Terminal.print(table.rows.isEmpty ? "There are no segments." : "\(table)")
    if isFailed { throw ExitCode.failure }
  }
}

extension SegmentSchedule {
  /// As it is written on the command line.
  fileprivate var text: String {
    switch self {
    case .off: "off"
    case .everySystemRefresh: "all"
    case .weekly(let days):
      days.sorted { $0.number < $1.number }.map(\.rawValue).joined(separator: ",")
    case .monthly(let days): days.sorted().map(String.init).joined(separator: ",")
    }
  }
}
