import Hummingbird
import Logging
import SegmentEngines
import SegmentService

/// Tells a client of errors as problems, and the log of those that are the server's.
struct ProblemMiddleware: RouterMiddleware {
  let contract: Contract
  /// Ends where an error leaves nothing else to do.
  let runner: JobRunner

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound && error.body == nil {
      return notFound(request).response(id: context.id)
    } catch {
      await runner.stop(after: error)
      let problem = Problem(error)
      if problem.status.code >= 500 { log(error, problem.code, context.logger) }
      return problem.response(id: context.id)
    }
  }

  /// What an engine says may quote data, which belongs to whoever asked and not into a log; its statement has
  /// no values.
  private func log(_ error: any Error, _ code: String, _ logger: Logger) {
    var metadata: Logger.Metadata = ["code": "\(code)", "error": "\(type(of: error))"]
    if let error = error as? DuckDBError {
      metadata["category"] = "\(error.category.rawValue)"
      metadata["sql"] = error.sql.map { "\($0)" }
    }
    logger.error("A request failed", metadata: metadata)
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
