import Foundation
import GRDB

extension SegmentStore {
  /// Runs `body` in one transaction over webhooks and what is sent to them.
  ///
  /// - Parameter time: when, in microseconds.
  public func editWebhooks<Result>(at time: Int64, _ body: (WebhookEdits) throws -> Result) throws
    -> Result
  {
    try change(at: time) { try body(WebhookEdits(change: $0)) }
  }

  /// By name.
  public func webhooks() throws -> [Webhook] {
    try database.read { try Webhook.fetchAll($0, sql: "SELECT * FROM webhook ORDER BY name") }
  }

  /// nil where there is none of that name, whatever the case of its letters.
  public func webhook(_ name: String) throws -> Webhook? {
    try database.read { try fetchWebhook($0, name) }
  }

  /// Names of segments by their ids, those in the trash with the name that they had.
  public func segmentNames(_ ids: some Sequence<Int64>) throws -> [Int64: String] {
    try database.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT id, coalesce(name, trashedName) AS name FROM segment
          WHERE id IN (SELECT value FROM json_each(?))
          """, arguments: [json(Array(ids))])
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], $0["name"]) })
    }
  }
}

/// What can be done to webhooks within one transaction, each with its entry in the audit log.
public struct WebhookEdits {
  let change: Change

  private var db: Database { change.db }
  public var time: Int64 { change.time }

  public func webhook(_ name: String) throws -> Webhook? { try fetchWebhook(db, name) }

  public func count() throws -> Int {
    try Int.fetchOne(db, sql: "SELECT count(*) FROM webhook") ?? 0
  }

  public func create(
    _ name: String, url: String, types: Set<MessageType>, segments: Set<Int64>, tags: Set<String>,
    secret: Data
  ) throws -> Webhook {
    try db.execute(
      sql: """
        INSERT INTO webhook (name, url, types, segments, tags, state, secret, revision, created)
        VALUES (?, ?, ?, ?, ?, 'active', ?, 1, ?)
        """,
      arguments: [
        name, url, json(types.map(\.rawValue).sorted()), json(segments.sorted()),
        json(tags.sorted()), secret, time,
      ])
    let webhook = try existing(db.lastInsertedRowID)
    try change.log(.webhookCreated, webhook.auditObject, after: webhook.auditFacts)
    return webhook
  }

  /// Stores what is sent where, and the state. What waits for one that is disabled is given up.
  public func update(_ webhook: Webhook, reason: String? = nil) throws -> Webhook {
    let old = try existing(webhook.id)
    guard webhook != old else { return old }
    let isDisabled = webhook.state == .disabled
    try db.execute(
      sql: """
        UPDATE webhook SET url = ?, types = ?, segments = ?, tags = ?, state = ?, reason = ?,
          failingSince = CASE WHEN ? THEN failingSince END, revision = revision + 1
        WHERE id = ?
        """,
      arguments: [
        webhook.url, json(webhook.types.map(\.rawValue).sorted()),
        json(webhook.segments.sorted()), json(webhook.tags.sorted()), webhook.state.rawValue,
        isDisabled ? reason ?? old.reason : nil, isDisabled, webhook.id,
      ])
    if isDisabled {
      try db.execute(
        sql: """
          UPDATE delivery SET state = 'dead', nextAttempt = NULL, finished = ?,
            problem = 'disabled'
          WHERE webhookId = ? AND state = 'pending'
          """, arguments: [time, webhook.id])
    }
    let new = try existing(webhook.id)
    let (before, after) = (old.auditFacts, new.auditFacts)
    try change.log(
      .webhookChanged, new.auditObject, before: before.filter { after[$0.key] != $0.value },
      after: after.filter { before[$0.key] != $0.value })
    return new
  }

  /// Deletes a webhook with everything that was, or was to be, sent to it.
  public func delete(_ webhook: Webhook) throws {
    try db.execute(sql: "DELETE FROM webhook WHERE id = ?", arguments: [webhook.id])
    try removeMessages(db)
    try change.log(.webhookDeleted, webhook.auditObject, before: webhook.auditFacts)
  }

  /// Signs with another secret from now on.
  ///
  /// - Parameter oldExpires: until when it signs with the secret of before, too.
  public func rotate(_ secret: Data, oldExpires: Int64, of webhook: Webhook) throws -> Webhook {
    try db.execute(
      sql: """
        UPDATE webhook SET oldSecret = secret, oldSecretExpires = ?, secret = ?,
          revision = revision + 1
        WHERE id = ?
        """, arguments: [oldExpires, secret, webhook.id])
    let rotated = try existing(webhook.id)
    try change.log(
      .webhookSecretRotated, rotated.auditObject,
      after: ["oldSecretExpires": .text("\(instant(oldExpires))")])
    return rotated
  }

  /// Signs with one secret only.
  public func forgetOldSecret(of webhook: Webhook) throws -> Webhook {
    guard webhook.oldSecretExpires != nil else { return webhook }
    try db.execute(
      sql: """
        UPDATE webhook SET oldSecret = NULL, oldSecretExpires = NULL, revision = revision + 1
        WHERE id = ?
        """, arguments: [webhook.id])
    let webhook = try existing(webhook.id)
    try change.log(.webhookSecretRemoved, webhook.auditObject)
    return webhook
  }

  // MARK: Sending

  /// Writes a message that tries out a webhook.
  public func test(_ webhook: Webhook) throws -> Delivery {
    let id = try Outbox(db).tellTest(webhook, at: time)
    try change.log(.webhookTested, webhook.auditObject)
    return try fetchDelivery(db, id, of: webhook)!
  }

  /// Sends a delivery again, whatever came of it; nil where the webhook has no such one.
  public func redeliver(_ id: Int64, to webhook: Webhook) throws -> Delivery? {
    guard let delivery = try fetchDelivery(db, id, of: webhook) else { return nil }
    try sendAgain("id = ?", [delivery.id])
    try change.log(.webhookRedelivered, webhook.auditObject, after: ["deliveries": .count(1)])
    return try fetchDelivery(db, id, of: webhook)
  }

  /// Sends everything again that was given up, of what happened since an instant.
  ///
  /// - Returns: how many deliveries.
  public func redeliverDead(since: Int64, to webhook: Webhook) throws -> Int {
    try sendAgain(
      """
      webhookId = ? AND state = 'dead' AND messageId IN (SELECT id FROM message WHERE time >= ?)
      """, [webhook.id, since])
    let count = db.changesCount
    guard count > 0 else { return 0 }
    try change.log(.webhookRedelivered, webhook.auditObject, after: ["deliveries": .count(count)])
    return count
  }

  private func sendAgain(_ condition: String, _ values: [Int64]) throws {
    try db.execute(
      sql: """
        UPDATE delivery SET state = 'pending', attempts = 0, nextAttempt = ?, finished = NULL
        WHERE \(condition)
        """, arguments: StatementArguments([time] + values))
  }

  private func existing(_ id: Int64) throws -> Webhook {
    guard
      let webhook = try Webhook.fetchOne(
        db, sql: "SELECT * FROM webhook WHERE id = ?", arguments: [id])
    else { throw SegmentStoreError.unknownWebhook }
    return webhook
  }
}

private func fetchWebhook(_ db: Database, _ name: String) throws -> Webhook? {
  try Webhook.fetchOne(db, sql: "SELECT * FROM webhook WHERE name = ?", arguments: [name])
}

extension Webhook {
  var auditObject: AuditObject { AuditObject(name, id: "\(id)") }

  /// Of the address only the host: the rest may be what lets messages in.
  fileprivate var auditFacts: AuditDetails {
    .facts([
      "host": URL(string: url)?.host.map { .text($0) },
      "types": .list(types.map(\.rawValue).sorted()),
      "segments": segments.isEmpty ? nil : .list(segments.sorted().map { "\($0)" }),
      "tags": tags.isEmpty ? nil : .list(tags.sorted()), "state": .text(state.rawValue),
      "reason": reason.map { .text($0) },
    ])
  }
}

extension Webhook: FetchableRecord {
  public init(row: Row) throws {
    id = row["id"]
    name = row["name"]
    url = row["url"]
    let types: [String] = try decode(row["types"])
    // One that is no longer known is not told.
    self.types = Set(types.compactMap(MessageType.init(rawValue:)))
    segments = Set(try decode(row["segments"]) as [Int64])
    tags = Set(try decode(row["tags"]) as [String])
    state = try stored(row, "state")
    reason = row["reason"]
    failingSince = row["failingSince"]
    oldSecretExpires = row["oldSecretExpires"]
    revision = row["revision"]
    created = row["created"]
  }
}
