import Foundation
import SegmentCompiler
import SegmentStore

extension SegmentService {
  private static let systemSchedule = "systemSchedule"

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
    let now = now().microseconds
    try store.changeSetting(
      Self.systemSchedule, to: encoded(schedule), called: "schedule", at: now
    ) { settings in
      try settings.set(StoreSettings.lastOccurrence, to: "\(now)")
    }
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

  /// The next refreshes of the system, at most so many.
  public func nextOccurrences(_ count: Int) throws -> [SystemSchedule.Occurrence] {
    let schedule = try schedule()
    var occurrences: [SystemSchedule.Occurrence] = []
    while occurrences.count < count,
      let next = schedule.next(after: occurrences.last?.instant ?? now())
    {
      occurrences.append(next)
    }
    return occurrences
  }

  /// The segments that are never refreshed by schedule though theirs says so, and why.
  public func scheduleConflicts() throws -> [(segment: String, conflict: String)] {
    let system = try schedule()
    return try store.segmentRecords().compactMap { record in
      guard record.state == .active, record.type == .dynamic else { return nil }
      return try record.decodedSchedule().conflict(with: system).map { (record.name, $0) }
    }
  }

  /// The refreshes that should have begun since the last one that did, in order.
  ///
  /// They are due until ``StoreSettings/noteOccurrence(_:)``. A last one that lies ahead is of a clock that was
  /// wrong: as if it were now.
  func dueOccurrences() throws -> [SystemSchedule.Occurrence] {
    let schedule = try schedule()
    guard schedule.isOn,
      let last = try store.setting(StoreSettings.lastOccurrence).flatMap(Int64.init)
    else { return [] }
    let now = now()
    // Where the clock was only put right a little, a refresh must not happen twice.
    if last - now.microseconds > Scheduler.tolerance {
      try store.noteSettings {
        try $0.set(StoreSettings.lastOccurrence, to: "\(now.microseconds)")
      }
    }
    return schedule.occurrences(after: Instant(microseconds: last), through: now)
  }

  /// Active segments that are to be refreshed at once, and that nobody has taken care of since.
  func dueSegments() throws -> [SegmentRecord] {
    let ids = try StoreSettings.decodedIDs(store.setting(StoreSettings.due))
    guard !ids.isEmpty else { return [] }
    return try store.segmentRecords().filter { ids.contains($0.id) && $0.state == .active }
  }
}

extension StoreSettings {
  fileprivate static let lastOccurrence = "lastScheduledRefresh"
  fileprivate static let due = "dueAtOnce"

  fileprivate static func decodedIDs(_ json: String?) throws -> Set<Int64> {
    try json.map { try JSONDecoder().decode(Set<Int64>.self, from: Data($0.utf8)) } ?? []
  }

  /// All refreshes up to this one are taken care of.
  func noteOccurrence(_ occurrence: SystemSchedule.Occurrence) throws {
    let last = try self[StoreSettings.lastOccurrence].flatMap(Int64.init) ?? .min
    try set(StoreSettings.lastOccurrence, to: "\(max(last, occurrence.instant.microseconds))")
  }

  fileprivate func addDue(_ segment: Int64) throws {
    let ids = try StoreSettings.decodedIDs(self[StoreSettings.due]).union([segment])
    try set(StoreSettings.due, to: encoded(ids.sorted()))
  }

  func removeDue(_ segments: [Int64]) throws {
    let ids = try StoreSettings.decodedIDs(self[StoreSettings.due]).subtracting(segments)
    try set(StoreSettings.due, to: encoded(ids.sorted()))
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

extension SegmentEdits {
  /// A segment is to be refreshed at once by whoever runs jobs: also by the next process, if this one ends before.
  func requestRefresh(of record: SegmentRecord) throws {
    try settings.addDue(record.id)
    try log(.refreshRequested, record)
  }
}
