import Foundation
import SegmentCompiler
import SegmentStore

extension SegmentService {
  private static let systemSchedule = "systemSchedule"
  private static let lastOccurrence = "lastScheduledRefresh"

  /// When the workspace refreshes by itself; off unless somebody has set it.
  public func schedule() throws -> SystemSchedule {
    guard let json = try store.setting(Self.systemSchedule) else { return .off }
    return try JSONDecoder().decode(SystemSchedule.self, from: Data(json.utf8))
  }

  /// Sets when the workspace refreshes by itself, from now on.
  ///
  /// - Throws: ``Diagnostics`` with everything that is wrong with it.
  public func set(_ schedule: SystemSchedule) throws {
    guard schedule.problems.isEmpty else { throw Diagnostics(schedule.problems) }
    try store.set(Self.systemSchedule, to: encoded(schedule))
    try store.set(Self.lastOccurrence, to: "\(now().microseconds)")
  }

  /// The next refresh of a segment by schedule; nil where there is none.
  public func nextRefresh(of record: SegmentRecord) throws -> SystemSchedule.Occurrence? {
    guard record.state == .active, record.type == .dynamic else { return nil }
    return try record.decodedSchedule().next(after: now(), in: schedule())
  }

  /// Why a segment is never refreshed by schedule; nil where it is, or need not be.
  public func scheduleConflict(of record: SegmentRecord) throws -> String? {
    guard record.state == .active, record.type == .dynamic else { return nil }
    return try record.decodedSchedule().conflict(with: schedule())
  }

  /// The refreshes that should have begun since the last one that did, and takes note that they are taken care of.
  func takeDueOccurrences() throws -> [SystemSchedule.Occurrence] {
    let schedule = try schedule()
    guard schedule.isOn, let last = try store.setting(Self.lastOccurrence).flatMap(Int64.init)
    else { return [] }
    let now = now()
    let due = schedule.occurrences(after: Instant(microseconds: last), through: now)
    if !due.isEmpty { try store.set(Self.lastOccurrence, to: "\(now.microseconds)") }
    return due
  }
}

func encoded(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension SegmentRecord {
  /// Which of the system's refreshes it takes part in.
  public func decodedSchedule() throws -> SegmentSchedule {
    try schedule.map {
      try JSONDecoder().decode(SegmentSchedule.self, from: Data($0.utf8))
    } ?? .everySystemRefresh
  }
}
