/// One change in the audit log: who, when, from where, what, and how it was before and after.
public struct AuditEntry: Sendable, Equatable {
  /// 1, 2, 3 … in the order of the changes.
  public var id: Int64
  /// Microseconds since 1970-01-01T00:00:00Z.
  public var time: Int64
  public var author: Author
  public var action: AuditAction
  /// What was changed; nil where there is no single thing, or an erasure has removed what quoted data.
  public var object: AuditObject?
  public var before: AuditDetails?
  public var after: AuditDetails?
  /// Whether an erasure has removed object and details.
  public var isRedacted: Bool
}

/// What was changed: its name at that time, and an id that stays.
public struct AuditObject: Sendable, Hashable {
  public var name: String
  public var id: String?

  public init(_ name: String, id: String? = nil) {
    self.name = name
    self.id = id
  }
}

/// Facts by name. No secrets, and no data of customers: of lists of keys there are counts.
public typealias AuditDetails = [String: AuditValue]

public enum AuditValue: Sendable, Hashable {
  case text(String)
  case number(Int64)
  case flag(Bool)
  case list([String])
}

/// Everything that the audit log knows.
public enum AuditAction: String, Sendable, CaseIterable {
  case segmentCreated = "segment.created"
  case segmentSaved = "segment.saved"
  case segmentChanged = "segment.changed"
  case segmentRenamed = "segment.renamed"
  case segmentTrashed = "segment.trashed"
  case segmentRestored = "segment.restored"
  case segmentPurged = "segment.purged"
  case refreshRequested = "segment.refreshRequested"
  case segmentsRefreshed = "segments.refreshed"
  case dataLoaded = "data.loaded"
  case peopleErased = "people.erased"
  case retentionApplied = "retention.applied"
  case storeMended = "store.mended"
  case backupMade = "backup.made"
  case backupForgotten = "backup.forgotten"
  case workspaceRestored = "workspace.restored"
  case settingsChanged = "settings.changed"
  case jobRequested = "job.requested"
  case jobCanceled = "job.canceled"
  case accountCreated = "account.created"
  case accountChanged = "account.changed"
  case accountDeleted = "account.deleted"
  case secretGiven = "account.secretGiven"
  case passwordSet = "account.passwordSet"
  case signedIn = "session.started"
  case signInFailed = "session.refused"
  case signedOut = "session.ended"
  case apiKeyCreated = "apiKey.created"
  case apiKeyRevoked = "apiKey.revoked"
  case webhookCreated = "webhook.created"
  case webhookChanged = "webhook.changed"
  case webhookDeleted = "webhook.deleted"
  case webhookSecretRotated = "webhook.secretRotated"
  case webhookSecretRemoved = "webhook.secretRemoved"
  case webhookTested = "webhook.tested"
  case webhookRedelivered = "webhook.redelivered"
}

/// Which entries somebody wants to see.
public struct AuditFilter: Sendable, Hashable {
  /// Microseconds: from the first on, and before the second.
  public var since: Int64?
  public var until: Int64?
  /// The name of an author.
  public var author: String?
  public var action: AuditAction?
  /// The name or the id of an object.
  public var object: String?

  public init(
    since: Int64? = nil, until: Int64? = nil, author: String? = nil, action: AuditAction? = nil,
    object: String? = nil
  ) {
    self.since = since
    self.until = until
    self.author = author
    self.action = action
    self.object = object
  }
}

extension AuditValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
  public init(stringLiteral value: String) { self = .text(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension AuditValue: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Int64.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .list(try container.decode([String].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .list(let items): try container.encode(items)
    }
  }
}

extension AuditDetails {
  /// Only what is there: what is nil is left out.
  static func facts(_ facts: KeyValuePairs<String, AuditValue?>) -> AuditDetails {
    facts.reduce(into: [:]) { $0[$1.key] = $1.value }
  }
}

extension AuditValue {
  static func count(_ count: Int) -> AuditValue { .number(Int64(count)) }

  /// nil for none.
  static func several(_ count: Int) -> AuditValue? { count == 0 ? nil : .count(count) }
}
