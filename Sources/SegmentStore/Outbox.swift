import GRDB
import SegmentCompiler

func registerNotifications(_ migrator: inout DatabaseMigrator) {
  migrator.registerMigration("notifications") { db in
    // Segments and jobs are those of when it happened: a message is history, whatever becomes of them.
    try db.execute(
      sql: """
        CREATE TABLE webhook (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE COLLATE NOCASE,
          url TEXT NOT NULL,
          types TEXT NOT NULL,
          segments TEXT NOT NULL,
          tags TEXT NOT NULL,
          state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
          reason TEXT,
          failingSince INTEGER,
          secret BLOB NOT NULL,
          oldSecret BLOB, oldSecretExpires INTEGER,
          revision INTEGER NOT NULL,
          created INTEGER NOT NULL,
          CHECK ((oldSecret IS NULL) = (oldSecretExpires IS NULL))
        ) STRICT;

        CREATE TABLE message (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          name TEXT NOT NULL UNIQUE,
          type TEXT NOT NULL,
          time INTEGER NOT NULL,
          body TEXT NOT NULL
        ) STRICT;

        CREATE TABLE delivery (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          messageId INTEGER NOT NULL REFERENCES message(id) ON DELETE CASCADE,
          webhookId INTEGER NOT NULL REFERENCES webhook(id) ON DELETE CASCADE,
          state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
          attempts INTEGER NOT NULL DEFAULT 0,
          nextAttempt INTEGER,
          lastAttempt INTEGER,
          status INTEGER,
          problem TEXT,
          finished INTEGER,
          CHECK ((state = 'pending') = (nextAttempt IS NOT NULL)),
          CHECK ((state = 'pending') = (finished IS NULL))
        ) STRICT;
        CREATE INDEX deliveryDue ON delivery (webhookId, nextAttempt) WHERE state = 'pending';
        CREATE INDEX deliveryOfWebhook ON delivery (webhookId);
        CREATE INDEX deliveryOfMessage ON delivery (messageId);
        CREATE INDEX deliveryFinished ON delivery (finished) WHERE finished IS NOT NULL;
        """)
  }
}

/// Writes messages about what a transaction does, as part of it: they are there exactly if it is. What nobody wants to
/// be told is not written.
struct Outbox {
  private let db: Database
  private let webhooks: [Webhook]
  private let mail: MailOutbox

  init(_ db: Database) throws {
    self.db = db
    mail = try MailOutbox(db)
    webhooks = try Webhook.fetchAll(db, sql: "SELECT * FROM webhook WHERE state = 'active'")
  }

  /// Whether nobody is told anything.
  var isClosed: Bool { webhooks.isEmpty && mail.isClosed }

  // MARK: Segments

  func tell(_ type: MessageType, of segment: SegmentRecord, at time: Int64) throws {
    guard !isClosed else { return }
    try put(type, of: segment.id, at: time) { MessageData(segment: $0) }
  }

  /// Of a segment that may be in another state than before.
  func tellState(of segment: SegmentRecord, before: SegmentState?, at time: Int64) throws {
    switch (before, segment.state) {
    case (.active, .inactive), (.active, .draft):
      try tell(.segmentDeactivated, of: segment, at: time)
    case (.inactive, .active), (.draft, .active), (nil, .active):
      try tell(.segmentActivated, of: segment, at: time)
    case (.active, .active), (.inactive, _), (.draft, _), (nil, _): break
    }
  }

  // MARK: Refreshes

  /// Of runs that were published together by no job. Those that failed are not tried again.
  func tell(of runs: [RunRecord]) throws {
    guard !isClosed else { return }
    for run in runs {
      guard let segment = try segmentID(of: run) else { continue }
      let type: MessageType =
        switch run.outcome {
        case .succeeded: .segmentRefreshed
        case .failed: .segmentFailed
        case .skipped: .segmentSkipped
        }
      // One that is not active is left out on purpose.
      if type == .segmentSkipped, try !isActive(segment) { continue }
      try put(type, of: segment, at: run.finished) { MessageData(segment: $0, run: run) }
    }
  }

  /// Of what has come to its end in a job.
  ///
  /// - Parameters:
  ///   - ended: numbers of tasks that may have, and had not before.
  ///   - runs: what they have published.
  func tell(of job: JobRecord, ended: Set<Int>, runs: [RunRecord]) throws {
    guard !isClosed else { return }
    for run in runs where run.result != nil {
      guard let segment = try segmentID(of: run) else { continue }
      try put(.segmentRefreshed, of: segment, at: run.finished) {
        MessageData(segment: $0, run: run, job: job.id)
      }
    }
    let tasks = Dictionary(uniqueKeysWithValues: job.tasks.map { ($0.id, $0) })
    for task in job.tasks where ended.contains(task.id) {
      switch (task.kind, task.state.status) {
      case (.load, .failed):
        try put(.loadFailed, at: task.finished ?? 0, MessageData(task: task, of: job))
      case (.segment, .failed): try put(.segmentFailed, of: task, job)
      case (.segment, .skipped):
        // Not one that was left out on purpose, nor one that waited for what somebody has canceled.
        let isSkippedByFailure = task.dependsOn.contains { id in
          tasks[id].map { [.failed, .skipped].contains($0.state.status) } ?? false
        }
        if isSkippedByFailure { try put(.segmentSkipped, of: task, job) }
      case (.load, _), (.segment, _): break
      }
    }
    try mail.close(job)
  }

  // MARK: Writing

  /// A message to one webhook that somebody tries out.
  func tellTest(_ webhook: Webhook, at time: Int64) throws -> Int64 {
    let message = try insert(.webhookTest, at: time, MessageData(webhook: webhook.name))
    return try insert(message, to: webhook, at: time)
  }

