import Foundation
import SegmentCompiler
import SegmentStore

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
    guard let match = text.wholeMatch(of: /muster_([0-9a-f]{16})_([0-9a-f]{64})/),
      let (key, secretHash, account) = try store.apiKey(String(match.1)),
      Token(String(match.2)).matches(secretHash),
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
