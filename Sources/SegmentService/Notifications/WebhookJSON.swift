import SegmentCompiler
import SegmentStore

/// A webhook as programs read it: without its secrets.
public struct WebhookJSON: Encodable, Sendable {
  var name: String
  var url: String
  var types: [String]
  var segments: [String]
  var tags: [String]
  var state: String
  var reason: String?
  var failingSince: String?
  var oldSecretExpires: String?
  var revision: Int
  var created: String

  /// - Parameters:
  ///   - segments: names of those that it is about.
  ///   - now: microseconds.
  public init(_ webhook: Webhook, segments: [String], now: Int64) {
    name = webhook.name
    url = webhook.url
    types = MessageType.allCases.filter(webhook.types.contains).map(\.rawValue)
    self.segments = segments
    tags = webhook.tags.sorted()
    state = webhook.state.rawValue
    reason = webhook.reason
    failingSince = webhook.failingSince.map(text)
    oldSecretExpires = webhook.oldSecretExpires.flatMap { $0 > now ? text($0) : nil }
    revision = webhook.revision
    created = text(webhook.created)
  }
}

/// A delivery as programs read it.
public struct DeliveryJSON: Encodable, Sendable {
  var delivery: Int64
  var message: String
  var type: String
  var time: String
  var state: String
  var attempts: Int
  var nextAttempt: String?
  var lastAttempt: String?
  var status: Int?
  var problem: String?
  var finished: String?
  /// The body, as text: its bytes are what is signed.
  var body: String

  public init(_ delivery: Delivery) {
    self.delivery = delivery.id
    message = delivery.message
    type = delivery.type.rawValue
    time = text(delivery.time)
    state = delivery.state.rawValue
    attempts = delivery.attempts
    nextAttempt = delivery.nextAttempt.map(text)
    lastAttempt = delivery.lastAttempt.map(text)
    status = delivery.status
    problem = delivery.problem
    finished = delivery.finished.map(text)
    body = delivery.body
  }
}

extension SegmentService {
  /// As programs read it.
  public func json(_ webhook: Webhook) throws -> WebhookJSON {
    WebhookJSON(webhook, segments: try segmentNames(of: webhook), now: now().microseconds)
  }
}

private func text(_ time: Int64) -> String { Instant(microseconds: time).description }
