import Hummingbird
import Logging

/// Tells a client of errors as problems, and the log of those that are the server's.
struct ProblemMiddleware: RouterMiddleware {
  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound && error.body == nil {
      return Problem(.notFound, "unknownPath", "There is nothing at \(request.uri.path).")
        .response(id: context.id)
    } catch {
      let problem = Problem(error)
      if problem.status.code >= 500 {
        context.logger.error(
          "A request failed", metadata: ["code": "\(problem.code)", "detail": "\(problem.detail)"])
      }
      return problem.response(id: context.id)
    }
  }
}
