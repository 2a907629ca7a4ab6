import Foundation

/// Failed attempts to sign in, in the memory of the process: how long the next one has to wait.
///
/// Each attempt counts as failed until it has succeeded, so that many at once are as slow as one after the other.
/// A name and an address are counted alike, whether there is such an account or not. Where somebody has signed in
/// to an account before, attempts from there are counted on their own: strangers who try a name cannot keep its owner
/// out.
struct SignInAttempts: Sendable {
  private enum Counter: Hashable {
    /// Attempts of strangers.
    case name(String)
    case nameFrom(String, address: String)
    case address(String)

    /// How many are free.
    var free: Int {
      switch self {
      case .name, .nameFrom: 3
      // Offices share an address.
      case .address: 20
      }
    }
  }

  private struct Failures {
    var count: Int
    /// Microseconds.
    var last: Int64
  }

  private var failures: [Counter: Failures] = [:]
  static let longestWait: Int64 = 15 * IdentityPolicy.Duration.minute
  private static let forgottenAfter = IdentityPolicy.Duration.day
  /// How many counters are held; those that failed longest ago make room.
  private static let most = 20_000

  /// Where an attempt comes from.
  struct Source: Sendable, Hashable {
    /// nil where names are not counted.
    var name: String?
    var address: String
    /// Whether somebody has signed in to the account from there before.
    var isKnown: Bool
  }

  /// Counts an attempt as failed.
  ///
  /// - Parameter stored: what was counted for the name before the process was started.
  /// - Returns: how many have failed in a row, this one included.
  /// - Throws: ``IdentityError/tooSoon(seconds:)``, and then it does not count.
  mutating func begin(
    _ source: Source, stored: (count: Int, last: Int64)? = nil, at now: Int64
  ) throws -> Int {
    let counters = SignInAttempts.counters(source)
    if let stored, !source.isKnown, failures[counters[0]] == nil {
      failures[counters[0]] = Failures(count: stored.count, last: stored.last)
    }
    let wait = counters.map { self.wait($0, at: now) }.max() ?? 0
    guard wait <= 0 else { throw IdentityError.tooSoon(seconds: Int((wait + 999_999) / 1_000_000)) }
    makeRoom(at: now)
    for counter in counters {
      failures[counter] = Failures(count: count(counter, at: now) + 1, last: now)
    }
    return count(counters[0], at: now)
  }

  /// Forgets the attempts of somebody who has succeeded; others from the same address stay counted.
  mutating func succeed(_ source: Source) {
    for counter in SignInAttempts.counters(source) {
      if case .address = counter {
        failures[counter]?.count -= 1
      } else {
        failures[counter] = nil
      }
    }
  }

  /// What must pass between two attempts after so many failed ones: 1, 2, 4 … seconds, up to a quarter of an hour.
  static func pause(after failures: Int, free: Int) -> Int64 {
    guard failures >= free else { return 0 }
    return min(1_000_000 << Int64(min(failures - free, 20)), longestWait)
  }

  private static func counters(_ source: Source) -> [Counter] {
    guard let name = source.name?.lowercased() else { return [.address(source.address)] }
    return source.isKnown
      ? [.nameFrom(name, address: source.address)] : [.name(name), .address(source.address)]
  }

  private func count(_ counter: Counter, at now: Int64) -> Int {
    guard let known = failures[counter], now - known.last < SignInAttempts.forgottenAfter else {
      return 0
    }
    return known.count
  }

  private func wait(_ counter: Counter, at now: Int64) -> Int64 {
    guard let known = failures[counter] else { return 0 }
    let pause = SignInAttempts.pause(after: count(counter, at: now), free: counter.free)
    // A clock that was put back must not make it longer.
    return min(pause, known.last + pause - now)
  }

  private mutating func makeRoom(at now: Int64) {
    guard failures.count >= SignInAttempts.most else { return }
    failures = failures.filter { now - $0.value.last < SignInAttempts.longestWait }
    guard failures.count >= SignInAttempts.most else { return }
    let oldest = failures.sorted { $0.value.last < $1.value.last }.prefix(SignInAttempts.most / 10)
    for (counter, _) in oldest { failures[counter] = nil }
  }
}

/// The part of an address that stands for one customer of a network: all of IPv4, the first 64 bits of IPv6.
func networkPart(of address: String) -> String {
  guard address.contains(":") else { return address }
  var bytes = in6_addr()
  guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
  return withUnsafeBytes(of: bytes) { bytes in
    // IPv4 within IPv6 stays whole.
    let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
    return bytes.prefix(isMapped ? 16 : 8).map { String($0, radix: 16) }.joined(separator: ".")
  }
}
