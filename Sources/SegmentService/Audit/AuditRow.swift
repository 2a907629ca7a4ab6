import SegmentCompiler
import SegmentEngines
import SegmentStore

/// An entry of the audit log as programs read it: a JSON object, or a row of CSV with the details as JSON.
public struct AuditRow: Encodable, Sendable {
  public var id: Int64
  /// In ISO 8601.
  public var time: String
  public var kind: String
  public var author: String
  public var account: Int64?
  public var apiKey: String?
  public var address: String?
  public var userAgent: String?
  public var request: String?
  public var action: String
  public var object: String?
  public var objectId: String?
  public var before: AuditDetails?
  public var after: AuditDetails?
  /// Whether an erasure has taken out object and details.
  public var isRedacted: Bool

  public init(_ entry: AuditEntry) {
    id = entry.id
    time = Instant(microseconds: entry.time).description
    kind = entry.author.kind.rawValue
    author = entry.author.name
    account = entry.author.account
    apiKey = entry.author.apiKey
    address = entry.author.origin?.address
    userAgent = entry.author.origin?.userAgent
    request = entry.author.origin?.request
    action = entry.action.rawValue
    object = entry.object?.name
    objectId = entry.object?.id
    before = entry.before
    after = entry.after
    isRedacted = entry.isRedacted
  }
}

/// A file of entries, made page by page: what is written meanwhile does not shift them, and only a page is held.
public struct AuditExport: Sendable {
  private let store: SegmentStore
  private let filter: AuditFilter
  private let format: TextFormat
  private var before: Int64?
  private var isFirst = true

  init(_ store: SegmentStore, _ filter: AuditFilter, _ format: TextFormat) {
    self.store = store
    self.filter = filter
    self.format = format
  }

  /// The next part of the file; nil at its end.
  public mutating func next() throws -> [UInt8]? {
    let page = try store.auditEntries(filter, before: before, limit: 1_000)
    guard isFirst || !page.isEmpty else { return nil }
    let isPageOne = isFirst
    isFirst = false
    before = page.last?.id ?? before
    let rows = page.map(AuditRow.init)
    let text = RowText(format: format, columns: AuditRow.columns)
    let lines = try rows.map { row in
      switch format {
      case .csv: text.line(try row.cells())
      case .ndjson: try encoded(row) + "\n"
      }
    }
    return Array(((isPageOne ? text.header : "") + lines.joined()).utf8)
  }
}

extension AuditRow {
  fileprivate static let columns = [
    "id", "time", "kind", "author", "account", "apiKey", "address", "userAgent", "request",
    "action",
    "object", "objectId", "before", "after", "isRedacted",
  ]

  fileprivate func cells() throws -> [DuckDBValue] {
    func text(_ value: String?) -> DuckDBValue { value.map { .text(Text($0)) } ?? .null }
    return [
      .integer(id), text(time), text(kind), text(author), account.map { .integer($0) } ?? .null,
      text(apiKey), text(address), text(userAgent), text(request), text(action), text(object),
      text(objectId), text(try before.map { try encoded($0) }),
      text(try after.map { try encoded($0) }), .boolean(isRedacted),
    ]
  }
}
