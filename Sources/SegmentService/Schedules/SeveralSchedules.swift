import SegmentCompiler
import SegmentStore

/// What became of one segment's schedule when several were set.
public struct ScheduledSegment: Sendable {
  public var segment: String
  public var outcome: Result<Scheduled, any Error>

  public struct Scheduled: Sendable {
    public var record: SegmentRecord
    /// As it is now.
    public var schedule: SegmentSchedule
    /// It had one of its own, which was to be kept.
    public var isKept: Bool
    /// Why it never takes effect; nil where it does, or need not.
    public var conflict: String?
    /// nil where there is none.
    public var next: SystemSchedule.Occurrence?
  }
}

extension SegmentService {
  /// Sets the schedule of several segments, of each by itself.
  ///
  /// - Parameters:
  ///   - names: nil for all.
  ///   - keepingOwn: leaves those alone that have a schedule of their own, which is any but every refresh of the
  ///     system.
  public func setSchedule(
    _ schedule: SegmentSchedule, of names: [String]? = nil, keepingOwn: Bool
  ) throws -> [ScheduledSegment] {
    let names = try names ?? store.segmentRecords().map(\.name)
    return try change(names, [.schedule(schedule, keepingOwn: keepingOwn)]).map { item in
      ScheduledSegment(
        segment: item.segment,
        outcome: item.outcome.flatMap { record in
          Result {
            let now = try record.decodedSchedule()
            return ScheduledSegment.Scheduled(
              record: record, schedule: now, isKept: keepingOwn && now != schedule,
              conflict: try scheduleConflict(of: record), next: try nextRefresh(of: record))
          }
        })
    }
  }
}
