import SegmentCompiler
import SegmentStore

extension SegmentService {
  /// Takes note that somebody reads a segment's members: once a day, however often it is read.
  ///
  /// Reading does not fail because of that; the next reader takes the note.
  func noteUse(of segment: Int64?) {
    guard let segment else { return }
    let today = today.days
    let isNew = used.withLock { used in
      defer { used[segment] = today }
      return used[segment] != today
    }
    guard isNew else { return }
    do {
      guard try store.lastUse(of: segment) != today else { return }
      try store.noteUse(of: [segment], on: today)
    } catch {
      used.withLock { $0[segment] = nil }
    }
  }

  /// Days of use are counted by UTC.
  var today: CivilDate { Zone.utc.localTime(at: now()).date }

  /// Segments that others or programs need, so that they are used today: active segments refer to them, or they keep
  /// an output file.
  func neededSegments() throws -> Set<Int64> {
    let records = try store.segmentRecords()
    let ids = Dictionary(uniqueKeysWithValues: records.map { (Text($0.name), $0.id) })
    let active = Set(records.filter { $0.state == .active }.map(\.id))
    let referred = try store.segments().filter { active.contains($0.segmentID) }
      .flatMap { (try? storedDefinition($0))?.references ?? [] }
      .compactMap { ids[Text($0)] }
    return Set(referred).union(records.filter(\.keepsOutputFile).map(\.id))
  }
}
