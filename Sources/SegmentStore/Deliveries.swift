import Foundation
import GRDB
import Synchronization

extension SegmentStore {
  /// Deliveries whose time has come, of each webhook those that wait for longest.
  ///
  /// - Parameters:
  ///   - most: of each webhook, those that are under way counted.
  ///   - underWay: what is being sent, by webhook.
  public func dueDeliveries(at time: Int64, most: Int, underWay: [Int64: Set<Int64>]) throws
    -> [DueDelivery]
  {
    try database.read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM webhook WHERE state = 'active'")
      return try rows.flatMap { row -> [DueDelivery] in
        let webhook = try Webhook(row: row)
        let running = underWay[webhook.id] ?? []
        guard running.count < most else { return [] }
        let isOldValid = webhook.oldSecretExpires.map { time < $0 } ?? false
        let secrets = WebhookSecrets(
          current: row["secret"], old: isOldValid ? row["oldSecret"] : nil)
        return try Delivery.fetchAll(
          db,
          sql: selectDelivery + """
            WHERE d.webhookId = ? AND d.state = 'pending' AND d.nextAttempt <= ?
              AND d.id NOT IN (SELECT value FROM json_each(?))
            ORDER BY d.nextAttempt, d.id LIMIT ?
            """, arguments: [webhook.id, time, json(running.sorted()), most - running.count]
        ).map { DueDelivery(delivery: $0, webhook: webhook, secrets: secrets) }
      }
    }
  }

  /// Notes what came of an attempt, unless the delivery was changed since it was begun.
  ///
  /// - Parameter disabling: why nothing is sent to the webhook any more; nil where it goes on.
  public func record(
    _ attempt: DeliveryAttempt, of due: DueDelivery, disabling: String? = nil
  ) throws {
    guard let disabling else {
      return try write { try write(attempt, of: due, $0) }
    }
    try editWebhooks(at: attempt.time) { edits in
      try write(attempt, of: due, edits.change.db)
      guard var webhook = try edits.webhook(due.webhook.name), webhook.id == due.webhook.id else {
        return
      }
      webhook.state = .disabled
      _ = try edits.update(webhook, reason: disabling)
    }
  }

  private func write(_ attempt: DeliveryAttempt, of due: DueDelivery, _ db: Database) throws {
    let state: DeliveryState =
      attempt.problem == nil ? .delivered : attempt.nextAttempt == nil ? .dead : .pending
    try db.execute(
      sql: """
        UPDATE delivery SET state = ?, attempts = attempts + 1, nextAttempt = ?, lastAttempt = ?,
          status = ?, problem = ?, finished = ?
        WHERE id = ? AND state = 'pending' AND attempts = ?
        """,
      arguments: [
        state.rawValue, state == .pending ? attempt.nextAttempt : nil, attempt.time,
        attempt.status, attempt.problem, state == .pending ? nil : attempt.time, due.delivery.id,
        due.delivery.attempts,
      ])
    try db.execute(
      sql: """
        UPDATE webhook SET failingSince = CASE WHEN ? THEN coalesce(failingSince, ?) END
        WHERE id = ?
        """, arguments: [attempt.problem != nil, attempt.time, due.webhook.id])
  }

  /// Deliveries to a webhook, the last one first.
  ///
  /// - Parameter before: only those with a smaller id.
  public func deliveries(
    to webhook: Webhook, states: Set<DeliveryState> = [], before: Int64? = nil, limit: Int
  ) throws -> [Delivery] {
    try database.read { db in
      try Delivery.fetchAll(
        db,
        sql: selectDelivery + """
          WHERE d.webhookId = ? AND (? OR d.state IN (SELECT value FROM json_each(?)))
            AND (? IS NULL OR d.id < ?)
          ORDER BY d.id DESC LIMIT ?
          """,
        arguments: [
          webhook.id, states.isEmpty, json(states.map(\.rawValue).sorted()), before, before, limit,
        ])
    }
  }

  public func delivery(_ id: Int64, to webhook: Webhook) throws -> Delivery? {
    try database.read { try fetchDelivery($0, id, of: webhook) }
  }

  /// Forgets what was delivered or given up before an instant, and of each webhook more than the last `most`.
  public func forgetDeliveries(before time: Int64, most: Int) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM delivery WHERE finished < ?", arguments: [time])
      for webhook in try Int64.fetchAll(db, sql: "SELECT id FROM webhook") {
        try db.execute(
          sql: """
            DELETE FROM delivery WHERE webhookId = ? AND state <> 'pending' AND id <= (
              SELECT id FROM delivery WHERE webhookId = ? ORDER BY id DESC LIMIT 1 OFFSET ?)
            """, arguments: [webhook, webhook, most])
      }
      try removeMessages(db)
    }
  }

  /// Calls `wake` after each transaction that has made or changed deliveries.
  public func observeDeliveries(_ wake: @escaping @Sendable () -> Void) {
    database.database.add(
      transactionObserver: DeliveryObserver(wake: wake), extent: .databaseLifetime)
  }

  /// What messages call things, by id: where people may be quoted.
  public func messageTexts() throws -> [(message: Int64, texts: [String])] {
    try database.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT id, json_extract(body, '$.data.segment.name') AS name,
            json_extract(body, '$.data.cause') AS cause
          FROM message ORDER BY id
          """
      ).map { row in (row["id"], ["name", "cause"].compactMap { row[$0] as String? }) }
    }
  }
}

/// Removes messages that no delivery has any more.
func removeMessages(_ db: Database) throws {
  try db.execute(
    sql: """
      DELETE FROM message WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE messageId = message.id)
      """)
}

/// Removes messages with their deliveries, those that were not sent yet included.
func forget(messages: some Sequence<Int64>, _ db: Database) throws {
  try db.execute(
    sql: "DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))",
    arguments: [json(Array(messages))])
}

let selectDelivery = """
  SELECT d.*, m.name AS message, m.type, m.time, m.body
  FROM delivery d JOIN message m ON m.id = d.messageId

  """

func fetchDelivery(_ db: Database, _ id: Int64, of webhook: Webhook) throws -> Delivery? {
  try Delivery.fetchOne(
    db, sql: selectDelivery + "WHERE d.id = ? AND d.webhookId = ?", arguments: [id, webhook.id])
}

extension Delivery: FetchableRecord {
  public init(row: Row) throws {
    id = row["id"]
    message = row["message"]
    type = try stored(row, "type")
    time = row["time"]
    body = row["body"]
    state = try stored(row, "state")
    attempts = row["attempts"]
    nextAttempt = row["nextAttempt"]
    lastAttempt = row["lastAttempt"]
    status = row["status"]
    problem = row["problem"]
    finished = row["finished"]
  }
}

private final class DeliveryObserver: TransactionObserver, Sendable {
  private let isChanging = Mutex(false)
  private let wake: @Sendable () -> Void

  init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
    eventKind.tableName == "delivery"
  }

  func databaseDidChange(with event: DatabaseEvent) { isChanging.withLock { $0 = true } }

  func databaseDidCommit(_ db: Database) {
    let isChanged = isChanging.withLock { isChanging in
      defer { isChanging = false }
      return isChanging
    }
    if isChanged { wake() }
  }

  func databaseDidRollback(_ db: Database) { isChanging.withLock { $0 = false } }
}
