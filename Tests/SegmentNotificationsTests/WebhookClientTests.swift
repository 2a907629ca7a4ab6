import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import HummingbirdTesting
import Logging
import NIOSSL
import Synchronization
import Testing

@testable import SegmentNotifications
@testable import SegmentService

/// Requests to a server on a port of its own.
@Suite(.timeLimit(.minutes(30))) struct WebhookClientTests {
  /// What has arrived.
  private final class Arrivals: Sendable {
    private let state = Mutex<[(path: String, host: String, id: String?, body: String)]>([])

    var all: [(path: String, host: String, id: String?, body: String)] { state.withLock { $0 } }

    func add(_ request: Request) async throws {
      let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
      state.withLock {
        $0.append(
          (
            request.uri.path, request.head.authority ?? "",
            request.headers[.init("webhook-id")!], body
          ))
      }
    }
  }

  /// On a machine that does much else.
  private let patience = Duration.seconds(240)

  private static let lax = WebhookRules(
    allowsHTTP: true, allowedRanges: [AddressRange("127.0.0.0/8")!])

  /// Serves answers by path: a number is a status, and there is one that is never given.
  private func serve(
    by server: HTTPServerBuilder = .http1(),
    _ test: @escaping @Sendable (Int, Arrivals) async throws -> Void
  ) async throws {
    let arrivals = Arrivals()
    let router = Router()
    router.post("/status/:status") { request, context -> Response in
      try await arrivals.add(request)
      let status = context.parameters.get("status", as: Int.self) ?? 500
      return Response(
        status: HTTPResponse.Status(code: status),
        headers: [.location: "/status/200", .retryAfter: "7"])
    }
    // A server waits for what it is answering before it ends.
    let (held, hold) = AsyncStream<Void>.makeStream()
    router.post("/never") { request, _ -> Response in
      try await arrivals.add(request)
      for await _ in held {}
      return Response(status: .ok)
    }
    router.post("/endless") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          while true { try await writer.write(ByteBuffer(repeating: 0x20, count: 1 << 14)) }
        })
    }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let application = Application(
      router: router, server: server,
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      logger: logger)
    try await application.test(.live) { client in
      defer { hold.finish() }
      try await test(try #require(client.port), arrivals)
    }
  }

  private func request(_ url: String, by rules: WebhookRules = lax) throws -> WebhookRequest {
    WebhookRequest(
      url: try WebhookURL(url, by: rules),
      headers: ["content-type": "application/json", "webhook-id": "msg_1"], body: #"{"a":"å"}"#)
  }

  @Test func `a request arrives as it is, and the status comes back`() async throws {
    try await serve { port, arrivals in
      let client = WebhookClient(rules: Self.lax, limit: patience)
      for status in [200, 204, 302, 404, 410, 500] {
        let response = await client.send(try request("http://127.0.0.1:\(port)/status/\(status)?q"))
        #expect(response == .status(status, retryAfter: 7))
      }
      // Redirects lead nowhere.
      #expect(arrivals.all.map(\.path) == [200, 204, 302, 404, 410, 500].map { "/status/\($0)" })
      #expect(arrivals.all.allSatisfy { $0.id == "msg_1" && $0.body == #"{"a":"å"}"# })
    }
  }

  @Test func `the connection goes to the address that was checked, and nobody asks again`()
    async throws
  {
    try await serve { port, arrivals in
      let asked = Mutex(0)
      // The second answer would lead elsewhere.
      let client = WebhookClient(rules: Self.lax, limit: patience) { host in
        asked.withLock { $0 += 1 }
        #expect(host == "hook.invalid")
        return asked.withLock { $0 } == 1 ? [IPAddress("127.0.0.1")!] : [IPAddress("10.0.0.1")!]
      }
      let response = await client.send(try request("http://hook.invalid:\(port)/status/200"))
      #expect(response == .status(200, retryAfter: 7) && asked.withLock { $0 } == 1)
      #expect(arrivals.all.map(\.host) == ["hook.invalid:\(port)"])
      let rebound = await client.send(try request("http://hook.invalid:\(port)/status/200"))
      #expect(rebound == .failed(.internalAddress) && arrivals.all.count == 1)
    }
  }

  @Test func `a name with one internal address is not connected to`() async throws {
    try await serve { port, arrivals in
      let strict = WebhookRules(allowsHTTP: true)
      for addresses in [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1"]] {
        let client = WebhookClient(rules: strict, limit: patience) { _ in
          addresses.compactMap { IPAddress($0) }
        }
        let response = await client.send(
          try request("http://hook.invalid:\(port)/status/200", by: strict))
        #expect(response == .failed(.internalAddress), "\(addresses)")
      }
      // The system's own names and notations of this machine.
      let client = WebhookClient(rules: strict, limit: patience)
      for host in ["localhost", "127.1", "2130706433", "0x7f.1"] {
        let response = await client.send(
          try request("http://\(host):\(port)/status/200", by: strict))
        #expect(response == .failed(.internalAddress), "\(host)")
      }
      // Rules that have become stricter.
      let late = await client.send(try request("http://127.0.0.1:\(port)/status/200"))
      #expect(late == .failed(.internalAddress) && arrivals.all.isEmpty)
    }
  }

  @Test func `the certificate is that of the host, by an authority that is trusted`() async throws {
    let tls = try HTTPServerBuilder.tls(tlsConfiguration: TestCertificates.server)
    try await serve(by: tls) { port, arrivals in
      var trusting = WebhookClient(rules: Self.lax, limit: patience) { _ in
        [IPAddress("127.0.0.1")!]
      }
      trusting.trustRoots = .certificates([try TestCertificates.authority])
      func send(_ host: String, by client: WebhookClient) async throws -> WebhookResponse {
        await client.send(try request("https://\(host):\(port)/status/200"))
      }
      #expect(try await send("hook.invalid", by: trusting) == .status(200, retryAfter: 7))
      // Whoever answers at the address is not whom the URL names.
      #expect(try await send("other.invalid", by: trusting) == .failed(.certificate))
      #expect(try await send("127.0.0.1", by: trusting) == .failed(.certificate))
      let careful = WebhookClient(rules: Self.lax, limit: patience) { _ in [IPAddress("127.0.0.1")!]
      }
      #expect(try await send("hook.invalid", by: careful) == .failed(.certificate))
      #expect(arrivals.all.count == 1)
    }
  }

  @Test func `an allowed host may have any address`() async throws {
    try await serve { port, arrivals in
      let rules = WebhookRules(allowsHTTP: true, allowedHosts: ["localhost"])
      let client = WebhookClient(rules: rules, limit: patience)
      let response = await client.send(
        try request("http://localhost:\(port)/status/200", by: rules))
      #expect(response == .status(200, retryAfter: 7) && arrivals.all.count == 1)
    }
  }

  @Test func `whoever does not answer, or without end, is left after the limit`() async throws {
    try await serve { port, arrivals in
      let client = WebhookClient(rules: Self.lax, limit: .milliseconds(300))
      #expect(
        await client.send(try request("http://127.0.0.1:\(port)/never")) == .failed(.timeout))
      #expect(arrivals.all.count == 1)
      let endless = await WebhookClient(rules: Self.lax, limit: patience)
        .send(try request("http://127.0.0.1:\(port)/endless"))
      #expect(endless == .status(200))
    }
  }

  @Test func `what cannot be reached is told in a word`() async throws {
    let client = WebhookClient(rules: Self.lax, limit: patience) { host in
      guard host == "closed.invalid" else { throw HostResolver.UnknownHost() }
      return [IPAddress("127.0.0.1")!]
    }
    #expect(
      await client.send(try request("http://nobody.invalid/")) == .failed(.unknownHost))
    // Port 1 is nobody's.
    #expect(
      await client.send(try request("http://closed.invalid:1/")) == .failed(.connection))
    try await serve { port, _ in
      // It does not speak TLS.
      let response = await client.send(try request("https://closed.invalid:\(port)/"))
      #expect([.failed(.certificate), .failed(.connection)].contains(response))
    }
  }

  @Test func `the system is asked for names`() async throws {
    let addresses = try await HostResolver.shared.addresses(of: "localhost")
    #expect(!addresses.isEmpty && addresses.allSatisfy { !$0.isPublic })
    await #expect(throws: HostResolver.UnknownHost.self) {
      _ = try await HostResolver.shared.addresses(of: "nobody.invalid")
    }
  }
}
