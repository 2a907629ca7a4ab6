import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import SegmentService

/// Makes requests to webhooks: to addresses that the rules allow, and to no other ones.
///
/// The name of the host is resolved here, every address of it is checked, and the connection goes to an address that
/// was checked. Whatever the name means a moment later, nobody asks again. The certificate is that of the name.
public struct WebhookClient: Sendable {
  private let rules: WebhookRules
  private let limit: Duration
  private let resolve: @Sendable (String) async throws -> [IPAddress]
  /// Who may vouch for hosts.
  var trustRoots = NIOSSLTrustRoots.default

  /// How much of an answer is read, in bytes; nobody looks at it.
  private static let mostRead = 1 << 16
  /// Of those that a name has.
  private static let mostAddresses = 3

  /// - Parameters:
  ///   - limit: how long a request may take, with everything that belongs to it.
  ///   - resolve: the addresses of a host.
  public init(
    rules: WebhookRules, limit: Duration = .seconds(15),
    resolve: @escaping @Sendable (String) async throws -> [IPAddress] = { host in
      try await HostResolver.shared.addresses(of: host)
    }
  ) {
    self.rules = rules
    self.limit = limit
    self.resolve = resolve
  }

  /// Makes a request, once. Redirects are not followed.
  public func send(_ request: WebhookRequest) async -> WebhookResponse {
    await withTaskGroup(of: WebhookResponse.self) { group in
      group.addTask { await exchange(request) }
      group.addTask {
        try? await Task.sleep(for: limit)
        return .failed(.timeout)
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failed(.timeout)
    }
  }

  private func exchange(_ request: WebhookRequest) async -> WebhookResponse {
    let addresses: [IPAddress]
    do {
      if let address = request.url.address {
        addresses = [address]
      } else {
        addresses = try await resolve(request.url.host)
      }
    } catch {
      return .failed(.unknownHost)
    }
    guard !addresses.isEmpty else { return .failed(.unknownHost) }
    // A name that is public and internal at once is not trusted.
    guard addresses.allSatisfy({ rules.allows($0, for: request.url.host) }) else {
      return .failed(.internalAddress)
    }
    var response = WebhookResponse.failed(.connection)
    for address in addresses.prefix(WebhookClient.mostAddresses) {
      response = await exchange(request, at: address)
      // Nothing was sent yet: the next one may be within reach.
      guard response == .failed(.connection), !Task.isCancelled else { break }
    }
    return response
  }

  private func exchange(_ request: WebhookRequest, at address: IPAddress) async -> WebhookResponse {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: HTTPClient.Configuration.Timeout(connect: .nanoseconds((limit / 3).nanoseconds)))
    configuration.tlsConfiguration = .makeClientConfiguration()
    configuration.tlsConfiguration?.trustRoots = trustRoots
    configuration.dnsOverride = [request.url.host: address.description]
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    // One for each request: what it may connect to is settled when it is made.
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let response = await exchange(request, by: client)
    try? await client.shutdown()
    return response
  }

  private func exchange(_ request: WebhookRequest, by client: HTTPClient) async -> WebhookResponse {
    var message = HTTPClientRequest(url: request.url.text)
    message.method = .POST
    message.headers = HTTPHeaders(request.headers.sorted { $0.key < $1.key }.map { ($0, $1) })
    message.body = .bytes(ByteBuffer(string: request.body))
    do {
      let response = try await client.execute(message, timeout: .nanoseconds(limit.nanoseconds))
      // The connection ends well where the answer is short.
      _ = try? await response.body.collect(upTo: WebhookClient.mostRead)
      return .status(
        Int(response.status.code),
        retryAfter: response.headers.first(name: "retry-after").flatMap { Int64($0) })
    } catch {
      return .failed(WebhookProblem(error))
    }
  }
}

extension WebhookProblem {
  fileprivate init(_ error: any Error) {
    switch error {
    case let error as HTTPClientError
    where [.deadlineExceeded, .readTimeout, .writeTimeout].contains(error):
      self = .timeout
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self = .certificate
    default: self = .connection
    }
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
