import Hummingbird
import SegmentCompiler

/// Why a request is not answered as it was meant, as RFC 9457 has it.
struct Problem: Error {
  var status: HTTPResponse.Status
  /// A stable word.
  var code: String
  var detail: String
  /// Of a document.
  var diagnostics: [DiagnosticBody] = []
  /// The revision that is in force.
  var revision: Int?
  /// The segments that refer to it.
  var users: [String] = []
  var headers: HTTPFields = [:]

  init(
    _ status: HTTPResponse.Status, _ code: String, _ detail: String,
    _ diagnostics: [DiagnosticBody] = []
  ) {
    self.status = status
    self.code = code
    self.detail = detail
    self.diagnostics = diagnostics
  }

  /// - Parameter id: what the log calls the request.
  func response(id: String?) -> Response {
    var response = Response.json(ProblemBody(self, id: id), status: status)
    response.headers[.contentType] = "application/problem+json"
    response.headers.append(contentsOf: headers)
    return response
  }
}

struct ProblemBody: Encodable {
  var type: String
  var title: String
  var status: Int
  var code: String
  var detail: String
  var requestId: String?
  var problems: [DiagnosticBody]?
  var revision: Int?
  var users: [String]?

  init(_ problem: Problem, id: String? = nil) {
    type = "urn:muster:\(problem.code)"
    title = problem.status.reasonPhrase
    status = problem.status.code
    code = problem.code
    detail = problem.detail
    requestId = id
    problems = problem.diagnostics.isEmpty ? nil : problem.diagnostics
    revision = problem.revision
    users = problem.users.isEmpty ? nil : problem.users
  }
}

/// One problem or warning of a document.
struct DiagnosticBody: Encodable, Sendable {
  var severity: String
  var code: String
  var place: String
  var message: String
  var hint: String?
  var line: Int?
  var segment: String?

  init(_ diagnostic: Diagnostic, segment: String? = nil) {
    severity = diagnostic.severity.rawValue
    code = diagnostic.code
    place = diagnostic.place
    message = diagnostic.message
    hint = diagnostic.hint
    line = diagnostic.line
    self.segment = segment
  }
}
