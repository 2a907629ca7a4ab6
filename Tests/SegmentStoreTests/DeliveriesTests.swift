import Foundation
import Testing

@testable import SegmentStore

@Suite struct DeliveriesTests {
  private let store: SegmentStore
  private let webhook: Webhook

  init() throws {
    store = try SegmentStore.inMemory(author: .tester)
    webhook = try store.editWebhooks(at: 0) { edits in
      try edits.create(
        "crm", url: "https://example.com", types: [.segmentActivated], segments: [], tags: [],
        secret: Data([1]))
    }
  }

  private func activate(_ count: Int, at time: Int64) throws {
    for number in 0..<count {
      try store.save(name: "s\(time)-\(number)", definition: "{}", at: time)
    }
  }

  private func due(at time: Int64, most: Int = 9, underWay: Set<Int64> = []) throws -> [DueDelivery]
  {
    try store.dueDeliveries(at: time, most: most, underWay: [webhook.id: underWay])
  }

  @Test func `deliveries are due in their order, a few at a time`() throws {
    try activate(3, at: 10)
    #expect(try due(at: 9).isEmpty)
    let all = try due(at: 10)
    #expect(all.count == 3)
    #expect(try due(at: 10, most: 2) == Array(all.prefix(2)))
    #expect(try due(at: 10, most: 2, underWay: [all[0].delivery.id]) == [all[1]])
    #expect(try due(at: 10, most: 1, underWay: [all[0].delivery.id]).isEmpty)
  }

  @Test func `an attempt is noted once`() throws {
    try activate(1, at: 10)
    let first = try due(at: 10)[0]
    try store.record(
      DeliveryAttempt(time: 11, status: 500, problem: "refused", nextAttempt: 20), of: first)
    #expect(try due(at: 19).isEmpty)
    let second = try due(at: 20)[0]
    #expect(second.delivery.attempts == 1 && second.webhook.failingSince == 11)
    // Of an attempt that was under way twice, the second one changes nothing.
    try store.record(DeliveryAttempt(time: 21, status: 200), of: first)
    #expect(try due(at: 21).map(\.delivery.id) == [first.delivery.id])
    try store.record(DeliveryAttempt(time: 22, status: 200), of: second)
    let delivered = try #require(try store.delivery(first.delivery.id, to: webhook))
    #expect(delivered.state == .delivered && delivered.finished == 22 && delivered.attempts == 2)
    #expect(try store.webhook("crm")?.failingSince == nil)
  }

  @Test func `dead letters are sent again, with the same id`() throws {
    try activate(3, at: 10)
    for due in try due(at: 10) {
      try store.record(DeliveryAttempt(time: 11, status: nil, problem: "timeout"), of: due)
    }
    let dead = try store.deliveries(to: webhook, states: [.dead], limit: 9)
    #expect(dead.count == 3 && dead.allSatisfy { $0.attempts == 1 })
    #expect(try store.deliveries(to: webhook, states: [.pending, .delivered], limit: 9).isEmpty)
    #expect(try store.deliveries(to: webhook, before: dead[0].id, limit: 1) == [dead[1]])
    let again = try store.editWebhooks(at: 50) { try $0.redeliver(dead[1].id, to: webhook) }
    #expect(again?.message == dead[1].message && again?.body == dead[1].body)
    #expect(try due(at: 50).map(\.delivery.id) == [dead[1].id])
    #expect(try store.editWebhooks(at: 50) { try $0.redeliver(999, to: webhook) } == nil)
    #expect(try store.editWebhooks(at: 51) { try $0.redeliverDead(since: 11, to: webhook) } == 0)
    #expect(try store.editWebhooks(at: 51) { try $0.redeliverDead(since: 10, to: webhook) } == 2)
    #expect(try due(at: 51).count == 3)
  }

  @Test func `what waits for a webhook that is disabled is given up`() throws {
    try activate(2, at: 10)
    let due = try due(at: 10)
    try store.record(
      DeliveryAttempt(time: 11, status: 410, problem: "gone"), of: due[0], disabling: "It is gone.")
    let disabled = try #require(try store.webhook("crm"))
    #expect(disabled.state == .disabled && disabled.reason == "It is gone.")
    #expect(
      try store.deliveries(to: webhook, limit: 9).map(\.problem) == ["disabled", "gone"])
    #expect(try store.auditEntries(limit: 1)[0].action == .webhookChanged)
    try activate(1, at: 12)
    #expect(try store.deliveries(to: webhook, limit: 9).count == 2)
    let active = try store.editWebhooks(at: 13) { edits in
      var webhook = try #require(try edits.webhook("crm"))
      webhook.state = .active
      return try edits.update(webhook)
    }
    #expect(active.reason == nil && active.failingSince == nil)
  }

  @Test func `the old secret signs until it is over`() throws {
    let rotated = try store.editWebhooks(at: 10) {
      try $0.rotate(Data([2]), oldExpires: 20, of: webhook)
    }
    #expect(rotated.oldSecretExpires == 20)
    try activate(1, at: 10)
    #expect(try due(at: 19)[0].secrets == WebhookSecrets(current: Data([2]), old: Data([1])))
    #expect(try due(at: 20)[0].secrets == WebhookSecrets(current: Data([2])))
    let single = try store.editWebhooks(at: 11) { try $0.forgetOldSecret(of: rotated) }
    #expect(try single.oldSecretExpires == nil && due(at: 12)[0].secrets.old == nil)
  }

  @Test func `what is over is forgotten by age and by number`() throws {
    try activate(4, at: 10)
    let all = try due(at: 10)
    for (index, item) in all.dropLast().enumerated() {
      try store.record(DeliveryAttempt(time: Int64(11 + index), status: 200), of: item)
    }
    try store.forgetDeliveries(before: 12, most: 9)
    #expect(try store.deliveries(to: webhook, limit: 9).count == 3)
    try store.forgetDeliveries(before: 0, most: 2)
    let left = try store.deliveries(to: webhook, limit: 9)
    #expect(left.map(\.id) == [all[3], all[2]].map(\.delivery.id))
    #expect(try store.messageTexts().count == 2)
  }
}
