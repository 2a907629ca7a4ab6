import SegmentCompiler
import SegmentStore

/// The account that anybody may enter while a server shows a demonstration.
extension Identity {
  /// Sees segments and results, changes and refreshes them; no accounts, no erasure.
  static let demoRole = Role.contributor

  /// The demo account: the one that there is, or a new one.
  ///
  /// - Throws: ``IdentityError/noDemo``.
  @discardableResult
  public func ensureDemo() throws -> Account {
    guard allowsDemo else { throw IdentityError.noDemo }
    return try store.editAccounts(at: now) { edits in
      let accounts = try edits.accounts()
      if let known = accounts.first(where: \.isDemo) { return known }
      let account = try edits.create(
        accounts.freeName("demo"), displayName: "Demonstration", role: Identity.demoRole)
      return try edits.markAsDemo(account)
    }
  }

  /// Begins a session of the demo account, of whoever asks.
  ///
  /// - Throws: ``IdentityError/noDemo``; ``IdentityError/disabled(_:)``.
  public func enterDemo(from origin: Origin) throws -> StartedSession {
    let account = try ensureDemo()
    guard account.state == .active else { throw IdentityError.disabled(account.name) }
    return try startSession(of: account, by: .demo, from: origin) { _ in }
  }
}
