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

/// The list of segments, kept in memory once somebody has asked for it.
///
/// Whoever changes something brings it up to date before they go on, so that those who ask need not wait.
final class SegmentIndex: Sendable {
  private let definitions: DefinitionCache
  private let kept = Mutex<SegmentListing?>(nil)
  /// Of whoever reads what is kept.
  private let turn = Mutex(())
  private let followers = Mutex<[@Sendable (SegmentListing?) -> Void]>([])

  init(_ definitions: DefinitionCache) { self.definitions = definitions }

  func listing(of store: SegmentStore) throws -> SegmentListing {
    if let listing = kept.withLock({ $0 }) { return listing }
    return try turn.withLock { _ in
      if let listing = kept.withLock({ $0 }) { return listing }
      let moment = store.changes(of: [.segments, .tasks], since: 0).moment
      var listing = SegmentListing(moment: moment, segments: try read(nil, of: store, at: moment))
      try update(&listing, from: store)
      keep(listing)
      return listing
    }
  }

  /// Reads again what transactions have changed. What cannot be read is told to the next one who asks.
  func follow(_ store: SegmentStore) {
    turn.withLock { _ in
      guard var listing = kept.withLock({ $0 }) else { return }
      let before = listing.moment
      do {
        try update(&listing, from: store)
        if listing.moment != before { keep(listing) }
      } catch {
        keep(nil)
      }
    }
  }

  /// Gives up what is kept, with whatever it quotes.
  func forget() { turn.withLock { _ in keep(nil) } }

  /// Hands over each list that is kept from now on.
  func follow(_ follow: @escaping @Sendable (SegmentListing?) -> Void) {
    followers.withLock { $0.append(follow) }
  }

  private func keep(_ listing: SegmentListing?) {
    kept.withLock { $0 = listing }
    for follow in followers.withLock({ $0 }) { follow(listing) }
  }

  private func update(_ listing: inout SegmentListing, from store: SegmentStore) throws {
    while true {
      let tasks = store.changes(of: [.tasks], since: listing.moment)
      let changed = store.changes(of: [.segments], since: listing.moment)
      guard !changed.owners.isEmpty || !tasks.owners.isEmpty else { return }
      try update(&listing, changed.owners, tasks.owners, from: store, at: tasks.moment)
      // What was read with its tasks alone may have a run meanwhile: only when nothing was changed all is of one moment.
      listing.moment = tasks.moment
    }
  }

  /// - Parameters:
  ///   - changed: ids of segments that are read again.
  ///   - tasks: ids of segments that have other tasks.
  private func update(
    _ listing: inout SegmentListing, _ changed: Set<Int64>, _ tasks: Set<Int64>,
    from store: SegmentStore, at moment: Int
  ) throws {
    let waiting = tasks.subtracting(changed)
    let last = waiting.isEmpty ? [:] : try store.lastTasks(of: waiting)
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
    let read = try changed.isEmpty ? [] : read(changed, of: store, at: moment)
    listing.segments = merged(same, read) { Text($0.record.name) < Text($1.record.name) }
  }

  private func read(_ ids: Set<Int64>?, of store: SegmentStore, at moment: Int) throws
    -> [ListedSegment]
  {
    try store.overviews(of: ids).map { try ListedSegment($0, at: moment, definitions) }
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
