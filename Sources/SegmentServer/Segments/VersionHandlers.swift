import Hummingbird
import SegmentCompiler
import SegmentService

/// What a segment was, and what changed.
struct VersionHandlers: Sendable {
  let service: SegmentService

  func list(_ request: APIRequest) throws -> Response {
    let versions = try service.versions(of: try request.required("segment"))
    return .json(Items(items: versions.map(VersionBody.init)))
  }

  func get(_ request: APIRequest) throws -> Response {
    struct Body: Encodable {
      var version: Int
      var definition: DocumentBody
      var sentence: String
    }
    let (name, number) = try (request.required("segment"), version(request))
    let document = try service.document(of: name, version: number)
    let sentence = try service.versions(of: name).first { $0.number == number }?.sentence
    return .json(
      Body(
        version: number, definition: DocumentBody(document: document), sentence: sentence ?? ""))
  }

  func restore(_ request: APIRequest) throws -> Response {
    let name = try request.required("segment")
    _ = try service.restore(
      name, version: try version(request), expecting: try request.expectedRevision())
    return try .segment(name, of: service)
  }

  func compare(_ request: APIRequest) throws -> Response {
    struct Body: Encodable {
      var segment: String
      var from: String
      var to: String
      var changes: [String]
      var yaml: String
    }
    let comparison = try service.compare(
      try request.required("segment"), from: request.integer("from"), to: request.integer("to"))
    return .json(
      Body(
        segment: comparison.segment, from: comparison.names.before, to: comparison.names.after,
        changes: comparison.changes.map(\.description), yaml: comparison.yaml))
  }

  private func version(_ request: APIRequest) throws -> Int {
    // The contract has it as a number.
    Int(try request.required("version")) ?? 0
  }
}

private struct VersionBody: Encodable {
  var version: Int
  var saved: String
  var author: String?
  var isDraft: Bool
  var sentence: String
  var changes: [String]

  init(_ summary: VersionSummary) {
    version = summary.number
    saved = summary.savedAt.description
    author = summary.author
    isDraft = summary.isDraft
    sentence = summary.sentence
    changes = summary.changes.map(\.description)
  }
}
