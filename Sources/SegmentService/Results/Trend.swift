import SegmentCompiler
import SegmentStore

/// How many members a segment had from a moment on.
public struct TrendPoint: Sendable, Equatable {
  /// The published run, or the last of those that stand together.
  public var run: Int64
  public var asOf: Instant
  public var finished: Instant
  public var count: Int
  /// Of all runs that stand together, each against the one before it.
  public var entered: Int
  public var exited: Int
  /// How many runs stand together here: 1 unless fewer points were asked for than there are runs.
  public var runs: Int
}

extension SegmentService {
  /// The published runs of a segment in a time frame, the first one first.
  ///
  /// - Parameters:
  ///   - since: the first moment at which a run finished; nil for the beginning.
  ///   - until: the last one; nil for now.
  ///   - points: with more runs than this, those of equally long pieces of time stand together; nil for all runs.
  public func trend(
    of name: String, since: Instant? = nil, until: Instant? = nil, points: Int? = nil
  ) throws -> [TrendPoint] {
    let records = try store.trend(
      of: try record(of: name).name, since: since?.microseconds ?? .min,
      until: until?.microseconds ?? .max)
    let trend = records.map { record in
      TrendPoint(
        run: record.run, asOf: Instant(microseconds: record.asOf),
        finished: Instant(microseconds: record.finished), count: record.count,
        entered: record.entered, exited: record.exited, runs: 1)
    }
    guard let points, trend.count > points else { return trend }
    return trend.thinned(to: points)
  }
}

extension [TrendPoint] {
  /// At most one point for each of equally long pieces of time.
  fileprivate func thinned(to pieces: Int) -> [TrendPoint] {
    guard let first, let last, pieces > 0 else { return [] }
    let begin = first.finished.microseconds
    let span = Double(last.finished.microseconds - begin) + 1
    func piece(_ point: TrendPoint) -> Int {
      Int(Double(point.finished.microseconds - begin) / span * Double(pieces))
    }
    return reduce(into: []) { thinned, point in
      guard let before = thinned.last, piece(before) == piece(point) else {
        thinned.append(point)
        return
      }
      var together = point
      together.entered += before.entered
      together.exited += before.exited
      together.runs += before.runs
      thinned[thinned.count - 1] = together
    }
  }
}
