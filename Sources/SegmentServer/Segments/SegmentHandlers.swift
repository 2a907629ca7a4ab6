import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Segments as managed things.
struct SegmentHandlers: Sendable {
  let service: SegmentService
  let runner: JobRunner
  let rows: SegmentRows

  func list(_ request: APIRequest) throws -> Response {
    let query = try SegmentListQuery(request)
    let list = request.listIdentity
    let cursor = try Cursor<SegmentListQuery.Position>(request, list: list)
    var all = try rows.rows(query.order)
    if !query.includesAll { all = all.filter { query.includes($0.row) } }
    let rest = cursor.map { query.order.rest(of: all, after: $0.position) } ?? all[...]
    let items = rest.prefix(request.integer("limit") ?? 100)
    let next =
      try items.count < rest.count
      ? items.last.map { try Cursor(list: list, position: $0.position).text() } : nil
    return try .json(
      Page<Never>(items: [], total: all.count, next: next),
      items: items.map { try $0.row.encoded() })
  }

  func get(_ request: APIRequest) throws -> Response {
    try .segment(try request.required("segment"), of: service)
  }

  func create(_ request: APIRequest) async throws -> Response {
    let saved = try await submit(request, as: .new)
    return try Response.segment(saved.record.name, of: service, status: .created)
      .located("/segments/\(saved.record.name.asPathSegment)")
  }

  func edit(_ request: APIRequest) async throws -> Response {
    let name = SegmentDefinition.canonicalName(try request.required("segment"))
    if let written = try request.document()?["segment"]?.textValue,
      Text(SegmentDefinition.canonicalName(written)) != Text(name)
    {
      throw Diagnostics([
        Diagnostic(
          code: "otherSegment", place: "segment",
          message: "The definition is of '\(written)', and the path names '\(name)'.",
          hint: "Rename a segment with PATCH.")
      ])
    }
    let saved = try await submit(request, as: .edit(revision: try request.expectedRevision()))
    return try .segment(saved.record.name, of: service)
  }

  /// Saves the one definition of the body, and has it refreshed.
  private func submit(_ request: APIRequest, as submission: Submission) async throws
    -> SavedSegment
  {
    // Which says what is wrong with a body that holds several.
    _ = try request.document()
    let mode: SaveMode = request.text("save") == "only" ? .only : .refresh
    let saved = try service.submit(
      [DefinitionSource(text: try request.bodyText())], as: submission, mode: mode)
    guard let saved = saved.first else {
      throw Problem(.badRequest, "missingBody", "A definition is expected here.")
    }
    try await runner.submitDue(by: service.author)
    return saved
  }

  func change(_ request: APIRequest) async throws -> Response {
    let changes = try request.decode(SegmentChange.all)
    let record = try service.change(
      try request.required("segment"), changes, expecting: try request.expectedRevision())
    try await runner.submitDue(by: service.author)
    return try .segment(record.name, of: service)
  }

  func changeSeveral(_ request: APIRequest) async throws -> Response {
    let (names, changes) = try request.decode { reader, document in
      try SegmentChange.several(reader, document)
    }
    let outcomes = try service.change(names, changes)
    try await runner.submitDue(by: service.author)
    let listed = Dictionary(
      try service.list().map { (Text($0.record.name), $0) }, uniquingKeysWith: { $1 })
    return .json(
      Items(
        items: try outcomes.map { changed in
          switch changed.outcome {
          case .success(let record):
            ChangedSegmentBody(
              segment: changed.segment, status: 200,
              result: try listed[Text(record.name)].map(SegmentSummaryBody.init))
          case .failure(let error):
            ChangedSegmentBody(segment: changed.segment, problem: Problem(error))
          }
        }))
  }

  func delete(_ request: APIRequest) throws -> Response {
    try service.change(
      try request.required("segment"), [.trash(evenIfUsed: request.flag("evenIfUsed"))],
      expecting: try request.expectedRevision())
    return .noContent
  }

  func duplicate(_ request: APIRequest) throws -> Response {
    let name = try request.decode(newName)
    let record = try service.duplicate(
      try request.required("segment"), as: name.isEmpty ? nil : name)
    return try Response.segment(record.name, of: service, status: .created)
      .located("/segments/\(record.name.asPathSegment)")
  }

  func usage(_ request: APIRequest) throws -> Response {
    struct Usage: Encodable { var segments: [String] }
    return .json(Usage(segments: try service.users(of: try request.required("segment"))))
  }
}

/// What came of one segment of several.
private struct ChangedSegmentBody: Encodable {
  var segment: String
  var status: Int
  var result: SegmentSummaryBody?
  var problem: ProblemBody?

  init(segment: String, status: Int, result: SegmentSummaryBody?) {
    self.segment = segment
    self.status = status
    self.result = result
  }

  init(segment: String, problem: Problem) {
    self.segment = segment
    status = problem.status.code
    self.problem = ProblemBody(problem)
  }
}

/// The `name` of a body; empty where it has none.
func newName(_ reader: DocumentReader, _ document: Document) -> String? {
  guard let fields = reader.mapping(document, at: "", known: ["name"]) else { return nil }
  guard let name = fields["name"] else { return "" }
  return reader.text(name, at: "name")
}
