import SegmentStore

extension SegmentService {
  /// For how long a request is remembered, in microseconds.
  private static let remembered: Int64 = 24 * 3600 * 1_000_000

  /// The request that somebody made with a key of theirs in the last 24 hours; nil where there is none.
  public func request(_ key: String, by author: String) throws -> RequestRecord? {
    try store.request(key, by: author, since: now().microseconds - SegmentService.remembered)
  }

  /// Remembers for 24 hours that a request is begun, before it changes anything.
  ///
  /// - Parameter id: what the audit log is to call it.
  public func begin(request key: String, by author: String, digest: String, id: String) throws
    -> RequestRecord
  {
    let request = RequestRecord(
      author: author, key: key, digest: digest, id: id, begun: now().microseconds)
    try remember(request)
    return request
  }

  /// Remembers how it was answered.
  public func remember(_ request: RequestRecord) throws {
    try store.remember(
      request, forgettingBefore: now().microseconds - SegmentService.remembered)
  }

  /// What a request changed that was begun and never answered, because the process ended: each change was committed
  /// with its entry.
  public func changes(by request: RequestRecord) throws -> [AuditEntry] {
    try store.auditEntries(ofRequest: request.id, since: request.begun)
  }
}
