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
      let changes = service.store.changes(of: [.segments, .tasks], since: kept?.moment ?? 0)
      guard var listing = kept else {
        kept = SegmentListing(
          moment: changes.moment, segments: try read(nil, by: service, at: changes.moment))
        return kept!
      }
      guard !changes.owners.isEmpty else { return listing }
      let read = try read(changes.owners, by: service, at: changes.moment)
      listing.moment = changes.moment
      listing.segments = merged(
        listing.segments.filter { !changes.owners.contains($0.record.id) }, read
      ) { Text($0.record.name) < Text($1.record.name) }
      kept = listing
      return listing
    }
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
