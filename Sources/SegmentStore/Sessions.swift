import Foundation
import GRDB
import SegmentCompiler

func registerSessions(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("sessions") { db in
    try db.execute(
      sql: """
        CREATE TABLE session (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          accountId INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
          tokenHash BLOB NOT NULL UNIQUE,
          created INTEGER NOT NULL,
          lastUsed INTEGER NOT NULL,
          expires INTEGER NOT NULL,
          address TEXT NOT NULL,
          userAgent TEXT
        ) STRICT;
        CREATE INDEX sessionOfAccount ON session (accountId, lastUsed);
        """)
  }
}

func registerSignInMethods(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("signInMethods") { db in
    try db.execute(
      sql: """
        ALTER TABLE session ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
        ALTER TABLE account ADD COLUMN isDemo INTEGER NOT NULL DEFAULT 0;
        """)
  }
}

extension SegmentStore {
  /// A session with its account, whether it has expired or not.
  public func session(id: Int64) throws -> (session: Session, account: Account)? {
    try session(where: "id = ?", id)
  }

  /// The session of a token's hash with its account, whether it has expired or not.
  public func session(tokenHash: Data) throws -> (session: Session, account: Account)? {
    try session(where: "tokenHash = ?", tokenHash)
  }

  private func session(where condition: String, _ argument: any DatabaseValueConvertible) throws
    -> (session: Session, account: Account)?
  {
    try database.read { db in
      guard
        let session = try Session.fetchOne(
          db, sql: "SELECT * FROM session WHERE \(condition)", arguments: [argument]),
        let account = try Account.fetchOne(
          db, sql: "SELECT * FROM account WHERE id = ?", arguments: [session.account])
      else { return nil }
      return (session, account)
    }
  }

  /// The sessions of an account, the last used first.
  public func sessions(of account: Int64) throws -> [Session] {
    try database.read {
      try Session.fetchAll(
        $0, sql: "SELECT * FROM session WHERE accountId = ? ORDER BY lastUsed DESC, id DESC",
        arguments: [account])
    }
  }

  /// Notes that a session is used.
  public func noteUse(ofSession id: Int64, at time: Int64) throws {
    try write {
      try $0.execute(
        sql: "UPDATE session SET lastUsed = max(lastUsed, ?) WHERE id = ?", arguments: [time, id])
    }
  }
}

extension AccountEdits {
  /// Begins a session of somebody who has proved to be the account: failed attempts are forgotten, and the address is
  /// known from now on.
  ///
  /// - Parameter idleSince: sessions that were not used since then, and those that have expired, are removed.
  public func startSession(
    of account: Account, by method: SignInMethod, tokenHash: Data, expires: Int64, origin: Origin,
    idleSince: Int64
  ) throws -> Session {
    try db.execute(
      sql: "DELETE FROM session WHERE lastUsed < ? OR expires <= ?", arguments: [idleSince, time])
    try db.execute(
      sql: """
        DELETE FROM session WHERE accountId = ? AND id NOT IN (
          SELECT id FROM session WHERE accountId = ? ORDER BY lastUsed DESC, id DESC LIMIT ?)
        """, arguments: [account.id, account.id, Session.most - 1])
    try db.execute(
      sql: """
        INSERT INTO session (
          accountId, tokenHash, created, lastUsed, expires, address, userAgent, method)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        account.id, tokenHash, time, time, expires, origin.address, origin.userAgent,
        method.rawValue,
      ])
    let session = try Session.fetchOne(
      db, sql: "SELECT * FROM session WHERE id = ?", arguments: [db.lastInsertedRowID])!
    try db.execute(
      sql: "UPDATE account SET failures = 0, lastFailure = NULL WHERE id = ?",
      arguments: [account.id])
    try know(address: origin.address, of: account)
    try change.log(
      .signedIn, account.auditObject,
      after: ["session": .number(session.id), "by": .text(method.rawValue)])
    return session
  }

  /// Ends one session of an account.
  ///
  /// - Returns: whether there was such a one.
  public func endSession(_ id: Int64, of account: Account) throws -> Bool {
    try db.execute(
      sql: "DELETE FROM session WHERE id = ? AND accountId = ?", arguments: [id, account.id])
    guard db.changesCount > 0 else { return false }
    try change.log(.signedOut, account.auditObject, before: ["session": .number(id)])
    return true
  }

  /// Ends all sessions of an account.
  ///
  /// - Returns: how many there were.
  public func endSessions(of account: Account) throws -> Int {
    let count = try deleteSessions(of: account)
    guard count > 0 else { return 0 }
    try change.log(.signedOut, account.auditObject, before: ["sessions": .count(count)])
    return count
  }

  @discardableResult
  func deleteSessions(of account: Account, but kept: Int64? = nil) throws -> Int {
    try db.execute(
      sql: "DELETE FROM session WHERE accountId = ? AND id IS NOT ?", arguments: [account.id, kept])
    return db.changesCount
  }

  private func know(address: String, of account: Account) throws {
    try db.execute(
      sql: """
        INSERT INTO accountAddress VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET lastUsed = excluded.lastUsed
        """, arguments: [account.id, address, time])
    try db.execute(
      sql: """
        DELETE FROM accountAddress WHERE accountId = ? AND address NOT IN (
          SELECT address FROM accountAddress WHERE accountId = ? ORDER BY lastUsed DESC LIMIT 20)
        """, arguments: [account.id, account.id])
  }
}

extension Session {
  /// How many an account has at most; the one that was not used for longest makes room.
  static let most = 50
}

func instant(_ time: Int64) -> Instant { Instant(microseconds: time) }

extension Session: FetchableRecord {
  public init(row: Row) throws {
    id = row["id"]
    account = row["accountId"]
    created = row["created"]
    lastUsed = row["lastUsed"]
    expires = row["expires"]
    method = try stored(row, "method")
    origin = Origin(address: row["address"], userAgent: row["userAgent"])
  }
}
