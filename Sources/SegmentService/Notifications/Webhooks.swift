import Foundation
import SegmentCompiler
import SegmentStore

/// What a webhook is to be.
public struct WebhookDraft: Sendable, Equatable {
  public var name: String
  public var url: String
  public var types: Set<MessageType>
  /// Names; empty for all.
  public var segments: [String]
  /// Empty for all.
  public var tags: Set<String>

  public init(
    name: String, url: String, types: Set<MessageType>, segments: [String] = [],
    tags: Set<String> = []
  ) {
    self.name = name
    self.url = url
    self.types = types
    self.segments = segments
    self.tags = tags
  }
}

/// A change of a webhook.
public enum WebhookChange: Sendable, Equatable {
  case url(String)
  case types(Set<MessageType>)
  /// Names; empty for all.
  case segments([String])
  case tags(Set<String>)
  case state(WebhookState)
}

/// What receivers check signatures with: shown once.
public struct NewWebhookSecret: Sendable {
  public var webhook: Webhook
  /// `whsec_…`
  public var text: String
}

extension SegmentService {
  /// Each of them costs a few connections at a time.
  static let mostWebhooks = 100
  /// For how long messages are signed with the secret of before, too.
  static let oldSecretLifetime: Int64 = 24 * 3_600_000_000

  public func webhooks() throws -> [Webhook] { try store.webhooks() }

  /// - Throws: ``WebhookError/unknown(_:hint:)``.
  public func webhook(_ name: String) throws -> Webhook {
    guard let webhook = try store.webhook(name) else { throw try unknownWebhook(name) }
    return webhook
  }

  /// Names of the segments that a webhook is about; empty for all.
  public func segmentNames(of webhook: Webhook) throws -> [String] {
    try store.segmentNames(webhook.segments).values.sorted()
  }

