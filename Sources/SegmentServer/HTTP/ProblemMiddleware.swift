import Hummingbird
import Logging

/// Tells a client of errors as problems, and the log of those that are the server's.
struct ProblemMiddleware: RouterMiddleware {
  let contract: Contract

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound && error.body == nil {
      return notFound(request).response(id: context.id)
    } catch {
      let problem = Problem(error)
      if problem.status.code >= 500 {
        context.logger.error(
          "A request failed", metadata: ["code": "\(problem.code)", "detail": "\(problem.detail)"])
      }
      return problem.response(id: context.id)
    }
  }

  /// There is nothing at the path, or not for the method.
  private func notFound(_ request: Request) -> Problem {
    let methods = contract.methods(at: request.uri.path)
    guard !methods.isEmpty else {
      return Problem(.notFound, "unknownPath", "There is nothing at \(request.uri.path).")
    }
    var problem = Problem(
      .methodNotAllowed, "methodNotAllowed",
      "\(request.method) is not possible here; \(methods.joined(separator: ", ")) are.")
    problem.headers[.allow] = methods.joined(separator: ", ")
    return problem
  }
}
