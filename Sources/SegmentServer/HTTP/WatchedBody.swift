import Hummingbird
import NIOCore

/// Writes what takes long only as long as whoever has asked may still be told.
private struct WatchedWriter: ResponseBodyWriter {
  var parent: any ResponseBodyWriter
  let pause: Duration
  let mayGoOn: @Sendable () throws -> Bool
  private let clock = ContinuousClock()
  private var lastAsked: ContinuousClock.Instant

  init(
    parent: any ResponseBodyWriter, pause: Duration, mayGoOn: @escaping @Sendable () throws -> Bool
  ) {
    self.parent = parent
    self.pause = pause
    self.mayGoOn = mayGoOn
    lastAsked = clock.now
  }

  mutating func write(_ buffer: ByteBuffer) async throws {
    if clock.now - lastAsked >= pause {
      guard try mayGoOn() else { throw NotAllowedAnyMore() }
      lastAsked = clock.now
    }
    try await parent.write(buffer)
  }

  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
    try await parent.finish(trailingHeaders)
  }
}

/// A session or key has ended while something was written for it: the connection ends, so that nobody takes what came
/// for the whole.
struct NotAllowedAnyMore: Error {}

extension Response {
  /// Asks before it writes a piece, at most once in each `pause`, whether it may go on.
  func written(each pause: Duration, while mayGoOn: @escaping @Sendable () throws -> Bool)
    -> Response
  {
    var response = self
    let body = body
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      try await body.write(WatchedWriter(parent: writer, pause: pause, mayGoOn: mayGoOn))
    }
    return response
  }
}
