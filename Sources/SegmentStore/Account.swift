import Foundation

/// What an account may do; each role may do what those before it may.
public enum Role: String, Sendable, CaseIterable, Codable, Comparable {
  /// Sees segments, results and jobs.
  case viewer
  /// Changes segments and refreshes them.
  case contributor
  /// Everything: accounts, schedule, erasure, the audit log.
  case administrator

  public static func < (left: Role, right: Role) -> Bool {
    allCases.firstIndex(of: left)! < allCases.firstIndex(of: right)!
  }
}

public enum AccountState: String, Sendable, CaseIterable, Codable {
  case active
  /// Can neither sign in nor use keys.
  case disabled
}

/// Somebody who may use the workspace over the network.
public struct Account: Sendable, Hashable, Identifiable {
  public let id: Int64
  /// Unique, whatever the case of its letters.
  public let name: String
  public var displayName: String?
  public var role: Role
  public var state: AccountState
  /// Whether there is a password; one without signs in by a one-time secret or another provider.
  public internal(set) var hasPassword: Bool
  /// The OpenID provider that vouches for its owner; nil where none does.
  public internal(set) var issuer: String?
  /// Whether it is the one that anybody may enter where a server shows a demonstration.
  public internal(set) var isDemo: Bool
  /// Until when its one-time secret can be used; nil where there is none.
  public internal(set) var secretExpires: Int64?
  public internal(set) var created: Int64
}

/// How a session was begun.
public enum SignInMethod: String, Sendable, CaseIterable, Codable {
  case password
  /// The one-time secret that a password was chosen with.
  case secret
  case openIDConnect
  /// Whoever asked was let in.
  case demo
}

/// Who somebody is to a provider: a subject is never given to somebody else.
public struct ProviderSubject: Sendable, Hashable {
  public var issuer: String
  public var subject: String

  public init(issuer: String, subject: String) {
    self.issuer = issuer
    self.subject = subject
  }
}

/// What proves that somebody is an account.
public struct Credentials: Sendable {
  public var account: Account
  /// With the parameters that it was made with.
  public var passwordHash: String?
  /// SHA-256.
  public var secretHash: Data?
  /// Failed attempts since the last one that succeeded, and when the last of them was.
  public var failures: Int
  public var lastFailure: Int64?
}

/// Where somebody has signed in.
public struct Session: Sendable, Hashable, Identifiable {
  public let id: Int64
  public var account: Int64
  public var created: Int64
  /// To the minute.
  public var lastUsed: Int64
  /// When it ends, however much it is used.
  public var expires: Int64
  public var method: SignInMethod
  public var origin: Origin
}

/// What a program may do on behalf of an account; a key never may more than its account.
public enum Scope: String, Sendable, CaseIterable, Codable {
  case readSegments = "segments:read"
  case writeSegments = "segments:write"
  case readCatalog = "catalog:read"
  /// Members, previews, values: data of customers.
  case readResults = "results:read"
  case readJobs = "jobs:read"
  case writeJobs = "jobs:write"
  /// Everything that only administrators may.
  case administer = "administration"

  /// The least role of an account whose keys can have it.
  public var role: Role {
    switch self {
    case .readSegments, .readCatalog, .readResults, .readJobs: .viewer
    case .writeSegments, .writeJobs: .contributor
    case .administer: .administrator
    }
  }
}

/// A key for programs; its secret is shown once and not kept.
public struct APIKey: Sendable, Hashable, Identifiable {
  public let id: String
  public var account: Int64
  /// What it is for, in the words of whoever made it.
  public var name: String
  public var scopes: Set<Scope>
  public var created: Int64
  public var expires: Int64
  /// The start of the day (UTC) of its last use.
  public var lastUsed: Int64?
}