  /// Sends messages of what happens from now on.
  public func createWebhook(_ draft: WebhookDraft) throws -> NewWebhookSecret {
    guard draft.name.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,99}/) != nil else {
      throw WebhookError.invalidName(draft.name)
    }
    let url = try WebhookURL(draft.url, by: webhookRules)
    try require(draft.types, draft.tags)
    let segments = try segmentIDs(draft.segments)
    let secret = WebhookSignature.newSecret()
    let webhook = try store.editWebhooks(at: now().microseconds) { edits in
      guard try edits.webhook(draft.name) == nil else { throw WebhookError.nameTaken(draft.name) }
      guard try edits.count() < SegmentService.mostWebhooks else {
        throw WebhookError.tooMany(SegmentService.mostWebhooks)
      }
      return try edits.create(
        draft.name, url: url.text, types: draft.types, segments: segments, tags: draft.tags,
        secret: secret)
    }
    return NewWebhookSecret(webhook: webhook, text: WebhookSignature.text(of: secret))
  }

  /// Makes changes of a webhook, all or none.
  ///
  /// - Parameter revision: the one that was read; nil for any.
  @discardableResult
  public func changeWebhook(
    _ name: String, _ changes: [WebhookChange], expecting revision: Int? = nil
  ) throws -> Webhook {
    try editing(name, expecting: revision) { webhook, edits in
      var changed = webhook
      for change in changes {
        switch change {
        case .url(let text): changed.url = try WebhookURL(text, by: webhookRules).text
        case .types(let types): changed.types = types
        case .segments(let names): changed.segments = try segmentIDs(names)
        case .tags(let tags): changed.tags = tags
        case .state(let state): changed.state = state
        }
      }
      try require(changed.types, changed.tags)
      return try edits.update(changed)
    }
  }

  /// Deletes a webhook with everything that was, or was to be, sent to it.
  public func deleteWebhook(_ name: String, expecting revision: Int? = nil) throws {
    try editing(name, expecting: revision) { try $1.delete($0) }
  }

  /// Signs with a new secret; with the one of before, too, for a day or until
  /// ``removeOldSecret(ofWebhook:)``.
  public func rotateSecret(ofWebhook name: String) throws -> NewWebhookSecret {
    let secret = WebhookSignature.newSecret()
    let webhook = try editing(name) { webhook, edits in
      try edits.rotate(
        secret, oldExpires: edits.time + SegmentService.oldSecretLifetime, of: webhook)
    }
    return NewWebhookSecret(webhook: webhook, text: WebhookSignature.text(of: secret))
  }

  /// Receivers know the new secret: nothing is signed with the one of before any more.
  @discardableResult
  public func removeOldSecret(ofWebhook name: String) throws -> Webhook {
    try editing(name) { try $1.forgetOldSecret(of: $0) }
  }

  // MARK: Deliveries

  /// Sends a message that says nothing, to try a webhook out.
  public func testWebhook(_ name: String) throws -> Delivery {
    try editing(name) { webhook, edits in
      try requireActive(webhook)
      return try edits.test(webhook)
    }
  }

  /// Deliveries to a webhook, the last one first; they are kept for 30 days after their end.
  public func deliveries(
    to webhook: Webhook, states: Set<DeliveryState> = [], before: Int64? = nil, limit: Int
  ) throws -> [Delivery] {
    try store.deliveries(to: webhook, states: states, before: before, limit: limit)
  }

  /// - Throws: ``WebhookError/unknownDelivery(_:)``.
  public func delivery(_ id: Int64, to webhook: Webhook) throws -> Delivery {
    guard let delivery = try store.delivery(id, to: webhook) else {
      throw WebhookError.unknownDelivery(id)
    }
    return delivery
  }

  /// Sends a delivery again, whatever came of it: with the same id and the same body.
  public func redeliver(_ id: Int64, toWebhook name: String) throws -> Delivery {
    try editing(name) { webhook, edits in
      try requireActive(webhook)
      guard let delivery = try edits.redeliver(id, to: webhook) else {
        throw WebhookError.unknownDelivery(id)
      }
      return delivery
    }
  }

  /// Sends everything again that was given up, of what happened since an instant.
  ///
  /// - Returns: how many deliveries.
  public func redeliverDead(toWebhook name: String, since: Instant) throws -> Int {
    try editing(name) { webhook, edits in
      try requireActive(webhook)
      return try edits.redeliverDead(since: since.microseconds, to: webhook)
    }
  }

  // MARK: Refusals

  @discardableResult
  private func editing<Result>(
    _ name: String, expecting revision: Int? = nil,
    _ body: (Webhook, WebhookEdits) throws -> Result
  ) throws -> Result {
    try store.editWebhooks(at: now().microseconds) { edits in
      guard let webhook = try edits.webhook(name) else { throw try unknownWebhook(name) }
      if let revision, revision != webhook.revision {
        throw WebhookError.conflict(webhook.name, found: webhook.revision)
      }
      return try body(webhook, edits)
    }
  }

  private func requireActive(_ webhook: Webhook) throws {
    guard webhook.state == .active else { throw WebhookError.disabled(webhook.name) }
  }

  private func require(_ types: Set<MessageType>, _ tags: Set<String>) throws {
    guard !types.isEmpty, types.isSubset(of: MessageType.subscribable) else {
      throw WebhookError.noTypes
    }
    for tag in tags where !(1...100).contains(tag.unicodeScalars.count) {
      throw WebhookError.invalidTag(tag)
    }
  }

  private func segmentIDs(_ names: [String]) throws -> Set<Int64> {
    Set(try names.map { try record(of: $0).id })
  }

  private func unknownWebhook(_ name: String) throws -> WebhookError {
    .unknown(name, hint: NearNames.hint(name, among: try store.webhooks().map(\.name)))
  }
}

enum MessageTypes {
  /// Those that can be asked for.
  static var words: String {
    MessageType.subscribable.map(\.rawValue).joined(separator: ", ")
  }
}
