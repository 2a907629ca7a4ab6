import SegmentCompiler
import SegmentStore

extension SegmentService {
  /// Makes the activations and deactivations whose time has come, those of one segment in the order of their times.
  ///
  /// - Returns: the segments that are in another state now, and those whose plan could not be carried out.
  @discardableResult
  public func makePlannedChanges() throws -> [ChangedSegment] {
    let now = now().microseconds
    let due = try store.segmentRecords().filter { $0.nextPlanned(until: now) != nil }
    let store = store.acting(as: .schedule)
    return due.map { record in
      ChangedSegment(
        segment: record.name,
        outcome: Result {
          try store.edit(at: now) { edits in
            guard var record = try edits.record(record.name) else {
              throw try edits.unknownSegment(record.name)
            }
            let before = record.state
            while let event = record.nextPlanned(until: now) {
              record.take(event)
            }
            if record.state == .active, before != .active {
              try edits.requestRefresh(of: record)
            }
            return try edits.update(record)
          }
        })
    }
  }
}

extension Author {
  /// Who does what was planned.
  static let schedule = Author.system("schedule")
}

extension SegmentRecord {
  /// Which planned change comes first of those that are due.
  fileprivate func nextPlanned(until now: Int64) -> SegmentEvent? {
    let due = [(activation, SegmentEvent.activated), (deactivation, .deactivated)]
      .compactMap { planned, event in planned.map { (at: $0.at, event: event) } }
      .filter { $0.at <= now }
    return due.min { $0.at < $1.at }?.event
  }

  /// A draft stays one; what was planned for it is over.
  fileprivate mutating func take(_ event: SegmentEvent) {
    state = state.after(event) ?? state
    if event == .activated { activation = nil } else { deactivation = nil }
  }
}
