import Hummingbird
import SegmentService
import SegmentStore

/// How the workspace is.
struct StatusHandlers: Sendable {
  let service: SegmentService

  func get(_ request: APIRequest) throws -> Response {
    let active = try service.activeSegments()
    return .json(
      StatusBody(
        workspace: service.definition.name, dataVersion: try service.dataVersionInForce(),
        activeSegments: StatusBody.Active(
          count: active.count, limit: active.limit, level: active.level.rawValue,
          warning: active.warning),
        unfinishedJobs: try service.unfinishedJobs(),
        nextRefresh: try service.nextOccurrences(1).first.map { time($0.instant.microseconds) }))
  }
}

private struct StatusBody: Encodable {
  struct Active: Encodable {
    var count: Int
    var limit: Int
    var level: String
    var warning: String?
  }

  var workspace: String
  /// nil where nothing is loaded.
  var dataVersion: Int64?
  var activeSegments: Active
  var unfinishedJobs: Int
  /// Of the system schedule; nil where it is off.
  var nextRefresh: String?
}
