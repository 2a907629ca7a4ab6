import SegmentStore

extension SegmentService {
  /// For how long a request is remembered, in microseconds.
  private static let remembered: Int64 = 24 * 3600 * 1_000_000

  /// The request that somebody made with a key of theirs in the last 24 hours; nil where there is none.
  public func request(_ key: String, by author: String) throws -> RequestRecord? {
    try store.request(key, by: author, since: now().microseconds - SegmentService.remembered)
  }

  /// Remembers for 24 hours what a request made.
  public func remember(_ request: RequestRecord) throws {
    let now = now().microseconds
    try store.remember(request, at: now, forgettingBefore: now - SegmentService.remembered)
  }
}
