import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import SegmentService
import SegmentStore
import Synchronization
import Testing

@testable import SegmentServer

/// What takes long ends when whoever receives it may not any more.
@Suite(.timeLimit(.minutes(30))) struct LongAnswerTests {
  /// Reads a stream of events to its end, which must come by `change`.
  private func watch(
    _ shop: ServedShop, as headers: [String: String],
    until change: @escaping @Sendable () throws -> Void
  )
    async throws
  {
    try await shop.serve(.live) { client in
      let port = try #require(client.client.port)
      var request = HTTPClientRequest(url: "http://localhost:\(port)\(Contract.basePath)/events")
      for (name, value) in headers { request.headers.add(name: name, value: value) }
      let response = try await HTTPClient.shared.execute(request, timeout: .minutes(2))
      #expect(response.status == .ok)
      var pieces = 0
      do {
        for try await _ in response.body {
          pieces += 1
          // It goes on as long as nothing has changed.
          if pieces == 3 { try change() }
        }
      } catch {
        // The connection was cut: nothing said that this is the end.
      }
      #expect(pieces >= 3)
      #expect(
        try await HTTPClient.shared.execute(request, timeout: .minutes(2)).status == .unauthorized)
    }
  }

  @Test func `a stream of events ends with its session`() async throws {
    let shop = try await ServedShop(isLoaded: false)
    let ann = try await shop.person("ann", as: .viewer)
    try await watch(shop, as: ["Cookie": ann.headers["Cookie"] ?? ""]) {
      try shop.service.identity.signOutEverywhere(ann.account)
    }
  }

  @Test func `a stream of events ends when the account is disabled`() async throws {
    let shop = try await ServedShop(isLoaded: false)
    let ann = try await shop.person("ann", as: .viewer)
    try await watch(shop, as: ["Cookie": ann.headers["Cookie"] ?? ""]) {
      try shop.service.identity.changeAccount("ann", [.state(.disabled)])
    }
  }

  @Test func `a stream of events ends with its key`() async throws {
    let shop = try await ServedShop(isLoaded: false)
    let ann = try await shop.person("ann", as: .viewer)
    let key = try shop.service.identity.createAPIKey(
      "k", of: ann.account, scopes: [.readJobs], lifetime: 1_000_000_000)
    try await watch(shop, as: ["Authorization": "Bearer \(key.text)"]) {
      try shop.service.identity.revokeAPIKey(key.key.id)
    }
  }

  private final class Received: Sendable {
    let texts = Mutex<[String]>([])
  }

  private struct Writer: ResponseBodyWriter {
    let received: Received

    func write(_ buffer: ByteBuffer) {
      received.texts.withLock { $0.append(String(buffer: buffer)) }
    }

    func finish(_ trailingHeaders: HTTPFields?) { received.texts.withLock { $0.append("end") } }
  }

  @Test func `a download stops in the middle, without an end that would make it look whole`()
    async throws
  {
    let received = Received()
    let body = ResponseBody(contentLength: 3) { writer in
      for text in ["a", "b", "c"] { try await writer.write(ByteBuffer(string: text)) }
      try await writer.finish(nil)
    }
    let response = Response(status: .ok, body: body)
    let whole = response.written(each: .zero) { true }
    #expect(whole.body.contentLength == 3)
    try await whole.body.write(Writer(received: received))
    #expect(received.texts.withLock { $0 } == ["a", "b", "c", "end"])
    received.texts.withLock { $0 = [] }
    let cut = response.written(each: .zero) { received.texts.withLock { $0.count } < 2 }
    await #expect(throws: NotAllowedAnyMore.self) {
      try await cut.body.write(Writer(received: received))
    }
    #expect(received.texts.withLock { $0 } == ["a", "b"])
  }
}
