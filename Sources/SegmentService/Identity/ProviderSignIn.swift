import Crypto
import Foundation
import SegmentCompiler
import SegmentStore

/// Somebody whom an OpenID provider vouches for, as it describes them.
public struct VouchedPerson: Sendable, Equatable {
  public var subject: ProviderSubject
  public var email: String?
  /// Whether the provider knows that the address is theirs.
  public var isEmailVerified: Bool
  /// As they are called there; they may have chosen it.
  public var userName: String?
  public var displayName: String?
  public var groups: [String]

  public init(
    subject: ProviderSubject, email: String? = nil, isEmailVerified: Bool = false,
    userName: String? = nil, displayName: String? = nil, groups: [String] = []
  ) {
    self.subject = subject
    self.email = email
    self.isEmailVerified = isEmailVerified
    self.userName = userName
    self.displayName = displayName
    self.groups = groups
  }
}

/// Which role somebody has whom a provider vouches for.
public struct RoleRules: Sendable, Equatable {
  /// Of everybody without a group that gives another one; nil where they need an account that an administrator has made.
  public var standard: Role?
  /// By the provider's groups, the highest counts; where there are any, they decide at each sign-in.
  public var groups: [String: Role]

  public init(standard: Role? = .viewer, groups: [String: Role] = [:]) {
    self.standard = standard
    self.groups = groups
  }

  fileprivate func role(of person: VouchedPerson) -> Role? {
    person.groups.compactMap { groups[$0] }.max() ?? standard
  }
}

extension Identity {
  /// Begins a session of somebody whom a provider vouches for, in the account that is theirs: the one of their subject, else
  /// one that an administrator has made for their verified e-mail address and nobody has used, else a new one.
  ///
  /// - Throws: ``IdentityError``; the audit log tells of it.
  public func signIn(_ person: VouchedPerson, by rules: RoleRules, from origin: Origin) throws
    -> StartedSession
  {
    let admission = store.acting(as: Author(.system, name: "sign-in", origin: origin))
    do {
      let account = try admission.editAccounts(at: now) { edits in
        try admitted(person, by: rules, edits)
      }
      return try startSession(of: account, by: .openIDConnect, from: origin) { edits in
        guard let now = try edits.account(of: person.subject), isUsable(now) else {
          throw IdentityError.disabled(account.name)
        }
      }
    } catch let refusal as IdentityError {
      try admission.editAccounts(at: now) { edits in
        try edits.noteRefusal(
          of: edits.account(of: person.subject), by: .openIDConnect, reason: refusal.reason)
      }
      throw refusal
    }
  }

  private func admitted(_ person: VouchedPerson, by rules: RoleRules, _ edits: AccountEdits) throws
    -> Account
  {
    if let account = try edits.account(of: person.subject) {
      return try decided(account, person, rules, edits)
    }
    if let email = person.email, let account = try edits.account(email) {
      guard account.isUnclaimed else { throw IdentityError.accountOfOther(account.name) }
      guard person.isEmailVerified else { throw IdentityError.emailNotVerified(account.name) }
      return try edits.bind(decided(account, person, rules, edits), to: person.subject)
    }
    guard let role = rules.role(of: person) else { throw IdentityError.notInvited }
    let account = try edits.create(
      try name(for: person, edits),
      displayName: person.displayName.flatMap { isLabel($0) ? $0 : nil }, role: role)
    return try edits.bind(account, to: person.subject)
  }

  /// An account that there is, with the role that the provider's groups give it, if they decide.
  private func decided(
    _ account: Account, _ person: VouchedPerson, _ rules: RoleRules, _ edits: AccountEdits
  ) throws -> Account {
    guard isUsable(account) else { throw IdentityError.disabled(account.name) }
    guard !rules.groups.isEmpty else { return account }
    guard let role = rules.role(of: person) else { throw IdentityError.notInvited }
    var changed = account
    changed.role = role
    return try edits.update(changed)
  }

  /// A free name for a new account. With an `@` it is a verified address, so that nobody can take the name that somebody
  /// else's account will have.
  private func name(for person: VouchedPerson, _ edits: AccountEdits) throws -> String {
    let email = person.isEmailVerified ? person.email : nil
    let userName = person.userName.flatMap { $0.contains("@") ? nil : $0 }
    let subject = SHA256.hash(data: Data("\(person.subject.issuer) \(person.subject.subject)".utf8))
    let digits = subject.prefix(6).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    let names = [email, userName, "user-\(digits.joined())"].compactMap { $0 }
    let free = try names.first { try isAccountName($0) && edits.account($0) == nil }
    guard let free else { throw IdentityError.nameTaken(names.last ?? "") }
    return free
  }
}

extension Account {
  /// Whether an administrator has made it, and nobody has shown to be its owner.
  fileprivate var isUnclaimed: Bool { !hasPassword && issuer == nil && !isDemo }
}

extension IdentityError {
  /// For the audit log, without names.
  fileprivate var reason: String {
    switch self {
    case .disabled: "disabled"
    case .notInvited: "notInvited"
    case .emailNotVerified: "emailNotVerified"
    case .accountOfOther: "accountOfOther"
    default: "refused"
    }
  }
}
