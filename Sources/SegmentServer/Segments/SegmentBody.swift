import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// A segment as programs read it, in a list.
struct SegmentSummaryBody: Encodable, Sendable {
  var name: String
  var displayName: String?
  var description: String?
  var audience: String?
  var tags: [String]
  var state: SegmentState
  var type: SegmentType
  var outputName: String
  var outputFile: Bool
  var exemptFromCleanup: Bool
  var owner: String?
  var revision: Int
  var version: Int
  var created: String
  var changed: String
  var changedBy: String?
  var activation: PlannedChangeBody?
  var deactivation: PlannedChangeBody?
  var schedule: SegmentSchedule
  var members: Int?
  var lastRefreshed: String?
  var refresh: RefreshBody

  init(_ listed: ListedSegment) throws {
    let record = listed.record
    name = record.name
    displayName = listed.displayName
    description = listed.description
    audience = listed.audience
    tags = listed.tags
    state = record.state
    type = record.type
    outputName = record.outputName
    outputFile = record.keepsOutputFile
    exemptFromCleanup = record.isExemptFromCleanup
    owner = record.owner
    revision = record.revision
    version = record.version.number
    created = time(record.created)
    changed = time(record.changed)
    changedBy = record.changedBy
    activation = record.activation.map(PlannedChangeBody.init)
    deactivation = record.deactivation.map(PlannedChangeBody.init)
    schedule = try record.decodedSchedule()
    members = listed.lastPublished?.result?.count
    lastRefreshed = listed.lastPublished.map { time($0.finished) }
    refresh = RefreshBody(listed.status, run: listed.lastRun)
  }
}

/// A segment with its definition.
struct SegmentBody: Encodable {
  var summary: SegmentSummaryBody
  var definition: DocumentBody
  var sentence: String?
  var problems: [DiagnosticBody]
  var warnings: [DiagnosticBody]

  init(_ detail: SegmentDetail) throws {
    summary = try SegmentSummaryBody(detail.listed)
    definition = DocumentBody(document: detail.document)
    sentence = detail.sentence
    problems = detail.problems.map { DiagnosticBody($0) }
    warnings = detail.warnings.map { DiagnosticBody($0) }
  }

  private enum Key: String, CodingKey { case definition, sentence, problems, warnings }

  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(definition, forKey: .definition)
    try container.encodeIfPresent(sentence, forKey: .sentence)
    try container.encode(problems, forKey: .problems)
    try container.encode(warnings, forKey: .warnings)
  }
}

struct PlannedChangeBody: Encodable, Sendable {
  var at: String
  var timeZone: String

  init(_ planned: PlannedChange) {
    at = time(planned.at)
    timeZone = planned.timeZone
  }
}

/// What came last, of a task or of a refresh outside of jobs.
struct RefreshBody: Encodable, Sendable {
  var status: TaskStatus
  var job: Int64?
  var run: Int64?
  var finished: String?
  var cause: String?

  init(_ last: SegmentStatus, run: RunRecord?) {
    status = last.status
    job = last.job
    self.run = run?.id
    finished = last.finished.map(time)
    cause = last.cause
  }
}

extension Response {
  /// A segment as it is now, with its revision.
  static func segment(
    _ name: String, of service: SegmentService, status: HTTPResponse.Status = .ok
  ) throws -> Response {
    let detail = try service.detail(of: name)
    return Response.json(try SegmentBody(detail), status: status)
      .tagged(detail.listed.record.revision)
  }
}
