import Synchronization

/// Renders the wall clock of a zone by the zone's changes of the clock within some decades, which is ten
/// times as fast as asking the engine's time-zone library for every row; outside of these it is asked.
enum LocalClock {
  private static let first = LocalTime(date: CivilDate(year: 2015, month: 1, day: 1)).wallClock
  private static let end = LocalTime(date: CivilDate(year: 2035, month: 1, day: 1)).wallClock
  private static let known = Mutex<[String: Zone.Offsets]>([:])

  /// - Parameter otherwise: the engine's own conversion.
  static func sql(_ timestamp: SQLQuery, _ zone: Zone, otherwise: SQLQuery) -> SQLQuery {
    let offsets = known.withLock { known in
      if let offsets = known[zone.name] { return offsets }
      let offsets = zone.offsets(from: first, to: end)
      known[zone.name] = offsets
      return offsets
    }
    let offset = choice(ArraySlice(offsets.changes), before: offsets.initial, timestamp)
    return
      "CASE WHEN \(timestamp) >= \(instant(first)) AND \(timestamp) < \(instant(end)) THEN make_timestamp(epoch_us(\(timestamp)) + \(offset)) ELSE \(otherwise) END"
  }

  /// The offset at a time, by halving the changes.
  private static func choice(
    _ changes: ArraySlice<Zone.Offsets.Change>, before: Int64, _ timestamp: SQLQuery
  ) -> SQLQuery {
    guard !changes.isEmpty else { return "\(number: Int(before))" }
    let middle = (changes.startIndex + changes.endIndex) / 2
    let change = changes[middle]
    let earlier = choice(changes[..<middle], before: before, timestamp)
    let later = choice(changes[(middle + 1)...], before: change.offset, timestamp)
    return
      "CASE WHEN \(timestamp) < \(instant(change.at)) THEN \(earlier) ELSE \(later) END"
  }

  private static func instant(_ microseconds: Int64) -> SQLQuery {
    "make_timestamp(\(number: Int(microseconds)))"
  }
}
