import SegmentCompiler

/// A backup that was made, as programs read it.
public struct BackupJSON: Codable, Sendable {
  public var path: String
  public var madeAt: String
  public var bytes: Int64
  /// Members that were missing or damaged, and are not in it.
  public var missing: [String]
  /// Older backups that were removed.
  public var removed: [String]

  public init(_ made: MadeBackup) {
    path = made.record.path
    madeAt = Instant(microseconds: made.record.madeAt).description
    bytes = made.record.bytes
    missing = made.missing
    removed = made.removed
  }
}

/// A backup that is known, as programs read it.
public struct KnownBackupJSON: Encodable, Sendable {
  var path: String
  var madeAt: String
  var bytes: Int64
  /// Whether it is still where it was made.
  var isThere: Bool

  public init(_ backup: KnownBackup) {
    path = backup.record.path
    madeAt = Instant(microseconds: backup.record.madeAt).description
    bytes = backup.record.bytes
    isThere = backup.isThere
  }
}

/// Where backups are made, and how many stay there.
public struct BackupSettings: Codable, Sendable, Equatable {
  public var path: String
  /// nil for all.
  public var keep: Int?

  public init(path: String, keep: Int? = nil) {
    self.path = path
    self.keep = keep
  }
}
