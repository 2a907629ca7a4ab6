import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import SegmentServer
import SegmentService

/// The server that owns a workspace, asked through a socket in the workspace's state: whoever can read the state can
/// use it, as whoever runs commands can.
struct LocalServer {
  private let socket: URL

  /// nil where none listens there.
  init?(of folder: WorkspaceFolder) {
    guard FileManager.default.fileExists(atPath: folder.socket.path) else { return nil }
    socket = folder.socket
  }

  struct Answer {
    var status: UInt
    var body: Data
  }

  func ask(_ method: String, _ path: String, body: Data? = nil) async throws -> Answer {
    var request = HTTPClientRequest(
      url: URL(httpURLWithSocketPath: socket.path, uri: Server.basePath + path)?.absoluteString
        ?? "")
    request.method = .init(rawValue: method)
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      request.body = .bytes(body)
    }
    // What takes long says nothing before it is done.
    do {
      let response = try await HTTPClient.shared.execute(request, timeout: .hours(2))
      let bytes = try await response.body.collect(upTo: 1 << 30)
      return Answer(status: response.status.code, body: Data(buffer: bytes))
    } catch {
      throw Silence(cause: "\(error)")
    }
  }

  func post<Body: Encodable, Result: Decodable>(
    _ path: String, _ body: Body, answer: Result.Type
  ) async throws -> Result {
    let given = try await ask("POST", path, body: JSONEncoder().encode(body))
    guard (200...299).contains(given.status) else { throw Refusal(given) }
    return try JSONDecoder().decode(answer, from: given.body)
  }

  /// There was no answer.
  struct Silence: Error, CustomStringConvertible {
    var cause: String

    var description: String {
      "The server did not answer (\(cause)). Is 'muster serve' running? If it was killed meanwhile, nobody knows whether it was done."
    }
  }

  /// What the server said against a request.
  struct Refusal: Error, CustomStringConvertible {
    var description: String

    init(_ answer: Answer) {
      struct Problem: Decodable { var detail: String }
      description =
        (try? JSONDecoder().decode(Problem.self, from: answer.body).detail)
        ?? "The server answered with \(answer.status)."
    }
  }
}
