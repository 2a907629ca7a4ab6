import Foundation
import GRDB

func registerAPIKeys(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("apiKeys") { db in
    try db.execute(
      sql: """
        CREATE TABLE apiKey (
          id TEXT NOT NULL PRIMARY KEY,
          accountId INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
          name TEXT NOT NULL,
          secretHash BLOB NOT NULL,
          scopes TEXT NOT NULL,
          created INTEGER NOT NULL,
          expires INTEGER NOT NULL,
          lastUsed INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX apiKeyOfAccount ON apiKey (accountId);
        """)
  }
}

extension SegmentStore {
  /// A key with the hash of its secret (SHA-256) and its account.
  public func apiKey(_ id: String) throws -> (key: APIKey, secretHash: Data, account: Account)? {
    try database.read { db in
      guard
        let row = try Row.fetchOne(db, sql: "SELECT * FROM apiKey WHERE id = ?", arguments: [id]),
        let account = try Account.fetchOne(
          db, sql: "SELECT * FROM account WHERE id = ?", arguments: [row["accountId"] as Int64])
      else { return nil }
      return (try APIKey(row: row), row["secretHash"], account)
    }
  }

  /// The keys of an account, or all, the newest first.
  public func apiKeys(of account: Int64? = nil) throws -> [APIKey] {
    try database.read {
      try APIKey.fetchAll(
        $0,
        sql: """
          SELECT * FROM apiKey WHERE :account IS NULL OR accountId = :account
          ORDER BY created DESC, id
          """, arguments: ["account": account])
    }
  }

  /// Notes the day on which a key is used.
  public func noteUse(ofKey id: String, on day: Int64) throws {
    try write {
      try $0.execute(sql: "UPDATE apiKey SET lastUsed = ? WHERE id = ?", arguments: [day, id])
    }
  }
}

extension AccountEdits {
  public func create(_ key: APIKey, secretHash: Data, of account: Account) throws {
    try db.execute(
      sql: "INSERT INTO apiKey VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
      arguments: [
        key.id, account.id, key.name, secretHash, json(key.scopes.map(\.rawValue).sorted()),
        key.created, key.expires,
      ])
    try change.log(
      .apiKeyCreated, AuditObject(key.name, id: key.id), after: key.auditFacts(account))
  }

  /// - Returns: whether the account has such a key.
  public func revoke(_ id: String, of account: Account) throws -> Bool {
    let key = try APIKey.fetchOne(
      db, sql: "SELECT * FROM apiKey WHERE id = ? AND accountId = ?", arguments: [id, account.id])
    guard let key else { return false }
    try db.execute(sql: "DELETE FROM apiKey WHERE id = ?", arguments: [id])
    try change.log(
      .apiKeyRevoked, AuditObject(key.name, id: key.id), before: key.auditFacts(account))
    return true
  }
}

extension APIKey {
  public init(
    id: String, account: Int64, name: String, scopes: Set<Scope>, created: Int64, expires: Int64
  ) {
    self.id = id
    self.account = account
    self.name = name
    self.scopes = scopes
    self.created = created
    self.expires = expires
    lastUsed = nil
  }

  fileprivate func auditFacts(_ account: Account) -> AuditDetails {
    [
      "account": .text(account.name), "scopes": .list(scopes.map(\.rawValue).sorted()),
      "expires": .text("\(instant(expires))"),
    ]
  }
}

extension APIKey: FetchableRecord {
  public init(row: Row) throws {
    id = row["id"]
    account = row["accountId"]
    name = row["name"]
    let names: [String] = try decode(row["scopes"])
    // One that is no longer known permits nothing.
    scopes = Set(names.compactMap(Scope.init(rawValue:)))
    created = row["created"]
    expires = row["expires"]
    lastUsed = row["lastUsed"]
  }
}
