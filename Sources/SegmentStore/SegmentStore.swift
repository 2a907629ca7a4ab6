import Foundation
import GRDB

/// Definitions, their versions, runs and loads of one workspace, in a SQLite database.
///
/// A committed transaction survives a crash of the process and of the machine (WAL, synchronous FULL).
/// Every text is compared by its bytes. Times are microseconds since 1970-01-01T00:00:00Z.
public struct SegmentStore: Sendable {
  let database: any DatabaseWriter

  /// Opens the database file, makes it where there is none, and brings its schema up to date.
  public init(path: String) throws {
    let pool = try DatabasePool(path: path, configuration: Self.configuration)
    // GRDB sets NORMAL with WAL, which may lose the last commits in a power cut.
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    try self.init(pool)
  }

  /// A store that is gone with its last copy.
  public static func inMemory() throws -> SegmentStore {
    try SegmentStore(DatabaseQueue(configuration: configuration))
  }

  private init(_ database: any DatabaseWriter) throws {
    self.database = database
    try migrator.migrate(database)
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

  public var description: String {
    switch self {
    case .unknownSegment(let name): "There is no segment named \(name)."
    case .unknownVersion(let segment, let number): "Segment \(segment) has no version \(number)."
    case .rewrittenMeanwhile:
      "Nothing was published: the data was rewritten by an erasure meanwhile, or other data was published during one. Run it again."
    }
  }
}
