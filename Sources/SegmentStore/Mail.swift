import GRDB

/// A letter about what failed, and how often it was tried to send it.
public struct DueMail: Sendable, Equatable, Identifiable {
  public let id: Int64
  /// What no other letter has, however often it is sent: `msg_…`.
  public var name: String
  /// The job that it is about; nil for what no job did.
  public var job: Int64?
  public var attempts: Int
  public var items: [MailItem]
}

/// One line of a letter.
public struct MailItem: Sendable, Equatable {
  public var type: MessageType
  /// Of the segment or the table.
  public var name: String
  /// In Muster's own words; nil where only an engine knows.
  public var cause: String?

  public init(type: MessageType, name: String, cause: String? = nil) {
    self.type = type
    self.name = name
    self.cause = cause
  }
}

func registerMail(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("mail") { db in
    // A letter is open, and has no time to be sent at, while its job goes on.
    try db.execute(
      sql: """
        CREATE TABLE mail (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE,
          jobId INTEGER UNIQUE,
          attempts INTEGER NOT NULL DEFAULT 0,
          nextAttempt INTEGER
        ) STRICT;
        CREATE INDEX mailDue ON mail (nextAttempt) WHERE nextAttempt IS NOT NULL;

        CREATE TABLE mailItem (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          mailId INTEGER NOT NULL REFERENCES mail(id) ON DELETE CASCADE,
          type TEXT NOT NULL,
          name TEXT NOT NULL,
          cause TEXT
        ) STRICT;
        CREATE INDEX mailItemOfMail ON mailItem (mailId);
        """)
  }
}

/// Writes letters about what a transaction does, as part of it: one for each job, and one for what happens without a
/// job within a minute.
struct MailOutbox {
  private let db: Database
  private let types: Set<MessageType>

  /// The name of the setting that says which types are told by mail.
  static let setting = "mailTypes"
  /// How long a letter that is about no job waits for more, in microseconds.
  private static let pause: Int64 = 60_000_000

  init(_ db: Database) throws {
    self.db = db
    let words: [String] = try StoreSettings(db: db)[MailOutbox.setting].map { try decode($0) } ?? []
    types = Set(words.compactMap(MessageType.init(rawValue:)))
  }

  var isClosed: Bool { types.isEmpty }

  func wants(_ type: MessageType) -> Bool { types.contains(type) }

  func put(_ item: MailItem, of job: Int64?, at time: Int64) throws {
    guard wants(item.type) else { return }
    let letter = try letter(of: job, at: time)
    try db.execute(
      sql: "INSERT INTO mailItem (mailId, type, name, cause) VALUES (?, ?, ?, ?)",
      arguments: [letter, item.type.rawValue, item.name, item.cause])
  }

  /// Nothing more will be written about a job.
  func close(_ job: JobRecord) throws {
    guard let finished = job.finished else { return }
    try db.execute(
      sql: "UPDATE mail SET nextAttempt = ? WHERE jobId = ? AND nextAttempt IS NULL",
      arguments: [finished, job.id])
  }

  private func letter(of job: Int64?, at time: Int64) throws -> Int64 {
    let open = try Int64.fetchOne(
      db,
      sql: """
        SELECT id FROM mail
        WHERE jobId IS ? AND (? IS NOT NULL OR (attempts = 0 AND nextAttempt > ?))
        """, arguments: [job, job, time])
    if let open { return open }
    try db.execute(
      sql: "INSERT INTO mail (name, jobId, nextAttempt) VALUES (?, ?, ?)",
      arguments: [messageName(), job, job == nil ? time + MailOutbox.pause : nil])
    return db.lastInsertedRowID
  }
}

extension SegmentStore {
  /// Says what is told by mail from now on; nothing where there is no type, and what waits then is given up.
  public func setMailTypes(_ types: Set<MessageType>) throws {
    try write { db in
      try StoreSettings(db: db).set(
        MailOutbox.setting, to: json(types.map(\.rawValue).sorted()))
      if types.isEmpty { try db.execute(sql: "DELETE FROM mail") }
    }
  }

  /// Letters whose time has come, the oldest first.
  public func dueMail(at time: Int64) throws -> [DueMail] {
    try database.read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM mail WHERE nextAttempt <= ? ORDER BY id", arguments: [time]
      ).map { row in
        let id: Int64 = row["id"]
        let items = try Row.fetchAll(
          db, sql: "SELECT * FROM mailItem WHERE mailId = ? ORDER BY id", arguments: [id])
        return DueMail(
          id: id, name: row["name"], job: row["jobId"], attempts: row["attempts"],
          items: try items.map {
            MailItem(type: try stored($0, "type"), name: $0["name"], cause: $0["cause"])
          })
      }
    }
  }

  /// Notes that an attempt has failed; the letter is given up where there is no next one.
  public func noteFailure(ofMail id: Int64, nextAttempt: Int64?) throws {
    try write { db in
      guard let nextAttempt else { return try deleteMail(id, db) }
      try db.execute(
        sql: "UPDATE mail SET attempts = attempts + 1, nextAttempt = ? WHERE id = ?",
        arguments: [nextAttempt, id])
    }
  }

  /// Forgets a letter that was sent.
  public func forgetMail(_ id: Int64) throws {
    try write { try deleteMail(id, $0) }
  }

  private func deleteMail(_ id: Int64, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM mail WHERE id = ?", arguments: [id])
  }

  /// What letters that were not sent yet say, by item: where people may be quoted.
  public func mailTexts() throws -> [(item: Int64, texts: [String])] {
    try database.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM mailItem ORDER BY id").map { row in
        (row["id"], ["name", "cause"].compactMap { row[$0] as String? })
      }
    }
  }
}

/// Removes lines of letters, and letters that have none any more.
func forget(mailItems: some Sequence<Int64>, _ db: Database) throws {
  try db.execute(
    sql: "DELETE FROM mailItem WHERE id IN (SELECT value FROM json_each(?))",
    arguments: [json(Array(mailItems))])
  try db.execute(
    sql: """
      DELETE FROM mail WHERE NOT EXISTS (SELECT 1 FROM mailItem WHERE mailId = mail.id)
      """)
}
