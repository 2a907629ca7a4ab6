import Crypto
import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// What is sent when, with a clock that the test moves and receivers that answer as it says.
@Suite(.timeLimit(.minutes(30))) struct WebhookSenderTests {
  /// Answers requests, and remembers them.
  private final class Receiver: Sendable {
    private let state = Guarded<(answer: WebhookResponse, requests: [WebhookRequest])>(
      (.status(200), []))

    var requests: [WebhookRequest] { state.withLock { $0.requests } }

    func answer(_ answer: WebhookResponse) { state.withLock { $0.answer = answer } }

    func take(_ request: WebhookRequest) -> WebhookResponse {
      state.withLock { state in
        state.requests.append(request)
        return state.answer
      }
    }
  }

  private let clock = Clock(Shop.asOf)
  private let workspace: TestWorkspace
  private let receiver = Receiver()
  private let secret: String
  private let sender: WebhookSender

  private var service: SegmentService { workspace.service }

  init() throws {
    let clock = clock
    workspace = try TestWorkspace(now: { clock.now }) { folder in
      try Data(Shop.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    }
    secret = try workspace.service.createWebhook(
      WebhookDraft(
        name: "crm", url: "https://example.com/hook", types: [.segmentActivated])
    ).text
    sender = WebhookSender(
      workspace.service, send: { [receiver] in receiver.take($0) }, jitter: { 0 },
      sleep: { _ in try await Task.sleep(for: .seconds(3_600)) })
  }

  private func happen(_ name: String = "a") throws {
    try service.store.edit(at: clock.now.microseconds) { edits in
      _ = try edits.create(name, definition: "{}", state: .active)
    }
  }

  private func deliveries() throws -> [Delivery] {
    try service.deliveries(to: service.webhook("crm"), limit: 99)
  }

  private func advance(_ seconds: Int64) {
    clock.set(Instant(microseconds: clock.now.microseconds + seconds * 1_000_000).description)
  }

  /// As Standard Webhooks has it, computed from the words of its specification.
  private func isSigned(_ request: WebhookRequest, by secret: String) throws -> Bool {
    let id = try #require(request.headers["webhook-id"])
    let timestamp = try #require(request.headers["webhook-timestamp"])
    let signatures = try #require(request.headers["webhook-signature"]).split(separator: " ")
    let key = try #require(Data(base64Encoded: String(secret.dropFirst("whsec_".count))))
    return signatures.contains { signature in
      let parts = signature.split(separator: ",", maxSplits: 1)
      guard parts.count == 2, parts[0] == "v1", let code = Data(base64Encoded: String(parts[1]))
      else { return false }
      return HMAC<SHA256>.isValidAuthenticationCode(
        code, authenticating: Data("\(id).\(timestamp).\(request.body)".utf8),
        using: SymmetricKey(data: key))
    }
  }

  @Test func `a message is sent once, signed`() async throws {
    try happen()
    await sender.sendDue()
    await sender.sendDue()
    let request = try #require(receiver.requests.first)
    #expect(receiver.requests.count == 1)
    #expect(request.url.text == "https://example.com/hook")
    #expect(request.headers["webhook-timestamp"] == "\(clock.now.microseconds / 1_000_000)")
    #expect(try isSigned(request, by: secret) && deliveries()[0].state == .delivered)
    #expect(try !isSigned(request, by: WebhookSignature.text(of: Data(count: 32))))
  }

  @Test func `the signature is that of the specification's example`() {
    // https://github.com/standard-webhooks/standard-webhooks, the tests of its libraries.
    let key = Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!
    let text = WebhookSignature.text(
      of: #"{"test": 2432232314}"#, message: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: 1_614_265_330, secrets: WebhookSecrets(current: key))
    #expect(text == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    #expect(WebhookSignature.text(of: key) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
  }

  @Test func `what is refused is sent again after growing pauses, then given up`() async throws {
    receiver.answer(.status(500))
    try happen()
    let pauses: [Int64] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]
    for (number, pause) in pauses.enumerated() {
      if pause > 0 {
        advance(pause - 1)
        await sender.sendDue()
        #expect(receiver.requests.count == number, "before attempt \(number + 1)")
        advance(1)
      }
      await sender.sendDue()
      #expect(receiver.requests.count == number + 1)
    }
    let dead = try #require(try deliveries().first)
    #expect(dead.state == .dead && dead.status == 500 && dead.attempts == 8)
    advance(100_000)
    await sender.sendDue()
    #expect(receiver.requests.count == 8)
    #expect(Set(receiver.requests.map(\.headers["webhook-id"])).count == 1)
    #expect(Set(receiver.requests.map(\.body)).count == 1)

    receiver.answer(.status(204))
    #expect(try service.redeliverDead(toWebhook: "CRM", since: Shop.asOf) == 1)
    await sender.sendDue()
    #expect(receiver.requests.last?.headers["webhook-id"] == dead.message)
    #expect(try deliveries()[0].state == .delivered)
  }

  @Test func `pauses are spread, and receivers get the time that they want`() {
    let policy = WebhookPolicy()
    func pause(_ attempts: Int, wish: Int64? = nil, jitter: Double = 0) -> Int64? {
      policy.nextAttempt(after: attempts, at: 0, wish: wish, jitter: jitter).map { $0 / 1_000_000 }
    }
    #expect(pause(1) == 5 && pause(1, jitter: 1) == 6 && pause(1, jitter: 7) == 6)
    #expect(pause(1, wish: 60) == 60 && pause(2, wish: 60) == 300)
    #expect(pause(1, wish: .max) == 24 * 3_600 && pause(1, wish: -9) == 5)
    #expect(pause(8) == nil)
  }

  @Test func `both secrets sign while they are exchanged`() async throws {
    let new = try service.rotateSecret(ofWebhook: "crm").text
    #expect(new != secret)
    try happen("a")
    await sender.sendDue()
    #expect(try [secret, new].allSatisfy { try isSigned(receiver.requests[0], by: $0) })
    advance(24 * 3_600)
    try happen("b")
    await sender.sendDue()
    #expect(try [secret, new].map { try isSigned(receiver.requests[1], by: $0) } == [false, true])

    let newest = try service.rotateSecret(ofWebhook: "crm").text
    try service.removeOldSecret(ofWebhook: "crm")
    try happen("c")
    await sender.sendDue()
    #expect(try [new, newest].map { try isSigned(receiver.requests[2], by: $0) } == [false, true])
  }

  @Test func `a receiver that is gone is sent nothing more`() async throws {
    receiver.answer(.status(410))
    try happen("a")
    await sender.sendDue()
    let webhook = try service.webhook("crm")
    #expect(webhook.state == .disabled && webhook.reason?.contains("410") == true)
    try happen("b")
    await sender.sendDue()
    #expect(receiver.requests.count == 1)
    #expect(throws: WebhookError.disabled("crm")) { try service.testWebhook("crm") }
    #expect(throws: WebhookError.disabled("crm")) {
      try service.redeliverDead(toWebhook: "crm", since: Shop.asOf)
    }
    try service.changeWebhook("crm", [.state(.active)])
    receiver.answer(.status(200))
    #expect(try service.redeliverDead(toWebhook: "crm", since: Shop.asOf) == 1)
    await sender.sendDue()
    #expect(receiver.requests.count == 2)
  }

  @Test func `a webhook that fails for days is disabled`() async throws {
    receiver.answer(.failed(.timeout))
    for day in 0..<5 {
      try happen("a\(day)")
      await sender.sendDue()
      #expect(try service.webhook("crm").state == .active)
      advance(24 * 3_600)
    }
    await sender.sendDue()
    let webhook = try service.webhook("crm")
    #expect(
      webhook.state == .disabled && webhook.reason == "Nothing could be delivered for 5 days.")
    #expect(try deliveries().allSatisfy { $0.state == .dead })
  }

  @Test func `one success begins the count anew`() async throws {
    receiver.answer(.failed(.connection))
    try happen("a")
    await sender.sendDue()
    advance(4 * 24 * 3_600)
    receiver.answer(.status(200))
    await sender.sendDue()
    advance(2 * 24 * 3_600)
    receiver.answer(.failed(.connection))
    try happen("b")
    await sender.sendDue()
    #expect(try service.webhook("crm").state == .active)
  }

  @Test func `what was sent and not noted is sent again with the same id`() async throws {
    try happen()
    // The process ends between the answer and the note: the task is cancelled while it is sent.
    let dying = WebhookSender(
      service,
      send: { [receiver] request in
        let answer = receiver.take(request)
        withUnsafeCurrentTask { $0?.cancel() }
        return answer
      })
    await dying.sendDue()
    #expect(try deliveries()[0].state == .pending && deliveries()[0].attempts == 0)
    await sender.sendDue()
    #expect(receiver.requests.count == 2)
    #expect(
      receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"])
    #expect(try deliveries()[0].state == .delivered)
  }

  @Test func `a slow webhook keeps no other one waiting, and is sent a few at a time`() async throws
  {
    _ = try service.createWebhook(
      WebhookDraft(name: "slow", url: "https://slow.example/", types: [.segmentActivated]))
    for number in 0..<6 { try happen("a\(number)") }
    let (arrived, arrival) = AsyncStream<String>.makeStream()
    let (noted, note) = AsyncStream<Void>.makeStream()
    service.observeDeliveries { note.yield() }
    let sender = WebhookSender(
      service,
      send: { request in
        arrival.yield(request.url.host)
        if request.url.host == "slow.example" {
          try? await Task.sleep(for: .seconds(3_600))
          return .failed(.timeout)
        }
        return .status(200)
      }, sleep: { _ in try await Task.sleep(for: .seconds(3_600)) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await sender.run() }
      var counts: [String: Int] = [:]
      for await host in arrived {
        counts[host, default: 0] += 1
        if counts == ["example.com": 6, "slow.example": 4] { break }
      }
      // It ends when all of the one are noted, whatever becomes of the other.
      note.yield()
      for await _ in noted where try deliveries().allSatisfy({ $0.state == .delivered }) { break }
      group.cancelAll()
    }
    let slow = try service.deliveries(to: service.webhook("slow"), limit: 9)
    #expect(slow.count == 6 && slow.allSatisfy { $0.state == .pending && $0.attempts == 0 })
  }

  @Test func `what happens is sent as it happens`() async throws {
    let (arrived, arrival) = AsyncStream<Void>.makeStream()
    let sender = WebhookSender(
      service,
      send: { _ in
        arrival.yield()
        return .status(200)
      }, sleep: { _ in try await Task.sleep(for: .seconds(3_600)) })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await sender.run() }
      var next = arrived.makeAsyncIterator()
      for number in 0..<3 {
        try happen("a\(number)")
        _ = await next.next()
      }
      group.cancelAll()
    }
  }
}
