import Foundation
import SegmentCompiler
import SegmentStore

/// A message as it goes out.
public struct WebhookRequest: Sendable, Equatable {
  public var url: WebhookURL
  public var headers: [String: String]
  public var body: String
}

/// What came back, or why nothing did.
public enum WebhookResponse: Sendable, Equatable {
  /// - retryAfter: the seconds that the receiver wants to be left alone.
  case status(Int, retryAfter: Int64? = nil)
  case failed(WebhookProblem)
}

/// Why nothing came back.
public enum WebhookProblem: String, Sendable, CaseIterable {
  /// The name of the host is not known.
  case unknownHost
  /// The host has an address that requests may not go to.
  case internalAddress
  /// Nobody takes the connection, or it breaks.
  case connection
  /// The certificate is not one of this host.
  case certificate
  case timeout
}

/// Sends what the outbox holds: each message at least once, to each webhook in no certain order.
///
/// What is not noted as delivered is sent again, with the same id: also what was under way when the process ended.
public actor WebhookSender {
  private let service: SegmentService
  private let policy: WebhookPolicy
  private let send: @Sendable (WebhookRequest) async -> WebhookResponse
  private let jitter: @Sendable () -> Double
  private let sleep: @Sendable (Int64) async throws -> Void
  private let note: @Sendable (WebhookNote) -> Void
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  /// Ids of deliveries that are being sent, by webhook.
  private var underWay: [Int64: Set<Int64>] = [:]
  private var lastTidied: Int64?

  /// How often it looks what has become due, in microseconds; what is new it is told.
  static let pause: Int64 = 1_000_000
  private static let tidyingEvery: Int64 = 3_600_000_000

  /// - Parameters:
  ///   - send: makes one request, within its own limit of time.
  ///   - jitter: from 0 to 1, see ``WebhookPolicy/spread``.
  ///   - sleep: waits for so many microseconds.
  ///   - note: told what happens, for logs.
  public init(
    _ service: SegmentService, policy: WebhookPolicy = WebhookPolicy(),
    send: @escaping @Sendable (WebhookRequest) async -> WebhookResponse,
    jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
    sleep: @escaping @Sendable (Int64) async throws -> Void = {
      try await Task.sleep(for: .microseconds($0))
    },
    note: @escaping @Sendable (WebhookNote) -> Void = { _ in }
  ) {
    self.service = service.acting(as: .system("webhooks"))
    self.policy = policy
    self.send = send
    self.jitter = jitter
    self.sleep = sleep
    self.note = note
    (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Works until the task is cancelled; what is under way then is given up, and sent again at the next start.
  public func run() async {
    service.observeDeliveries { [wake] in wake.yield() }
    await withDiscardingTaskGroup { group in
      group.addTask { [sleep, wake] in
        while !Task.isCancelled {
          wake.yield()
          try? await sleep(WebhookSender.pause)
        }
      }
      for await _ in wakes {
        for due in due() { group.addTask { await self.deliver(due) } }
      }
      group.cancelAll()
    }
  }

  /// Sends what is due, once, and returns when it is done.
  func sendDue() async {
    await withDiscardingTaskGroup { group in
      for due in due() { group.addTask { await self.deliver(due) } }
    }
  }

  /// What is to be sent now; it is under way from here on.
  private func due() -> [DueDelivery] {
    do {
      let now = service.now().microseconds
      try tidy(now)
      let due = try service.store.dueDeliveries(
        at: now, most: policy.mostAtOnce, underWay: underWay)
      for item in due { underWay[item.webhook.id, default: []].insert(item.delivery.id) }
      return due
    } catch {
      // It looks again soon.
      note(.trouble(error))
      return []
    }
  }

  private func deliver(_ due: DueDelivery) async {
    let response = await response(to: due)
    defer {
      underWay[due.webhook.id]?.remove(due.delivery.id)
      // There is room for the next one.
      wake.yield()
    }
    // Whatever came of it is not known for certain.
    if Task.isCancelled { return }
    let now = service.now().microseconds
    let attempt = attempt(due, response, at: now)
    let disabling = disabling(due, response, at: now)
    do {
      try service.store.record(attempt, of: due, disabling: disabling)
    } catch {
      note(.trouble(error))
      return
    }
    if let disabling { note(.disabled(due.webhook, reason: disabling)) }
    if let problem = attempt.problem {
      note(.failed(due, problem: problem, isLast: attempt.nextAttempt == nil))
    }
  }

  private func response(to due: DueDelivery) async -> WebhookResponse {
    // The rules may have become stricter since.
    guard let url = try? WebhookURL(due.webhook.url, by: service.webhookRules) else {
      return .failed(.internalAddress)
    }
    let (message, body) = (due.delivery.message, due.delivery.body)
    let timestamp = service.now().microseconds / WebhookPolicy.second
    let signature = WebhookSignature.text(
      of: body, message: message, timestamp: timestamp, secrets: due.secrets)
    return await send(
      WebhookRequest(
        url: url,
        headers: [
          "content-type": "application/json", "user-agent": "Muster", "webhook-id": message,
          "webhook-timestamp": "\(timestamp)", "webhook-signature": signature,
        ], body: body))
  }

  private func attempt(_ due: DueDelivery, _ response: WebhookResponse, at now: Int64)
    -> DeliveryAttempt
  {
    func next(wish: Int64? = nil) -> Int64? {
      policy.nextAttempt(
        after: due.delivery.attempts + 1, at: now, wish: wish, jitter: jitter())
    }
    return switch response {
    case .status(200..<300, _): DeliveryAttempt(time: now, status: status(response))
    case .status(410, _): DeliveryAttempt(time: now, status: 410, problem: "gone")
    case .status(let status, let wish):
      DeliveryAttempt(
        time: now, status: status, problem: "refused", nextAttempt: next(wish: wish))
    case .failed(let problem):
      DeliveryAttempt(
        time: now, status: nil, problem: problem.rawValue, nextAttempt: next())
    }
  }

  private func status(_ response: WebhookResponse) -> Int? {
    if case .status(let status, _) = response { status } else { nil }
  }

  /// Why nothing more is sent to the webhook; nil where it goes on.
  private func disabling(_ due: DueDelivery, _ response: WebhookResponse, at now: Int64) -> String?
  {
    switch response {
    case .status(200..<300, _): return nil
    case .status(410, _): return "The receiver answered that it is gone (410)."
    case .status, .failed:
      guard let since = due.webhook.failingSince, now - since >= policy.disablingAfter else {
        return nil
      }
      let days = policy.disablingAfter / (24 * WebhookPolicy.hour)
      return "Nothing could be delivered for \(days) days."
    }
  }

  private func tidy(_ now: Int64) throws {
    if let lastTidied, now - lastTidied < WebhookSender.tidyingEvery { return }
    try service.store.forgetDeliveries(before: now - policy.keeping, most: policy.mostKept)
    lastTidied = now
  }
}

extension SegmentService {
  /// Calls `wake` after each transaction that has made or changed deliveries.
  public func observeDeliveries(_ wake: @escaping @Sendable () -> Void) {
    store.observeDeliveries(wake)
  }
}

/// What happens while messages are sent.
public enum WebhookNote: Sendable {
  /// - isLast: whether it is given up.
  case failed(DueDelivery, problem: String, isLast: Bool)
  case disabled(Webhook, reason: String)
  /// The store; it is tried again.
  case trouble(any Error)
}
