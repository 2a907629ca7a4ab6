import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Asks a provider something over HTTP.
struct Fetch: Sendable {
  struct Answer: Sendable {
    var status: Int
    var body: Data
  }

  /// Of a whole answer.
  let timeLimit: Duration
  /// In bytes; documents of providers have some thousands.
  static let sizeLimit = 1 << 20

  /// One for the process: it keeps connections, and is never shut down.
  private static let client: HTTPClient = {
    // How long all of it may take is watched over below.
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.connectionPool = .init(idleTimeout: .seconds(30))
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  func get(_ url: URL, bearer token: String? = nil) async throws -> Answer {
    var request = HTTPClientRequest(url: url.absoluteString)
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    return try await send(request)
  }

  func post(_ url: URL, form: [(String, String)], basic: (String, String)?) async throws -> Answer {
    var request = HTTPClientRequest(url: url.absoluteString)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
    if let (name, secret) = basic {
      let pair = Data("\(formEncoded(name)):\(formEncoded(secret))".utf8).base64EncodedString()
      request.headers.add(name: "Authorization", value: "Basic \(pair)")
    }
    request.body = .bytes(ByteBuffer(string: formEncoded(form)))
    return try await send(request)
  }

  /// - Throws: ``OpenIDError/provider(_:)``; what was sent is not in it.
  private func send(_ request: HTTPClientRequest) async throws -> Answer {
    var request = request
    request.headers.add(name: "Accept", value: "application/json")
    let (asked, host) = (request, URL(string: request.url)?.host() ?? "")
    return try await withThrowingTaskGroup(of: Answer.self) { group in
      group.addTask {
        do {
          let response = try await Fetch.client.execute(asked, deadline: .distantFuture)
          let body = try await response.body.collect(upTo: Fetch.sizeLimit)
          return Answer(
            status: Int(response.status.code), body: Data(body.readableBytesView))
        } catch is NIOTooManyBytesError {
          throw OpenIDError.provider("an answer of \(host) has more than \(Fetch.sizeLimit) bytes.")
        } catch let error as HTTPClientError {
          throw OpenIDError.provider("\(host) does not answer (\(error.shortDescription)).")
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          throw OpenIDError.provider("\(host) cannot be reached.")
        }
      }
      group.addTask {
        try await Task.sleep(for: timeLimit)
        throw OpenIDError.provider(
          "\(host) has not answered within \(timeLimit.components.seconds) seconds.")
      }
      defer { group.cancelAll() }
      return try await group.next()!
    }
  }
}

/// As HTML forms, and OAuth with them, write names and values.
func formEncoded(_ fields: [(String, String)]) -> String {
  fields.map { "\(formEncoded($0))=\(formEncoded($1))" }.joined(separator: "&")
}

private func formEncoded(_ text: String) -> String {
  let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
  return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
}
