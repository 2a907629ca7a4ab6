import Foundation

/// What is told to webhooks and by mail.
public enum MessageType: String, Sendable, Codable, CaseIterable {
  /// A segment has new members.
  case segmentRefreshed = "segment.refreshed"
  case segmentActivated = "segment.activated"
  case segmentDeactivated = "segment.deactivated"
  /// A segment is in the trash.
  case segmentDeleted = "segment.deleted"
  /// A refresh failed for good.
  case segmentFailed = "segment.failed"
  /// An active segment was not refreshed because of something that it depends on.
  case segmentSkipped = "segment.skipped"
  /// The load of a table failed for good.
  case loadFailed = "load.failed"
  /// Somebody tries out a webhook.
  case webhookTest = "webhook.test"

  /// Those that can be asked for: a test is sent to whom it is a test of.
  public static var subscribable: [MessageType] { allCases.filter { $0 != .webhookTest } }
}

public enum WebhookState: String, Sendable, Codable, CaseIterable {
  case active
  /// Nothing is sent to it, and nothing kept for it.
  case disabled
}

/// Where messages are sent by HTTP, and which.
public struct Webhook: Sendable, Equatable, Identifiable {
  public let id: Int64
  /// Unique, whatever the case of its letters.
  public let name: String
  public var url: String
  public var types: Set<MessageType>
  /// Ids of segments; empty for all.
  public var segments: Set<Int64>
  /// Segments with one of these tags; empty for all.
  public var tags: Set<String>
  public var state: WebhookState
  /// Why it was disabled by the system.
  public internal(set) var reason: String?
  /// Since when every attempt has failed; nil where the last one succeeded.
  public internal(set) var failingSince: Int64?
  /// Until when messages are signed with the secret of before, too; nil where there is none.
  public internal(set) var oldSecretExpires: Int64?
  /// Grows with every change by somebody.
  public internal(set) var revision: Int
  public internal(set) var created: Int64
}

/// What messages are signed with: kept in clear, since a signature needs it.
public struct WebhookSecrets: Sendable, Equatable {
  public var current: Data
  /// Until it expires, receivers may still know only this one.
  public var old: Data?

  public init(current: Data, old: Data? = nil) {
    self.current = current
    self.old = old
  }
}

public enum DeliveryState: String, Sendable, Codable, CaseIterable {
  /// It will be sent, or sent again.
  case pending
  case delivered
  /// It was tried for long enough, or the webhook was disabled; somebody can have it sent again.
  case dead
}

/// One message to one webhook.
public struct Delivery: Sendable, Equatable, Identifiable {
  public let id: Int64
  /// What the receiver knows the message by, however often it is sent: `msg_…`.
  public var message: String
  public var type: MessageType
  /// When what it tells of happened.
  public var time: Int64
  /// The bytes that are sent, as JSON.
  public var body: String
  public var state: DeliveryState
  /// Since it was made, or since somebody had it sent again.
  public var attempts: Int
  /// nil unless it is pending.
  public var nextAttempt: Int64?
  public var lastAttempt: Int64?
  /// The HTTP status of the last answer; nil where there was none.
  public var status: Int?
  /// Why the last attempt failed, in a word.
  public var problem: String?
  /// When it was delivered or given up.
  public var finished: Int64?
}

/// A delivery whose time has come, with what is needed to send it.
public struct DueDelivery: Sendable, Equatable {
  public var delivery: Delivery
  public var webhook: Webhook
  public var secrets: WebhookSecrets
}

/// What came of an attempt.
public struct DeliveryAttempt: Sendable, Equatable {
  public var time: Int64
  public var status: Int?
  /// nil where it succeeded.
  public var problem: String?
  /// When it is tried again; nil for never.
  public var nextAttempt: Int64?

  public init(time: Int64, status: Int?, problem: String? = nil, nextAttempt: Int64? = nil) {
    self.time = time
    self.status = status
    self.problem = problem
    self.nextAttempt = nextAttempt
  }
}
