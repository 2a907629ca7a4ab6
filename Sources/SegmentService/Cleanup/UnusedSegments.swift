import SegmentCompiler
import SegmentStore

/// An active segment that nobody has used for long.
public struct UnusedSegment: Sendable, Equatable {
  public var record: SegmentRecord
  /// The last day on which it was used or changed.
  public var lastUsed: CivilDate
  /// Days since then.
  public var days: Int
}

extension SegmentRecord {
  /// The tag of segments that a cleanup has deactivated, as long as they are not active again.
  public static let autoDeactivatedTag = "AutoDeactivated"
}

extension SegmentService {
  /// Active segments that a cleanup would deactivate now: neither used nor changed for as long as `cleanup` in the
  /// workspace file says, and not exempt. Those that were used longest ago first.
  ///
  /// A segment is used on each day on which somebody reads its members, an active segment refers to it, or it keeps an
  /// output file. One of which nothing is noted yet counts as used today.
  public func unusedSegments() throws -> [UnusedSegment] {
    guard case .after(let age) = definition.cleanup else { return [] }
    let (today, uses, needed) = (today, try store.lastUses(), try neededSegments())
    let limit = Zone.utc.localTime(at: age.since(now())).date
    return try store.segmentRecords().compactMap { record in
      guard record.state == .active, !record.isExemptFromCleanup, !needed.contains(record.id),
        let used = uses[record.id]
      else { return nil }
      let last = max(used, record.dayOfChange)
      guard last < limit.days else { return nil }
      return UnusedSegment(
        record: record, lastUsed: CivilDate(days: last), days: today.days - last)
    }
    .sorted { ($0.lastUsed.days, $0.record.name) < ($1.lastUsed.days, $1.record.name) }
  }

  /// Deactivates the segments that nobody uses, and notes which ones are used today.
  ///
  /// They keep their members, and carry the tag `AutoDeactivated` until they are active again.
  ///
  /// - Returns: what became of each.
  @discardableResult
  public func deactivateUnused() throws -> [ChangedSegment] {
    try noteUses()
    return try unusedSegments().map { unused in
      ChangedSegment(
        segment: unused.record.name,
        outcome: Result {
          try change(
            unused.record.name, [.deactivateUnused], expecting: unused.record.revision)
        })
    }
  }

  /// Of segments that are needed, and of those that are new to this: their time begins.
  private func noteUses() throws {
    let known = try store.lastUses()
    let new = try store.segmentRecords().map(\.id).filter { known[$0] == nil }
    try store.noteUse(of: neededSegments().union(new), on: today.days)
  }

  /// Does once a day what the cleanup asks for.
  ///
  /// - Returns: nil where it was done today.
  func cleanUpDaily() throws -> [ChangedSegment]? {
    let today = "\(today.days)"
    guard try store.setting(Self.lastCleanup) != today else { return nil }
    let changed = try acting(as: .schedule).deactivateUnused()
    try store.noteSettings { try $0.set(Self.lastCleanup, to: today) }
    return changed
  }

  private static let lastCleanup = "lastCleanup"
}

extension SegmentRecord {
  fileprivate var dayOfChange: Int {
    Zone.utc.localTime(at: Instant(microseconds: changed)).date.days
  }
}
