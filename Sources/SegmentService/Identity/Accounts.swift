import Foundation
import SegmentCompiler
import SegmentStore

/// A change of an account.
public enum AccountChange: Sendable, Equatable {
  case displayName(String?)
  case role(Role)
  case state(AccountState)
}

/// A secret that lets somebody choose a password: valid once, and until then.
public struct OneTimeSecret: Sendable {
  /// The name of the account.
  public var account: String
  public var text: String
  public var expires: Instant
}

extension Identity {
  /// All, by name.
  public func accounts() throws -> [Account] { try store.accounts() }

  /// - Throws: ``IdentityError/unknownAccount(_:hint:)``.
  public func account(_ name: String) throws -> Account {
    guard let account = try store.account(name) else { throw try unknownAccount(name) }
    return account
  }

  /// Makes an account with a one-time secret, by which its owner chooses a password.
  public func createAccount(_ name: String, displayName: String? = nil, role: Role) throws -> (
    account: Account, secret: OneTimeSecret
  ) {
    guard isAccountName(name) else { throw IdentityError.invalidName(name) }
    try require(displayName: displayName)
    return try store.editAccounts(at: now) { edits in
      guard try edits.account(name) == nil else { throw IdentityError.nameTaken(name) }
      let account = try edits.create(name, displayName: displayName, role: role)
      let secret = try giveSecret(to: account, edits)
      return (try edits.account(name) ?? account, secret)
    }
  }

  /// Makes changes of an account, all or none.
  ///
  /// - Throws: `SegmentStoreError.lastAdministrator` where nobody could manage accounts any more.
  @discardableResult
  public func changeAccount(_ name: String, _ changes: [AccountChange]) throws -> Account {
    try store.editAccounts(at: now) { edits in
      var account = try existing(name, edits)
      for change in changes {
        switch change {
        case .displayName(let text):
          try require(displayName: text)
          account.displayName = text
        case .role(let role):
          guard !account.isDemo else { throw IdentityError.demoAccount(account.name) }
          account.role = role
        case .state(let state): account.state = state
        }
      }
      return try edits.update(account)
    }
  }

  /// Deletes an account with its sessions and keys. The audit log keeps its name.
  ///
  /// - Throws: `SegmentStoreError.lastAdministrator`.
  public func deleteAccount(_ name: String) throws {
    try store.editAccounts(at: now) { edits in
      try edits.delete(try existing(name, edits))
    }
  }

  /// Gives an account a one-time secret, for somebody who has forgotten the password, which stays until the secret is
  /// used.
  public func renewSecret(of name: String) throws -> OneTimeSecret {
    try store.editAccounts(at: now) { edits in
      try giveSecret(to: try existing(name, edits), edits)
    }
  }

  /// Sees to it that somebody can manage accounts: where there is none yet, `admin` is made, and as long as no
  /// administrator has a password or a provider, one has a fresh secret at each start.
  ///
  /// - Returns: nil where an administrator can sign in.
  public func ensureAdministrator() throws -> OneTimeSecret? {
    let administrators = try store.accounts().filter {
      $0.role == .administrator && $0.state == .active
    }
    if administrators.contains(where: { $0.hasPassword || $0.issuer != nil }) { return nil }
    if let account = administrators.first { return try renewSecret(of: account.name) }
    return try createAccount(try store.accounts().freeName("admin"), role: .administrator).secret
  }

  private func giveSecret(to account: Account, _ edits: AccountEdits) throws -> OneTimeSecret {
    guard !account.isDemo else { throw IdentityError.demoAccount(account.name) }
    let secret = Token.random(bytes: 20)
    let expires = edits.time + policy.secret
    try edits.give(secretHash: secret.hash, expires: expires, to: account)
    return OneTimeSecret(
      account: account.name, text: secret.text, expires: Instant(microseconds: expires))
  }

  func existing(_ name: String, _ edits: AccountEdits) throws -> Account {
    guard let account = try edits.account(name) else { throw try unknownAccount(name) }
    return account
  }

  private func unknownAccount(_ name: String) throws -> IdentityError {
    .unknownAccount(name, hint: NearNames.hint(name, among: try store.accounts().map(\.name)))
  }

  private func require(displayName: String?) throws {
    guard let displayName else { return }
    guard isLabel(displayName) else { throw IdentityError.invalidDisplayName }
  }

  func isAccountName(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}/) != nil
  }

  /// Whether a text can stand where people read it: 1 to 200 characters that can be seen.
  func isLabel(_ text: String) -> Bool {
    (1...200).contains(text.unicodeScalars.count)
      && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
      && !text.allSatisfy(\.isWhitespace)
  }
}

extension [Account] {
  /// A name that none of them has: `admin`, `admin2`, `admin3` …
  func freeName(_ name: String) -> String {
    let taken = Set(map { $0.name.lowercased() })
    let names = [name] + (0...count).map { "\(name)\($0 + 2)" }
    return names.first { !taken.contains($0.lowercased()) } ?? name
  }
}
