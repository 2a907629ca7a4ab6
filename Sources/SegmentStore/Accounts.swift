import Foundation
import GRDB

func registerAccounts(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("accounts") { db in
    try db.execute(
      sql: """
        CREATE TABLE account (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE COLLATE NOCASE,
          displayName TEXT,
          role TEXT NOT NULL CHECK (role IN ('viewer', 'contributor', 'administrator')),
          state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
          passwordHash TEXT,
          issuer TEXT, subject TEXT,
          secretHash BLOB, secretExpires INTEGER,
          failures INTEGER NOT NULL DEFAULT 0,
          lastFailure INTEGER,
          created INTEGER NOT NULL,
          UNIQUE (issuer, subject),
          CHECK ((issuer IS NULL) = (subject IS NULL)),
          CHECK ((secretHash IS NULL) = (secretExpires IS NULL))
        ) STRICT;

        CREATE TABLE accountAddress (
          accountId INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
          address TEXT NOT NULL,
          lastUsed INTEGER NOT NULL,
          PRIMARY KEY (accountId, address)
        ) STRICT, WITHOUT ROWID;
        """)
  }
}

extension SegmentStore {
  /// Runs `body` in one transaction over accounts, sessions and keys.
  ///
  /// - Parameter time: when, in microseconds.
  public func editAccounts<Result>(at time: Int64, _ body: (AccountEdits) throws -> Result) throws
    -> Result
  {
    try change(at: time) { try body(AccountEdits(change: $0)) }
  }

  /// By name.
  public func accounts() throws -> [Account] {
    try database.read { try Account.fetchAll($0, sql: "SELECT * FROM account ORDER BY name") }
  }

  public func account(_ name: String) throws -> Account? { try credentials(name)?.account }

  public func account(id: Int64) throws -> Account? {
    try database.read {
      try Account.fetchOne($0, sql: "SELECT * FROM account WHERE id = ?", arguments: [id])
    }
  }

  public func credentials(_ name: String) throws -> Credentials? {
    try database.read { try fetchCredentials($0, name) }
  }

  /// Whether somebody has signed in to the account from there before.
  public func knows(address: String, of account: Int64) throws -> Bool {
    try database.read { db in
      try Bool.fetchOne(
        db, sql: "SELECT 1 FROM accountAddress WHERE accountId = ? AND address = ?",
        arguments: [account, address]) ?? false
    }
  }
}

/// What can be done to accounts within one transaction, each with its entry in the audit log.
public struct AccountEdits {
  let change: Change

  var db: Database { change.db }
  public var time: Int64 { change.time }

  public func account(_ name: String) throws -> Account? {
    try Account.fetchOne(db, sql: "SELECT * FROM account WHERE name = ?", arguments: [name])
  }

  public func credentials(_ name: String) throws -> Credentials? {
    try fetchCredentials(db, name)
  }

  public func accounts() throws -> [Account] {
    try Account.fetchAll(db, sql: "SELECT * FROM account ORDER BY name")
  }

  public func create(_ name: String, displayName: String?, role: Role) throws -> Account {
    try db.execute(
      sql: """
        INSERT INTO account (name, displayName, role, state, created) VALUES (?, ?, ?, 'active', ?)
        """, arguments: [name, displayName, role.rawValue, time])
    let account = try existing(db.lastInsertedRowID)
    try change.log(.accountCreated, account.auditObject, after: account.auditFacts)
    return account
  }

  /// The account of somebody whom a provider vouches for.
  public func account(of person: ProviderSubject) throws -> Account? {
    try Account.fetchOne(
      db, sql: "SELECT * FROM account WHERE issuer = ? AND subject = ?",
      arguments: [person.issuer, person.subject])
  }

  /// Gives an account to whom a provider vouches for; its one-time secret is used up.
  public func bind(_ account: Account, to person: ProviderSubject) throws -> Account {
    try db.execute(
      sql: """
        UPDATE account SET issuer = ?, subject = ?, secretHash = NULL, secretExpires = NULL
        WHERE id = ?
        """, arguments: [person.issuer, person.subject, account.id])
    try change.log(
      .accountChanged, account.auditObject, after: ["issuer": .text(person.issuer)])
    return try existing(account.id)
  }

  /// Marks an account as the one that anybody may enter where a server shows a demonstration.
  public func markAsDemo(_ account: Account) throws -> Account {
    try db.execute(sql: "UPDATE account SET isDemo = 1 WHERE id = ?", arguments: [account.id])
    try change.log(.accountChanged, account.auditObject, after: ["isDemo": true])
    return try existing(account.id)
  }

  /// Notes that somebody was not let in for whom a provider vouches.
  ///
  /// - Parameter account: nil where there is none.
  public func noteRefusal(of account: Account?, by method: SignInMethod, reason: String) throws {
    try change.log(
      .signInFailed, account?.auditObject,
      after: ["by": .text(method.rawValue), "reason": .text(reason)])
  }

