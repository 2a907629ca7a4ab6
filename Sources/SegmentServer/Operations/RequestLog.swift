import HTTPTypes
import Hummingbird
import Logging

/// Writes down each request when it is answered, for people and for Prometheus: who asked for what by which
/// route, and never a value that stands in it.
struct RequestLog: RouterMiddleware {
  let metrics: RequestMetrics
  private let clock = ContinuousClock()

  init(metrics: RequestMetrics) { self.metrics = metrics }

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    let began = clock.now
    var response = try await next(request, context)
    let took = clock.now - began
    let path = context.endpointPath ?? "none"
    metrics.note(
      RequestMetrics.Label(
        method: request.method.rawValue, path: path, status: response.status.code), took: took)
    context.logger.info(
      "Request",
      metadata: [
        "method": "\(request.method)", "path": "\(path)", "status": "\(response.status.code)",
        "milliseconds": "\(Int(took / .milliseconds(1)))",
      ])
    response.headers[.requestID] = context.id
    return response
  }
}

extension HTTPField.Name {
  static let requestID = HTTPField.Name("X-Request-Id")!
}
