import HTTPTypes
import Hummingbird
import NIOCore
import SegmentCompiler
import SegmentService

/// Brings a request to its handler, once it may be made and is as the contract wants it.
struct RouteResponder: Sendable {
  let api: API
  let contract: Contract
  let route: Route

  func respond(to request: Request, _ context: APIContext) async throws -> Response {
    let (identity, settings) = (api.service.identity, api.settings)
    let caller = try Caller(request, context, identity: identity, settings: settings)
    try caller.require(route, request, identity: identity, settings: settings)
    let api = api.acting(as: caller.author)
    let values = try ParameterReading.values(of: request, context.parameters, for: route)
    let asked = APIRequest(
      route: route, id: context.id, values: values, body: try await body(of: request),
      contentType: mediaType(of: request), caller: caller, cookies: request.cookies,
      authority: request.head.authority, logger: context.logger)
    let response =
      try await route.changesSomething
      ? withTaskExecutorPreference(WorkerExecutor.changes) { try await answer(asked, api) }
      : answer(asked, api)
    guard route.timeLimit == nil, let signedIn = caller.signedIn else { return response }
    return response.written(each: settings.recheck) { try identity.isStillIn(signedIn) }
  }

  private func answer(_ asked: APIRequest, _ api: API) async throws -> Response {
    try await within(route.timeLimit) {
      guard let key = asked.text("Idempotency-Key") else { return try await api.answer(asked) }
      return try await api.idempotency.answer(asked, key: key, make: api.answer) { location in
        try await api.answer(get(location, as: asked))
      }
    }
  }

  /// What the same client would ask for to see what is at a location of ours.
  private func get(_ location: String, as asked: APIRequest) throws -> APIRequest {
    guard let (route, values) = contract.match(location, .get) else {
      throw Problem(.internalServerError, "internal", "\(location) is no path of the contract.")
    }
    return APIRequest(
      route: route, id: asked.id, values: values, body: ByteBuffer(), contentType: nil,
      caller: asked.caller, cookies: asked.cookies, authority: asked.authority,
      logger: asked.logger)
  }

  private func body(of request: Request) async throws -> ByteBuffer {
    let limit = route.body?.limit ?? 0
    let buffer: ByteBuffer
    do {
      buffer = try await request.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw Problem(
        .contentTooLarge, "tooLarge",
        limit == 0
          ? "No body is expected here." : "The body has more than \(limit) bytes, the most here.")
    }
    guard let body = route.body else { return buffer }
    if buffer.readableBytes == 0 {
      guard !body.isRequired else {
        throw Problem(.badRequest, "missingBody", "A body is expected here.")
      }
      return buffer
    }
    guard let type = mediaType(of: request), body.types.contains(type) else {
      throw Problem(
        .unsupportedMediaType, "mediaType",
        "The Content-Type is \(mediaType(of: request) ?? "missing"); expected is \(body.types.joined(separator: " or "))."
      )
    }
    return buffer
  }

  /// Without its parameters, in small letters.
  private func mediaType(of request: Request) -> String? {
    request.headers[.contentType]?.prefix { $0 != ";" }
      .trimmingCharacters(in: .whitespaces).lowercased()
  }
}

/// Cancels what takes longer than `limit`.
///
/// - Throws: ``Problem`` where it did.
private func within<Result: Sendable>(
  _ limit: Duration?, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  guard let limit else { return try await work() }
  return try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask { try await work() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let result = try await group.next() ?? nil else {
      throw Problem(
        .gatewayTimeout, "timeLimit",
        "It took longer than \(limit.components.seconds) seconds, and was canceled.")
    }
    return result
  }
}
