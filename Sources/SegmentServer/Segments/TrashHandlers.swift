import Hummingbird
import SegmentService
import SegmentStore

/// What was deleted, and can come back.
struct TrashHandlers: Sendable {
  let service: SegmentService

  func list(_ request: APIRequest) throws -> Response {
    .json(Items(items: try service.trash().map(TrashedSegmentBody.init)))
  }

  func empty(_ request: APIRequest) throws -> Response {
    try service.emptyTrash()
    return .noContent
  }

  func purge(_ request: APIRequest) throws -> Response {
    try service.emptyTrash(of: try request.required("segment"))
    return .noContent
  }

  func restore(_ request: APIRequest) throws -> Response {
    let name = try request.decode(newName)
    let record = try service.restore(
      deleted: try request.required("segment"), as: name.isEmpty ? nil : name)
    return try .segment(record.name, of: service)
  }
}

private struct TrashedSegmentBody: Encodable {
  var name: String
  var trashed: String
  var version: Int
  var changedBy: String?

  init(_ record: SegmentRecord) {
    name = record.name
    trashed = time(record.trashed ?? record.changed)
    version = record.version.number
    changedBy = record.changedBy
  }
}
