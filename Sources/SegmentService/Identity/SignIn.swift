import Foundation
import SegmentCompiler
import SegmentStore

/// Somebody who is let in, and by what.
public struct SignedIn: Sendable {
  public enum Proof: Sendable {
    /// A browser's session.
    case session(Session)
    /// A program's key.
    case apiKey(APIKey)
  }

  public var account: Account
  public var proof: Proof

  /// Whether the role of the account, and the scopes of a key, include it.
  public func may(_ role: Role, _ scope: Scope) -> Bool {
    guard account.role >= role else { return false }
    return switch proof {
    case .session: true
    case .apiKey(let key): key.scopes.contains(scope)
    }
  }

  /// Who is responsible for what is done now.
  public func author(from origin: Origin) -> Author {
    switch proof {
    case .session: Author(.account, name: account.name, account: account.id, origin: origin)
    case .apiKey(let key):
      Author(.apiKey, name: account.name, account: account.id, apiKey: key.id, origin: origin)
    }
  }
}

/// A session with its token, which is shown once and kept by the client only.
public struct StartedSession: Sendable {
  public var account: Account
  public var session: Session
  public var token: Token
}

extension Identity {
  /// Begins a session.
  ///
  /// - Throws: ``IdentityError/wrongCredentials`` whatever is wrong, after the same time;
  ///   ``IdentityError/tooSoon(seconds:)`` after failed attempts.
  public func signIn(_ name: String, password: String, from origin: Origin) async throws
    -> StartedSession
  {
    let credentials = try store.credentials(name)
    let source = try source(name, credentials?.account, origin)
    let count = try begin(source, credentials)
    let hash = credentials?.passwordHash.flatMap { PasswordHash($0) }
    // Longer texts are no passwords, and must not be worked on.
    let isRight = try await passwords.verify(
      password.utf8.count > 4 * PasswordProblem.longest ? "" : password, against: hash)
    guard isRight, let credentials, let hash, isUsable(credentials.account) else {
      try noteFailure(of: credentials?.account, count: count, from: origin)
      throw IdentityError.wrongCredentials
    }
    attempts.withLock { $0.succeed(source) }
    let renewed = hash.cost == passwords.cost ? nil : try await passwords.hash(password)
    return try startSession(of: credentials.account, by: .password, from: origin) { edits in
      // It may have been changed, or the account disabled, while it was verified.
      let now = try edits.credentials(credentials.account.name)
      guard now?.passwordHash == credentials.passwordHash, now?.account.state == .active else {
        throw IdentityError.wrongCredentials
      }
      if let renewed { try edits.renewPasswordHash(renewed.description, of: credentials.account) }
    }
  }

  /// Sets the password of somebody who has a one-time secret, and begins a session.
  ///
  /// - Throws: ``IdentityError/wrongSecret``; ``IdentityError/unusablePassword(_:)``, and then the secret can be used again.
  public func redeem(
    secret: String, of name: String, password: String, from origin: Origin
  ) async throws -> StartedSession {
    let credentials = try store.credentials(name)
    // Nobody guesses a secret: strangers who try must not keep its owner out.
    let source = try source(nil, credentials?.account, origin)
    let count = try begin(source, nil)
    func isRight(_ credentials: Credentials?) -> Bool {
      guard let credentials, let hash = credentials.secretHash,
        let expires = credentials.account.secretExpires, isUsable(credentials.account)
      else { return false }
      return Token(secret).matches(hash) && now < expires
    }
    guard isRight(credentials), let account = credentials?.account else {
      try noteFailure(of: credentials?.account, count: count, from: origin)
      throw IdentityError.wrongSecret
    }
    attempts.withLock { $0.succeed(source) }
    if let problem = PasswordProblem(of: password, for: account) {
      throw IdentityError.unusablePassword(problem)
    }
    let hash = try await passwords.hash(password)
    return try startSession(of: account, by: .secret, from: origin) { edits in
      guard isRight(try edits.credentials(name)) else { throw IdentityError.wrongSecret }
      try edits.setPassword(hash.description, of: account)
    }
  }

  /// Changes the password of somebody who is signed in; all other sessions end.
  ///
  /// - Throws: ``IdentityError/wrongPassword``, ``IdentityError/tooSoon(seconds:)``,
  ///   ``IdentityError/unusablePassword(_:)``.
  public func changePassword(
    of account: Account, from current: String, to new: String, in session: Session
  ) async throws {
    let credentials = try store.credentials(account.name)
    let source = try source(account.name, account, session.origin)
    let count = try begin(source, credentials)
    let hash = credentials?.passwordHash.flatMap { PasswordHash($0) }
    guard try await passwords.verify(current, against: hash) else {
      try noteFailure(of: account, count: count, from: session.origin)
      throw IdentityError.wrongPassword
    }
    attempts.withLock { $0.succeed(source) }
    if let problem = PasswordProblem(of: new, for: account) {
      throw IdentityError.unusablePassword(problem)
    }
    let newHash = try await passwords.hash(new)
    try store.editAccounts(at: now) { edits in
      try edits.setPassword(
        newHash.description, of: try existing(account.name, edits), in: session.id)
    }
  }

  // MARK: Attempts

  /// Counts an attempt that is not about one account as failed until `body` has succeeded.
  ///
  /// - Throws: ``IdentityError/tooSoon(seconds:)`` after many that failed from the same network.
  public func attempt<Result: Sendable>(
    from origin: Origin, _ body: () async throws -> Result
  ) async throws -> Result {
    let source = try source(nil, nil, origin)
    _ = try begin(source, nil)
    let result = try await body()
    attempts.withLock { $0.succeed(source) }
    return result
  }

  /// - Parameter name: nil where attempts are counted by address only.
  private func source(_ name: String?, _ account: Account?, _ origin: Origin) throws
    -> SignInAttempts.Source
  {
    let address = networkPart(of: origin.address)
    let isKnown = try account.map { try store.knows(address: origin.address, of: $0.id) } ?? false
    // Whatever is given as a name is counted, but not held at any length.
    return SignInAttempts.Source(
      name: name.map { String($0.prefix(100)) }, address: address, isKnown: isKnown)
  }

  private func begin(_ source: SignInAttempts.Source, _ credentials: Credentials?) throws -> Int {
    let stored = credentials.flatMap { known in known.lastFailure.map { (known.failures, $0) } }
    return try attempts.withLock { try $0.begin(source, stored: stored, at: now) }
  }

  /// As much work for a name that nobody has as for one that somebody has.
  private func noteFailure(of account: Account?, count: Int, from origin: Origin) throws {
    let author = Author(.system, name: "sign-in", origin: origin)
    try store.acting(as: author).editAccounts(at: now) { edits in
      try edits.noteFailure(of: account, count: count)
    }
  }

  /// - Parameter prepare: done by the same transaction.
  func startSession(
    of account: Account, by method: SignInMethod, from origin: Origin,
    prepare: (AccountEdits) throws -> Void
  ) throws -> StartedSession {
    let token = Token.random()
    let author = Author(.account, name: account.name, account: account.id, origin: origin)
    return try store.acting(as: author).editAccounts(at: now) { edits in
      try prepare(edits)
      let account = try existing(account.name, edits)
      let session = try edits.startSession(
        of: account, by: method, tokenHash: token.hash, expires: edits.time + policy.session,
        origin: origin,
        idleSince: edits.time - policy.idle)
      return StartedSession(account: account, session: session, token: token)
    }
  }
}
