/// How often and for how long a delivery is tried. Times are microseconds.
public struct WebhookPolicy: Sendable, Hashable {
  /// After each attempt that failed; there is one attempt more. As Standard Webhooks proposes.
  public var pauses: [Int64] = [
    5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour,
  ]
  /// From 0 to 1: the most that is added to a pause, of its length.
  public var spread = 0.2
  /// A receiver that wants more time gets so much at most.
  public var longestPause = 24 * hour
  /// A webhook that nothing could be delivered to for so long is disabled.
  public var disablingAfter = 5 * 24 * hour
  /// How long deliveries are kept after their end, and how many of a webhook.
  public var keeping = 30 * 24 * hour
  public var mostKept = 100_000
  /// How much is sent to one webhook at the same time. Each webhook has its own share, so that none waits for a slow
  /// one.
  public var mostAtOnce = 4

  public init() {}

  static let second: Int64 = 1_000_000
  static let minute = 60 * second
  static let hour = 60 * minute

  /// When a delivery is tried again; nil where it was tried often enough.
  ///
  /// - Parameters:
  ///   - attempts: how often it was tried, this time included.
  ///   - wish: the seconds for which the receiver wants to be left alone.
  ///   - jitter: from 0 to 1.
  func nextAttempt(after attempts: Int, at now: Int64, wish: Int64?, jitter: Double) -> Int64? {
    guard pauses.indices.contains(attempts - 1) else { return nil }
    let pause = Double(pauses[attempts - 1]) * (1 + spread * min(1, max(0, jitter)))
    let wished = min(wish ?? 0, longestPause / WebhookPolicy.second) * WebhookPolicy.second
    return now + max(Int64(pause), wished)
  }
}
