import Foundation
import SegmentCompiler
import SegmentStore

@testable import SegmentService

/// Accounts in memory, a clock that is set by hand, and hashes that take no time.
final class People: Sendable {
  static let password = "correct horse battery"
  static let office = Origin(address: "192.0.2.1", userAgent: "Browser", request: "r-1")
  static let elsewhere = Origin(address: "198.51.100.7")

  let identity: Identity
  let store: SegmentStore
  private let clock = Guarded<Int64>(1_700_000_000_000_000)

  init(cost: PasswordCost = PasswordCost(rounds: 4, blockSize: 8, parallelism: 1)) throws {
    store = try .inMemory(author: .tester)
    identity = Identity(store: store, passwords: Passwords(cost: cost)) { [clock] in
      Instant(microseconds: clock.withLock { $0 })
    }
  }

  /// The same people where anybody may enter the demo account, or where nobody may.
  func identity(allowsDemo: Bool) -> Identity {
    Identity(store: store, passwords: identity.passwords, allowsDemo: allowsDemo) { [clock] in
      Instant(microseconds: clock.withLock { $0 })
    }
  }

  func pass(seconds: Int64) { clock.withLock { $0 += seconds * 1_000_000 } }

  /// An account whose owner has chosen a password, with the session in which that happened.
  @discardableResult
  func join(_ name: String, as role: Role = .viewer, from origin: Origin = office) async throws
    -> StartedSession
  {
    let created = try identity.createAccount(name, role: role)
    return try await identity.redeem(
      secret: created.secret.text, of: name, password: People.password, from: origin)
  }

  func signIn(
    _ name: String, _ password: String = password, from origin: Origin = office
  ) async throws -> StartedSession {
    try await identity.signIn(name, password: password, from: origin)
  }

  /// What the audit log says, the first entry first.
  func log() throws -> [AuditEntry] { try store.auditEntries(limit: 1_000).reversed() }
}
