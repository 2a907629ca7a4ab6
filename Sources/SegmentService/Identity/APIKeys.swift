import Foundation
import SegmentCompiler
import SegmentStore
import Synchronization

/// A key as it is shown once: `muster_`, its id, its secret.
public struct NewAPIKey: Sendable {
  public var key: APIKey
  public var text: String
}

extension Identity {
  /// Makes a key of an account.
  ///
  /// - Parameter lifetime: microseconds.
  public func createAPIKey(
    _ name: String, of account: Account, scopes: Set<Scope>, lifetime: Int64
  ) throws -> NewAPIKey {
    guard isLabel(name) else { throw IdentityError.invalidKeyName }
    guard !scopes.isEmpty else { throw IdentityError.noScopes }
    guard (1...policy.longestKey).contains(lifetime) else {
      throw IdentityError.invalidExpiry(
        days: Int(policy.longestKey / IdentityPolicy.Duration.day))
    }
    let (id, secret) = (Token.random(bytes: 8).text, Token.random())
    return try store.editAccounts(at: now) { edits in
      let account = try existing(account.name, edits)
      let beyond = scopes.filter { $0.role > account.role }
      guard beyond.isEmpty else {
        throw IdentityError.scopesBeyondRole(
          Scope.allCases.filter(beyond.contains), account.role)
      }
      let key = APIKey(
        id: id, account: account.id, name: name, scopes: scopes, created: edits.time,
        expires: edits.time + lifetime)
      try edits.create(key, secretHash: secret.hash, of: account)
      return NewAPIKey(key: key, text: "muster_\(id)_\(secret.text)")
    }
  }

  /// Who a key lets in; nil where there is no such key, it is over, or its account is disabled.
  public func apiKey(_ text: String) throws -> SignedIn? {
    let now = now
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "muster",
      let (key, secretHash, account) = try keys.key(String(parts[1]), in: store),
      Token(String(parts[2])).matches(secretHash),
      now < key.expires, isUsable(account)
    else { return nil }
    let day = now - now % IdentityPolicy.Duration.day
    if key.lastUsed != day { try store.noteUse(ofKey: key.id, on: day) }
    return SignedIn(account: account, proof: .apiKey(key))
  }

  /// The keys of an account, or all, the newest first; those that are over, too.
  public func apiKeys(of account: Account? = nil) throws -> [APIKey] {
    try store.apiKeys(of: account?.id)
  }

  /// - Parameter account: nil for whosever it is.
  /// - Throws: ``IdentityError/unknownKey(_:)`` where there is no such one, or it is another account's.
  public func revokeAPIKey(_ id: String, of account: Account? = nil) throws {
    guard let owner = try store.apiKey(id)?.account, account == nil || account?.id == owner.id
    else {
      throw IdentityError.unknownKey(id)
    }
    try store.editAccounts(at: now) { edits in
      guard try edits.revoke(id, of: owner) else { throw IdentityError.unknownKey(id) }
    }
  }
}

/// API keys that were shown, with the accounts that they are of, as long as no key and no account is changed: most requests
/// show one of few.
final class KeptAPIKeys: Sendable {
  typealias Known = (key: APIKey, secretHash: Data, account: Account)

  private static let limit = 1_000

  private let kept = Mutex<(moment: Int, keys: [String: Known])>((0, [:]))

  /// nil where there is no such key.
  func key(_ id: String, in store: SegmentStore) throws -> Known? {
    let changes = store.changes(of: [.keys], since: kept.withLock(\.moment))
    let known = kept.withLock { kept in
      if !changes.owners.isEmpty { kept.keys = [:] }
      kept.moment = max(kept.moment, changes.moment)
      return kept.keys[id]
    }
    if let known { return known }
    guard let read = try store.apiKey(id) else { return nil }
    kept.withLock { kept in
      // What was read before a change is not kept after it.
      guard kept.moment == changes.moment else { return }
      if kept.keys.count >= KeptAPIKeys.limit { kept.keys = [:] }
      kept.keys[id] = read
    }
    return read
  }
}
