import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// The audit log.
struct AuditHandlers: Sendable {
  let service: SegmentService

  func list(_ request: APIRequest) throws -> Response {
    let limit = request.integer("limit") ?? 100
    let list = request.listIdentity
    let before = try Cursor<Int64>(request, list: list)?.position
    let entries = try service.auditEntries(filter(request), before: before, limit: limit + 1)
    let page = entries.prefix(limit)
    let next =
      try entries.count > limit
      ? page.last.map { try Cursor(list: list, position: $0.id).text() } : nil
    return .json(Page(items: page.map(AuditRow.init), total: nil, next: next))
  }

  /// Written a page at a time, as fast as the client reads.
  func export(_ request: APIRequest) throws -> Response {
    let isCSV = request.text("format") == "csv"
    let export = service.auditExport(
      filter(request), as: isCSV ? .csv(raw: request.flag("raw")) : .ndjson)
    return Response(
      status: .ok,
      headers: [
        .contentType: isCSV ? "text/csv; charset=utf-8" : "application/x-ndjson",
        .contentDisposition: "attachment; filename=\"audit.\(isCSV ? "csv" : "ndjson")\"",
      ],
      body: ResponseBody { writer in
        var export = export
        while let bytes = try export.next() { try await writer.write(ByteBuffer(bytes: bytes)) }
        try await writer.finish(nil)
      })
  }

  private func filter(_ request: APIRequest) -> AuditFilter {
    AuditFilter(
      since: request.instant("since")?.microseconds, until: request.instant("until")?.microseconds,
      author: request.text("author"), action: request.word("action", as: AuditAction.self),
      object: request.text("object"))
  }
}
