import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import SegmentService
import SegmentStore
import Synchronization

/// Sees to it that a request with an `Idempotency-Key` makes something once, however often it comes.
///
/// What is remembered is where the new thing is: a repetition is answered with that as it is then. Where the process
/// ended before the answer, the audit log says what was made: its entries are committed with the changes.
struct Idempotency: Sendable {
  let service: SegmentService
  private let running = Running()

  init(service: SegmentService) { self.service = service }

  /// - Parameters:
  ///   - make: answers the request, with a `Location`.
  ///   - look: answers what a `GET` of a location would.
  func answer(
    _ request: APIRequest, key: String, make: (APIRequest) async throws -> Response,
    look: (String) async throws -> Response
  ) async throws -> Response {
    let (author, digest) = (request.caller.author.name, digest(of: request))
    // The first one may still be under way.
    guard running.begin([author, key]) else {
      throw Problem(
        .conflict, "requestRunning",
        "The request with this Idempotency-Key is still being answered. Ask again soon.")
    }
    defer { running.end([author, key]) }
    if let known = try service.request(key, by: author) {
      // What was refused, or has made nothing, may come again in another form.
      if let made = try known.answer ?? answerOfInterrupted(known) {
        guard known.digest == digest else {
          throw Problem(
            .unprocessableContent, "keyReused",
            "Another request had this Idempotency-Key. Choose a new one for each.")
        }
        var again = try await look(made.location)
        if again.status == .ok { again.status = HTTPResponse.Status(code: made.status) }
        again.headers[.idempotencyReplayed] = "true"
        again.headers[.location] = made.location
        return again
      }
    }
    var begun = try service.begin(request: key, by: author, digest: digest, id: request.id)
    let response = try await make(request)
    if response.status.kind == .successful, let location = response.headers[.location] {
      begun.answer = RequestAnswer(status: response.status.code, location: location)
      try service.remember(begun)
    }
    return response
  }

  /// How a request would have been answered after which the process ended; nil where it has made nothing.
  private func answerOfInterrupted(_ request: RequestRecord) throws -> RequestAnswer? {
    for entry in try service.changes(by: request) {
      switch (entry.action, entry.object) {
      case (.segmentCreated, .some(let segment)):
        return RequestAnswer(
          status: 201, location: "\(Contract.basePath)/segments/\(segment.name.asPathSegment)")
      case (.jobRequested, .some(let job)):
        return job.id.map {
          RequestAnswer(status: 202, location: "\(Contract.basePath)/jobs/\($0)")
        }
      default: continue
      }
    }
    return nil
  }

  /// Of everything that the request says.
  private func digest(of request: APIRequest) -> String {
    var hash = SHA256()
    hash.update(data: Array(request.route.endpoint.rawValue.utf8))
    for (name, values) in request.values.sorted(by: { $0.key < $1.key })
    where name != "Idempotency-Key" {
      hash.update(data: Array("\0\(name)\0\(values)".utf8))
    }
    hash.update(data: [0])
    hash.update(data: Array(request.body.readableBytesView))
    return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

/// Which requests are being answered.
private final class Running: Sendable {
  private let keys = Mutex<Set<[String]>>([])

  /// Whether it was not running yet.
  func begin(_ key: [String]) -> Bool { keys.withLock { $0.insert(key).inserted } }
  func end(_ key: [String]) { keys.withLock { _ = $0.remove(key) } }
}

extension HTTPField.Name {
  static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
}