  private func put(_ type: MessageType, of task: TaskRecord, _ job: JobRecord) throws {
    guard let segment = task.segmentID else { return }
    try put(type, of: segment, at: task.finished ?? 0) {
      MessageData(segment: $0, task: task, of: job)
    }
  }

  private func put(
    _ type: MessageType, of segment: Int64, at time: Int64,
    _ data: (MessageData.Segment) -> MessageData
  ) throws {
    let wanting = webhooks.filter {
      $0.types.contains(type) && ($0.segments.isEmpty || $0.segments.contains(segment))
    }
    guard !wanting.isEmpty || mail.wants(type), let (name, tags) = try facts(of: segment) else {
      return
    }
    let data = data(MessageData.Segment(id: segment, name: name))
    try mail.put(MailItem(type: type, name: name, cause: data.cause), of: data.job, at: time)
    let told = wanting.filter { $0.tags.isEmpty || !$0.tags.isDisjoint(with: tags) }
    try put(type, to: told, at: time, data)
  }

  /// Of no segment: those who want to know of some only are not told.
  private func put(_ type: MessageType, at time: Int64, _ data: MessageData) throws {
    try mail.put(MailItem(type: type, name: data.table ?? ""), of: data.job, at: time)
    let told = webhooks.filter {
      $0.types.contains(type) && $0.segments.isEmpty && $0.tags.isEmpty
    }
    try put(type, to: told, at: time, data)
  }

  private func put(
    _ type: MessageType, to webhooks: [Webhook], at time: Int64, _ data: MessageData
  ) throws {
    guard !webhooks.isEmpty else { return }
    let message = try insert(type, at: time, data)
    for webhook in webhooks { _ = try insert(message, to: webhook, at: time) }
  }

  private func insert(_ type: MessageType, at time: Int64, _ data: MessageData) throws -> Int64 {
    let body = MessageBody(
      type: type.rawValue, timestamp: Instant(microseconds: time).description, data: data)
    try db.cachedStatement(sql: "INSERT INTO message (name, type, time, body) VALUES (?, ?, ?, ?)")
      .execute(arguments: [messageName(), type.rawValue, time, try json(body)])
    return db.lastInsertedRowID
  }

  private func insert(_ message: Int64, to webhook: Webhook, at time: Int64) throws -> Int64 {
    try db.cachedStatement(
      sql: """
        INSERT INTO delivery (messageId, webhookId, state, nextAttempt) VALUES (?, ?, 'pending', ?)
        """
    ).execute(arguments: [message, webhook.id, time])
    return db.lastInsertedRowID
  }

  // MARK: Reading

  /// Its name, in the trash too, and the tags of its last version; nil where it is gone.
  private func facts(of segment: Int64) throws -> (name: String, tags: [String])? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT coalesce(s.name, s.trashedName) AS name, v.definition FROM segment s
        JOIN segmentVersion v ON v.segmentId = s.id AND v.number = s.version WHERE s.id = ?
        """, arguments: [segment]
    ).map { row in
      let definition = Document(json: row["definition"])
      guard case .list(let tags)? = definition?["tags"]?.value else { return (row["name"], []) }
      return (row["name"], tags.compactMap(\.textValue))
    }
  }

  private func segmentID(of run: RunRecord) throws -> Int64? {
    try run.segmentID
      ?? Int64.fetchOne(db, sql: "SELECT segmentId FROM run WHERE id = ?", arguments: [run.id])
  }

  private func isActive(_ segment: Int64) throws -> Bool {
    try Bool.fetchOne(
      db, sql: "SELECT state = 'active' FROM segment WHERE id = ?", arguments: [segment]) ?? false
  }
}

/// What nobody can guess and no other message has.
func messageName() -> String {
  var generator = SystemRandomNumberGenerator()
  let digits = (0..<2).map { _ in
    let digits = String(UInt64.random(in: .min ... .max, using: &generator), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
  return "msg_" + digits.joined()
}

private struct MessageBody: Encodable {
  var type: String
  var timestamp: String
  var data: MessageData
}

/// What a message says: names, counts and ids. No keys of profiles, and no causes that an engine has worded, which may
/// quote data: whoever wants to know asks for the run or the job.
private struct MessageData: Encodable {
  struct Segment: Encodable {
    var id: Int64
    var name: String
  }

  var segment: Segment?
  var table: String?
  var webhook: String?
  var job: Int64?
  var run: Int64?
  var asOf: String?
  var dataVersion: Int64?
  var members: Int?
  var entered: Int?
  var exited: Int?
  /// How often it was tried.
  var attempts: Int?
  /// Why it was skipped.
  var cause: String?

  init(segment: Segment) { self.segment = segment }

  init(webhook: String) { self.webhook = webhook }

  init(segment: Segment, run: RunRecord, job: Int64? = nil) {
    self.segment = segment
    self.job = job
    self.run = run.id
    asOf = Instant(microseconds: run.asOf).description
    dataVersion = run.dataVersion
    members = run.result?.count
    entered = run.result?.entered
    exited = run.result?.exited
    // Muster's own words, which name what it depends on.
    if case .skipped(let cause) = run.outcome { self.cause = cause }
  }

  init(segment: Segment? = nil, task: TaskRecord, of job: JobRecord) {
    self.segment = segment
    self.job = job.id
    table = task.kind == .load ? task.name : nil
    run = task.run
    asOf = job.asOf.map { Instant(microseconds: $0).description }
    if task.state.attempts > 0 { attempts = task.state.attempts }
    if task.state.status == .skipped { cause = task.state.cause }
  }
}
