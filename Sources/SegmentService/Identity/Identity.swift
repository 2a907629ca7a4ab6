import Foundation
import SegmentCompiler
import SegmentStore

/// Who may use a workspace: accounts, their passwords, sessions and keys.
///
/// Copies are the same: they share the memory of failed attempts to sign in, and of keys.
public struct Identity: Sendable {
  /// Changes things on behalf of its author.
  private(set) var store: SegmentStore
  let passwords: Passwords
  let policy: IdentityPolicy
  let attempts: Guarded<SignInAttempts>
  let keys = KeptAPIKeys()
  /// Whether anybody may enter the demo account; where not, it cannot be used in any way.
  public let allowsDemo: Bool
  let clock: @Sendable () -> Instant

  init(
    store: SegmentStore, passwords: Passwords = Passwords(),
    policy: IdentityPolicy = IdentityPolicy(), allowsDemo: Bool = false,
    clock: @escaping @Sendable () -> Instant
  ) {
    self.store = store
    self.allowsDemo = allowsDemo
    self.passwords = passwords
    self.policy = policy
    self.clock = clock
    attempts = Guarded(SignInAttempts())
  }

  /// The same, for somebody else.
  func acting(as author: Author) -> Identity {
    var identity = self
    identity.store = store.acting(as: author)
    return identity
  }

  /// By the clock that ends sessions.
  public var time: Instant { clock() }

  /// Microseconds.
  var now: Int64 { clock().microseconds }

  /// Whether an account may be used now.
  func isUsable(_ account: Account) -> Bool {
    account.state == .active && (allowsDemo || !account.isDemo)
  }
}

/// How long things last, in microseconds.
public struct IdentityPolicy: Sendable {
  /// A session that is not used ends after this time …
  public var idle: Int64 = 12 * Duration.hour
  /// … and one that is used after this.
  public var session: Int64 = 7 * Duration.day
  public var secret: Int64 = Duration.day
  public var longestKey: Int64 = 366 * Duration.day

  public init() {}

  enum Duration {
    static let minute: Int64 = 60_000_000
    static let hour = 60 * minute
    static let day = 24 * hour
  }
}

/// Why somebody is not let in, or an account is not changed.
public enum IdentityError: Error, Equatable, CustomStringConvertible {
  /// Name and password do not go together; which of the two is wrong nobody is told.
  case wrongCredentials
  /// There were failed attempts; the next one is possible after so many seconds.
  case tooSoon(seconds: Int)
  /// The one-time secret is wrong, used up or over.
  case wrongSecret
  /// The password that somebody gave to change it.
  case wrongPassword
  case unusablePassword(PasswordProblem)
  case invalidName(String)
  case invalidDisplayName
  case nameTaken(String)
  case unknownAccount(String, hint: String?)
  case unknownSession
  case unknownKey(String)
  case invalidKeyName
  case noScopes
  /// Scopes that the role of the account does not include.
  case scopesBeyondRole([Scope], Role)
  case invalidExpiry(days: Int)
  /// Of somebody who has proved to be its owner.
  case disabled(String)
  case noDemo
  /// What the demo account cannot have.
  case demoAccount(String)
  /// A provider vouches for somebody who has no account and may not have one.
  case notInvited
  /// An account has the e-mail address that a provider says somebody has, without having verified it.
  case emailNotVerified(String)
  /// … or it is somebody's who signs in in another way.
  case accountOfOther(String)

  public var description: String {
    switch self {
    case .wrongCredentials: "The name or the password is wrong."
    case .tooSoon(let seconds):
      "There were too many failed attempts. Try again in \(seconds) \(seconds == 1 ? "second" : "seconds")."
    case .wrongSecret:
      "The one-time secret is wrong, was used, or is over. An administrator can give another one: muster users secret NAME"
    case .wrongPassword: "The current password is wrong."
    case .unusablePassword(let problem): problem.description
    case .invalidName(let name):
      "'\(name)' is no name of an account: it has 1 to 100 letters (a to z), digits and . _ @ + -, and begins with a letter or a digit."
    case .invalidDisplayName:
      "A display name has 1 to 200 characters and no control characters."
    case .nameTaken(let name): "There is an account '\(name)' already."
    case .unknownAccount(let name, let hint):
      "There is no account '\(name)'." + (hint.map { " \($0)" } ?? "")
    case .unknownSession: "There is no such session."
    case .unknownKey(let id): "There is no key '\(id)'."
    case .invalidKeyName:
      "A key needs a name that says what it is for: 1 to 200 characters, no control characters."
    case .noScopes:
      "A key needs scopes: \(Scope.allCases.map(\.rawValue).joined(separator: ", "))."
    case .scopesBeyondRole(let scopes, let role):
      "A \(role.rawValue) cannot have keys with the scopes \(scopes.map(\.rawValue).joined(separator: ", "))."
    case .invalidExpiry(let days): "A key can be used for 1 to \(days) days."
    case .disabled(let name): "The account '\(name)' is disabled. Ask an administrator."
    case .noDemo: "There is no demonstration here: the server was started without --demo."
    case .demoAccount(let name):
      "'\(name)' is the demo account: it has no password, and always the role of a \(Identity.demoRole.rawValue)."
    case .notInvited: "Nobody has made an account for you. Ask an administrator."
    case .emailNotVerified(let name):
      "There is an account '\(name)', but your provider does not say that it has verified this e-mail address. Verify it there, or ask an administrator."
    case .accountOfOther(let name):
      "There is an account '\(name)' with another way to sign in: it is not given to somebody else. Sign in as before, or ask an administrator."
    }
  }
}
