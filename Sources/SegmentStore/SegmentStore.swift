import Foundation
import GRDB

/// Definitions, their versions, runs and loads of one workspace, in a SQLite database.
///
/// A committed transaction survives a crash of the process and of the machine (WAL, synchronous FULL).
/// Every text is compared by its bytes. Times are microseconds since 1970-01-01T00:00:00Z.
public struct SegmentStore: Sendable {
  let database: StoreFile
  /// On whose behalf it changes things.
  public private(set) var author: Author
  let log = ChangeLog()

  /// Opens the database file, makes it where there is none, and brings its schema up to date.
  public init(path: String, author: Author) throws {
    try self.init(StoreFile(path: path, configuration: Self.configuration), author)
  }

  /// The same store, for somebody else.
  public func acting(as author: Author) -> SegmentStore {
    var store = self
    store.author = author
    return store
  }

  /// Opens a database file only to read it, also while another process writes.
  ///
  /// - Throws: ``SegmentStoreError/olderSchema`` where an owner has to bring it up to date first.
  public init(readingFrom path: String) throws {
    var configuration = Self.configuration
    configuration.readonly = true
    author = .system("reader")
    database = try StoreFile(path: path, configuration: configuration)
    guard try database.read({ try migrator.hasCompletedMigrations($0) }) else {
      throw SegmentStoreError.olderSchema
    }
  }

  /// A store that is gone with its last copy.
  public static func inMemory(author: Author) throws -> SegmentStore {
    try SegmentStore(StoreFile(inMemory: configuration), author)
  }

  private init(_ database: StoreFile, _ author: Author) throws {
    self.database = database
    self.author = author
    try database.migrate(by: migrator)
    try database.observe(log)
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(10)
    return configuration
  }
}

/// What the store refuses to do.
public enum SegmentStoreError: Error, Equatable, CustomStringConvertible {
  case unknownSegment(String)
  case unknownVersion(segment: String, number: Int)
  case rewrittenMeanwhile
  case olderSchema
  /// Segments that were saved, deleted or refreshed by others since they were read.
  case changedMeanwhile([String])
  /// The system did not read or write the file.
  case file(path: String, reason: String)
  /// What is in the file is no database, or not a whole one.
  case damaged(path: String, reason: String)
  /// A change without an entry in the audit log: a mistake of the program.
  case unlogged
  case unknownAccount
  /// Two states are not of the same workspace.
  case otherWorkspace
  case unknownWebhook
  /// Nobody could manage accounts any more.
  case lastAdministrator(String)

  /// Whether it is about the file. After that, nobody knows whether a commit took place before the file is
  /// opened again.
  public var isOfFile: Bool {
    switch self {
    case .file, .damaged: true
    default: false
    }
  }

  public var description: String {
    switch self {
    case .unknownSegment(let name): "There is no segment named \(name)."
    case .unknownVersion(let segment, let number): "Segment \(segment) has no version \(number)."
    case .damaged(let path, let reason):
      "\(path) is damaged: \(reason). Restore the .muster folder from a backup."
    case .rewrittenMeanwhile:
      "Nothing was published: the data was rewritten by an erasure meanwhile, or other data was published during one. Run it again."
    case .file(let path, let reason): "\(path): \(reason)"
    case .otherWorkspace:
      "The backup is not one of this workspace. Restore it into a folder of its own."
    case .unknownAccount: "The account was deleted meanwhile."
    case .unknownWebhook: "The webhook was deleted meanwhile."
    case .lastAdministrator(let name):
      "'\(name)' is the last active administrator. Make somebody else an administrator first."
    case .unlogged:
      "Nothing was changed: the audit log would not have told it. This is a mistake in Muster; please report it."
    case .olderSchema: "The workspace was last used by an earlier version of Muster."
    case .changedMeanwhile(let names):
      "Somebody else has changed \(names.map { "'\($0)'" }.joined(separator: ", ")) meanwhile; nothing was applied. Make the plan again."
    }
  }
}
