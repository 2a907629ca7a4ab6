import Foundation
import SegmentCompiler
import SegmentStore

extension Identity {
  /// The session of a token; nil where there is none, or it has ended.
  public func session(_ token: Token) throws -> SignedIn? {
    guard let (session, account) = try store.session(tokenHash: token.hash),
      isUsable(account), isGoingOn(session)
    else { return nil }
    // Not a write for every request.
    if now - session.lastUsed >= IdentityPolicy.Duration.minute {
      try store.noteUse(ofSession: session.id, at: now)
    }
    return SignedIn(account: account, proof: .session(session))
  }

  /// Whether somebody who was let in would be let in now, to the same: for what takes long. It is no use of a session.
  public func isStillIn(_ signedIn: SignedIn) throws -> Bool {
    let account: Account
    switch signedIn.proof {
    case .session(let session):
      guard let known = try store.session(id: session.id), isGoingOn(known.session) else {
        return false
      }
      account = known.account
    case .apiKey(let key):
      guard let known = try store.apiKey(key.id), now < known.key.expires else { return false }
      account = known.account
    }
    return isUsable(account) && account.role >= signedIn.account.role
  }

  private func isGoingOn(_ session: Session) -> Bool {
    now < session.expires && now < session.lastUsed + policy.idle
  }

  /// What a page of a session has to send with every request that changes something: other sites do not know it.
  public func requestToken(of session: Token) -> Token { session.derived(for: "muster request") }

  public func isRequestToken(_ text: String, of session: Token) -> Bool {
    requestToken(of: session).equals(Token(text))
  }

  /// The sessions of an account that have not ended, the last used first.
  public func sessions(of account: Account) throws -> [Session] {
    try store.sessions(of: account.id).filter(isGoingOn)
  }

  /// Ends a session.
  ///
  /// - Throws: ``IdentityError/unknownSession`` where the account has no such one.
  public func signOut(_ session: Int64, of account: Account) throws {
    try store.editAccounts(at: now) { edits in
      guard try edits.endSession(session, of: account) else { throw IdentityError.unknownSession }
    }
  }

  /// Ends all sessions of an account.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public func signOutEverywhere(_ account: Account) throws -> Int {
    try store.editAccounts(at: now) { try $0.endSessions(of: account) }
  }
}
