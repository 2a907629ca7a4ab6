import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct ScheduleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schedule", abstract: "Say when 'muster serve' loads and refreshes by itself.",
    subcommands: [Show.self, Set.self, Off.self, SegmentsScheduleCommand.self],
    defaultSubcommand: Show.self)

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show the schedule, and the next refreshes.")

    @OptionGroup var options: WorkspaceOptions

    func run() throws {
      let service = try options.open(for: "schedule")
      Terminal.print(try scheduleText(service))
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract: "Refresh at up to four times of the day, every day or on some.",
      discussion:
        "Times are those of a wall clock: one that a change of the clock leaves out is moved, one that it shows twice counts once."
    )

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "Times of the day, such as 03:00.")
    var times: [String]

    @Option(help: "Days of the week, such as monday,thursday; every day unless given.")
    var days: String?

    @Option(help: "The time zone; the workspace's unless given.")
    var zone: String?

    func run() throws {
      let service = try options.open(for: "schedule set")
      let parsed = try times.map { text in
        guard let time = TimeOfDay(text) else {
          throw ValidationError("'\(text)' is no time from 00:00 to 23:59.")
        }
        return time
      }
      try service.set(
        SystemSchedule(
          timeZone: zone ?? service.definition.timeZone,
          weekdays: days.map { try weekdays($0) } ?? Swift.Set(Weekday.allCases),
          times: Swift.Set(parsed)))
      Terminal.print(try scheduleText(service))
    }
  }

  struct Off: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "off", abstract: "Refresh nothing by itself.")

    @OptionGroup var options: WorkspaceOptions

    func run() throws {
      let service = try options.open(for: "schedule off")
      var schedule = try service.schedule()
      schedule.isOn = false
      try service.set(schedule)
      Terminal.print(try scheduleText(service))
    }
  }
}

/// Days of the week, separated by commas.
func weekdays(_ text: String) throws -> Set<Weekday> {
  Set(
    try text.split(separator: ",").map { name in
      let name = name.trimmingCharacters(in: .whitespaces).lowercased()
      guard let day = Weekday.allCases.first(where: { $0.rawValue.hasPrefix(name) }), name.count > 1
      else { throw ValidationError("'\(name)' is no day of the week.") }
      return day
    })
}

private func scheduleText(_ service: SegmentService) throws -> String {
  let schedule = try service.schedule()
  guard schedule.isOn else { return "The schedule is off." }
  let days =
    schedule.weekdays.count == 7
    ? "every day"
    : "on "
      + schedule.weekdays.sorted { $0.number < $1.number }.map(\.rawValue).joined(separator: ", ")
  let times = schedule.times.sorted().map(\.description).joined(separator: ", ")
  var lines = ["At \(times) \(days), \(schedule.timeZone)."]
  let zone = TimeZone(identifier: schedule.timeZone) ?? .gmt
  if let next = try service.nextOccurrences(1).first {
    lines.append("Next: \(timeText(microseconds: next.instant.microseconds, in: zone)).")
  }
  for (segment, conflict) in try service.scheduleConflicts() {
    lines.append("\(segment.printable): \(conflict)")
  }
  return lines.joined(separator: "\n")
}