  /// Stores display name, role and state. Sessions of one that may do something else than before end.
  ///
  /// - Throws: ``SegmentStoreError/lastAdministrator(_:)``.
  public func update(_ account: Account) throws -> Account {
    let old = try existing(account.id)
    guard account != old else { return old }
    try db.execute(
      sql: "UPDATE account SET displayName = ?, role = ?, state = ? WHERE id = ?",
      arguments: [account.displayName, account.role.rawValue, account.state.rawValue, account.id])
    let new = try existing(account.id)
    try requireAdministrator(after: old)
    if new.role != old.role || new.state != old.state { try deleteSessions(of: new) }
    let (before, after) = (old.auditFacts, new.auditFacts)
    try change.log(
      .accountChanged, new.auditObject, before: before.filter { after[$0.key] != $0.value },
      after: after.filter { before[$0.key] != $0.value })
    return new
  }

  /// Deletes an account with its sessions and keys.
  ///
  /// - Throws: ``SegmentStoreError/lastAdministrator(_:)``.
  public func delete(_ account: Account) throws {
    try db.execute(sql: "DELETE FROM account WHERE id = ?", arguments: [account.id])
    try requireAdministrator(after: account)
    try change.log(.accountDeleted, account.auditObject, before: account.auditFacts)
  }

  /// Gives a one-time secret, in place of one that there may be. The password stays until it is used.
  public func give(secretHash: Data, expires: Int64, to account: Account) throws {
    try db.execute(
      sql: "UPDATE account SET secretHash = ?, secretExpires = ? WHERE id = ?",
      arguments: [secretHash, expires, account.id])
    try change.log(
      .secretGiven, account.auditObject, after: ["expires": .text("\(instant(expires))")])
  }

  /// Sets a password; the one-time secret is used up, and all other sessions end.
  ///
  /// - Parameter session: the one in which it is changed, which goes on.
  public func setPassword(_ hash: String, of account: Account, in session: Int64? = nil) throws {
    try db.execute(
      sql: """
        UPDATE account SET passwordHash = ?, secretHash = NULL, secretExpires = NULL, failures = 0,
          lastFailure = NULL
        WHERE id = ?
        """, arguments: [hash, account.id])
    try deleteSessions(of: account, but: session)
    try change.log(.passwordSet, account.auditObject)
  }

  /// Puts another hash of the same password in its place, as part of a sign-in.
  public func renewPasswordHash(_ hash: String, of account: Account) throws {
    try db.execute(
      sql: "UPDATE account SET passwordHash = ? WHERE id = ?", arguments: [hash, account.id])
  }

  /// Notes an attempt to sign in that failed.
  ///
  /// - Parameter account: nil where there is none of the name that was given, which is not kept.
  public func noteFailure(of account: Account?, count: Int) throws {
    try db.execute(
      sql: "UPDATE account SET failures = ?, lastFailure = ? WHERE id = ?",
      arguments: [count, time, account?.id])
    try change.log(
      .signInFailed, account?.auditObject, after: account == nil ? nil : ["attempt": .count(count)])
  }

  func existing(_ id: Int64) throws -> Account {
    guard
      let account = try Account.fetchOne(
        db, sql: "SELECT * FROM account WHERE id = ?", arguments: [id])
    else { throw SegmentStoreError.unknownAccount }
    return account
  }

  private func requireAdministrator(after account: Account) throws {
    guard account.role == .administrator, account.state == .active else { return }
    let count = try Int.fetchOne(
      db,
      sql: "SELECT count(*) FROM account WHERE role = 'administrator' AND state = 'active'")
    guard count == 0 else { return }
    throw SegmentStoreError.lastAdministrator(account.name)
  }
}

private func fetchCredentials(_ db: Database, _ name: String) throws -> Credentials? {
  try Row.fetchOne(db, sql: "SELECT * FROM account WHERE name = ?", arguments: [name]).map {
    Credentials(
      account: try Account(row: $0), passwordHash: $0["passwordHash"],
      secretHash: $0["secretHash"], failures: $0["failures"], lastFailure: $0["lastFailure"])
  }
}

extension Account {
  var auditObject: AuditObject { AuditObject(name, id: "\(id)") }

  fileprivate var auditFacts: AuditDetails {
    .facts([
      "displayName": displayName.map { .text($0) }, "role": .text(role.rawValue),
      "state": .text(state.rawValue),
    ])
  }
}

extension Account: FetchableRecord {
  public init(row: Row) throws {
    id = row["id"]
    name = row["name"]
    displayName = row["displayName"]
    role = try stored(row, "role")
    state = try stored(row, "state")
    hasPassword = row["passwordHash"] != nil
    issuer = row["issuer"]
    isDemo = row["isDemo"]
    secretExpires = row["secretExpires"]
    created = row["created"]
  }
}
