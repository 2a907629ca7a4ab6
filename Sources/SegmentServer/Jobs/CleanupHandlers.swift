import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Segments that nobody uses.
struct CleanupHandlers: Sendable {
  let service: SegmentService

  func get(_ request: APIRequest) throws -> Response {
    .json(
      CleanupBody(
        unusedFor: service.definition.cleanup.text,
        items: try service.unusedSegments().map(UnusedSegmentBody.init)))
  }

  func run(_ request: APIRequest) throws -> Response {
    .json(
      Items(items: try service.deactivateUnused().map(CleanedSegmentBody.init)))
  }

  func exempt(_ request: APIRequest) throws -> Response {
    let (names, isExempt) = try request.decode(exemption)
    let changed = try service.change(names, [.exempt(isExempt)])
    return .json(Items(items: changed.map(CleanedSegmentBody.init)))
  }

  private func exemption(_ reader: DocumentReader, _ document: Document) -> ([String], Bool)? {
    let known = ["segments", "isExempt"]
    guard let fields = reader.mapping(document, at: "", known: known) else { return nil }
    for key in known where fields[key] == nil { reader.missing(key, at: "", in: document) }
    let isExempt = fields["isExempt"].flatMap { reader.boolean($0, at: "isExempt") }
    let items = fields["segments"].flatMap { reader.list($0, at: "segments") }
    let names = items?.enumerated().compactMap { reader.text($1, at: "segments[\($0)]") }
    guard let names, let isExempt else { return nil }
    return (names, isExempt)
  }
}

private struct CleanupBody: Encodable {
  var unusedFor: String
  var items: [UnusedSegmentBody]
}

private struct UnusedSegmentBody: Encodable {
  var segment: String
  var lastUsed: String
  var days: Int

  init(_ unused: UnusedSegment) {
    segment = unused.record.name
    lastUsed = unused.lastUsed.description
    days = unused.days
  }
}

private struct CleanedSegmentBody: Encodable {
  var segment: String
  var status: Int
  var state: SegmentState?
  var isExempt: Bool?
  var problem: ProblemBody?

  init(_ changed: ChangedSegment) {
    segment = changed.segment
    switch changed.outcome {
    case .success(let record):
      status = 200
      state = record.state
      isExempt = record.isExemptFromCleanup
    case .failure(let error):
      let problem = Problem(error)
      status = problem.status.code
      self.problem = ProblemBody(problem)
    }
  }
}

extension Cleanup {
  /// As the workspace file has it.
  fileprivate var text: String {
    switch self {
    case .off: "off"
    case .after(let age): "\(age.count) \(age.unit.rawValue)\(age.count == 1 ? "" : "s")"
    }
  }
}
