import SegmentCompiler
import SegmentStore
import Synchronization

/// The list of segments at a moment.
public struct SegmentListing: Sendable {
  /// Grows; two listings of one moment are equal.
  public var moment: Int
  /// By name.
  public var segments: [ListedSegment]
}

/// The list of segments, kept in memory: whoever asks reads again what transactions have changed since.
///
/// One who comes while another one reads waits for it: they would read the same.
final class SegmentIndex: Sendable {
  private let kept = Mutex<SegmentListing?>(nil)

  func listing(of service: SegmentService) throws -> SegmentListing {
    try kept.withLock { kept in
      var listing = kept ?? SegmentListing(moment: -1, segments: [])
      while true {
        let tasks = service.store.changes(of: [.tasks], since: listing.moment)
        let changed = service.store.changes(of: [.segments], since: listing.moment)
        if listing.moment < 0 {
          listing.segments = try read(nil, by: service, at: tasks.moment)
        } else if changed.owners.isEmpty, tasks.owners.isEmpty {
          break
        } else {
          try update(&listing, changed.owners, tasks.owners, by: service, at: tasks.moment)
        }
        // What was read with its tasks alone may have a run meanwhile: only when nothing was changed all is of one
        // moment.
        listing.moment = tasks.moment
      }
      kept = listing
      return listing
    }
  }

  /// - Parameters:
  ///   - changed: ids of segments that are read again.
  ///   - tasks: ids of segments that have other tasks.
  private func update(
    _ listing: inout SegmentListing, _ changed: Set<Int64>, _ tasks: Set<Int64>,
    by service: SegmentService, at moment: Int
  ) throws {
    let waiting = tasks.subtracting(changed)
    let last = waiting.isEmpty ? [:] : try service.store.lastTasks(of: waiting)
    var same: [ListedSegment] = []
    same.reserveCapacity(listing.segments.count)
    for var segment in listing.segments {
      let id = segment.record.id
      if changed.contains(id) { continue }
      if waiting.contains(id) {
        segment.status = SegmentStatus(task: last[id], run: segment.lastRun)
        segment.moment = moment
      }
      same.append(segment)
    }
    let read = try changed.isEmpty ? [] : read(changed, by: service, at: moment)
    listing.segments = merged(same, read) { Text($0.record.name) < Text($1.record.name) }
  }

  /// Gives up what is kept, with whatever it quotes.
  func forget() { kept.withLock { $0 = nil } }

  private func read(_ ids: Set<Int64>?, by service: SegmentService, at moment: Int) throws
    -> [ListedSegment]
  {
    try service.store.overviews(of: ids).map { try service.listed($0, at: moment) }
  }
}

/// Two lists in one order as one in that order.
public func merged<Element>(
  _ left: [Element], _ right: [Element], by precedes: (Element, Element) -> Bool
) -> [Element] {
  var result: [Element] = []
  result.reserveCapacity(left.count + right.count)
  var (l, r) = (left.startIndex, right.startIndex)
  while l < left.endIndex, r < right.endIndex {
    if precedes(right[r], left[l]) {
      result.append(right[r])
      r += 1
    } else {
      result.append(left[l])
      l += 1
    }
  }
  result += left[l...]
  result += right[r...]
  return result
}
