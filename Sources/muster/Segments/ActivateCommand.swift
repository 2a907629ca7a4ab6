import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct ActivateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "activate",
    abstract: "Make segments active and refresh them, now or at a time to come.",
    discussion:
      "What is planned takes place with the first refresh from that time on. A draft cannot be activated."
  )

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var plan: PlanOptions

  @Argument(help: "The segments' names.")
  var segments: [String]

  @Flag(inversion: .prefixedNo, help: "Refresh them at once.")
  var refresh = true

  func run() async throws {
    let service = try options.open(for: "activate")
    if let change = try plan.change(service, planning: SegmentChange.planActivation) {
      try changeSegments(segments, [change], of: service)
      return
    }
    let active = try change(segments, [.activate], of: service)
    var isFailed = active.count < segments.count
    try warnOfLimit(of: service)
    if refresh, !active.isEmpty {
      let refreshed = try await service.refresh(active.map(\.name))
      Terminal.print(refreshText(refreshed))
      isFailed = isFailed || refreshed.contains { $0.run.status == .failed }
    }
    if isFailed { throw ExitCode.failure }
  }
}

struct DeactivateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deactivate",
    abstract: "Keep segments from being refreshed, now or from a time to come on.",
    discussion:
      "Their members stay as they are. What refers to them is skipped when everything is refreshed."
  )

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var plan: PlanOptions

  @Argument(help: "The segments' names.")
  var segments: [String]

  func run() throws {
    let service = try options.open(for: "deactivate")
    let change =
      try plan.change(service, planning: SegmentChange.planDeactivation) ?? .deactivate
    try changeSegments(segments, [change], of: service)
  }
}

/// When a change of state takes place.
struct PlanOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Not now but then: 2030-03-31T12:00, or a day, which means its start.", valueName: "time"))
  var at: String?

  @Option(help: "The time zone of --at; the workspace's unless given.")
  var zone: String?

  @Flag(help: "Take back what was planned.")
  var unplan = false

  func validate() throws {
    if unplan, at != nil { throw ValidationError("--at and --unplan exclude each other.") }
    if zone != nil, at == nil { throw ValidationError("--zone needs --at.") }
  }

  /// nil for a change that takes place now.
  fileprivate func change(
    _ service: SegmentService, planning: (PlannedChange?) -> SegmentChange
  ) throws -> SegmentChange? {
    if unplan { return planning(nil) }
    guard let at else { return nil }
    let name = zone ?? service.definition.timeZone
    guard let zone = Zone(name) else {
      throw LifecycleError.unknownTimeZone(
        name, hint: NearNames.hint(name, among: Zone.knownNames))
    }
    let instant = try Muster.instant(at, of: "--at", in: zone)
    return planning(PlannedChange(at: instant.microseconds, timeZone: name))
  }
}

/// Makes the same changes of several segments, and says what became of each.
///
/// - Throws: `ExitCode` where one was refused.
func changeSegments(
  _ names: [String], _ changes: [SegmentChange], of service: SegmentService
) throws {
  let changed = try change(names, changes, of: service)
  if changed.count < names.count { throw ExitCode.failure }
}

/// The same without failing.
///
/// - Returns: those that were changed.
private func change(
  _ names: [String], _ changes: [SegmentChange], of service: SegmentService
) throws -> [SegmentRecord] {
  let outcomes = try service.change(names, changes)
  var changed: [SegmentRecord] = []
  for item in outcomes {
    switch item.outcome {
    case .success(let record):
      changed.append(record)
      Terminal.print(stateText(record, in: service))
    case .failure(let error): Terminal.printError("Error: \(item.segment.printable): \(error)")
    }
  }
  return changed
}

/// `vip: active, static; to be deactivated 2030-03-31 12:00 (Europe/Oslo)`.
func stateText(_ record: SegmentRecord, in service: SegmentService) -> String {
  func text(_ planned: PlannedChange?, _ what: String) -> String {
    guard let planned, let zone = TimeZone(identifier: planned.timeZone) else { return "" }
    return "; to be \(what) \(timeText(microseconds: planned.at, in: zone)) (\(planned.timeZone))"
  }
  return "\(record.name.printable): \(record.state.rawValue), \(record.type.rawValue)"
    + text(record.activation, "activated") + text(record.deactivation, "deactivated")
}
