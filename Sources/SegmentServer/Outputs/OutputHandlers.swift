import Hummingbird
import SegmentCompiler
import SegmentService

/// The members of segments as tables.
struct OutputHandlers: Sendable {
  let service: SegmentService

  func list(_ request: APIRequest) throws -> Response {
    .json(Items(items: try service.outputTables().map(OutputTableBody.init)))
  }

  func get(_ request: APIRequest) throws -> Response {
    .json(OutputTableBody(try service.outputTable(request.required("output"))))
  }
}

private struct OutputTableBody: Encodable {
  struct Attribute: Encodable {
    var name: String
    var type: String
    var isList: Bool
  }

  struct File: Encodable {
    var path: String
    var isCurrent: Bool
  }

  var name: String
  var segment: String
  var audience: String
  var attributes: [Attribute]
  var rows: Int
  var run: Int64
  var asOf: String
  var file: File?

  init(_ table: OutputTable) {
    name = table.name
    segment = table.segment
    audience = table.audience
    attributes = table.attributes.map {
      Attribute(name: $0.name, type: $0.type.name, isList: $0.isList)
    }
    rows = table.rows
    run = table.run
    asOf = time(table.asOf.microseconds)
    file = table.file.map { File(path: $0.path, isCurrent: $0.isCurrent) }
  }
}
