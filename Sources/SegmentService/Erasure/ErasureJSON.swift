/// What an erasure removes, or would, as programs read it.
public struct ErasureJSON: Encodable, Sendable {
  struct Table: Encodable, Sendable {
    var table: String
    var rows: Int64
    var references: Int64
    var rowsInAllDataVersions: Int64
  }
  struct File: Encodable, Sendable {
    var file: String
    var table: String
    var rows: Int64
  }
  struct Mention: Encodable, Sendable {
    /// Left out for the workspace file.
    var segment: String?
    var version: Int?
    var attribute: String

    init(_ mention: ErasureReport.Mention) {
      attribute = mention.attribute
      if case .segment(let name, let number) = mention.place { (segment, version) = (name, number) }
    }
  }
  struct Unreferred: Encodable, Sendable {
    var table: String
    var rows: Int64
  }

  var audience: String?
  var erased: Bool
  var profiles: Int
  /// Keys that no profile has; they are kept from being loaded.
  var unknownKeys: Int
  var tables: [Table]
  var dataVersions: Int
  var runs: Int
  var lists: [String]
  var files: [File]
  var mentions: [Mention]
  var unreferred: [Unreferred]
  /// Folders of backups that still hold the profiles.
  var backups: [String]

  public init(_ report: ErasureReport, isDone: Bool) {
    audience = report.audience
    erased = isDone
    profiles = report.profiles
    unknownKeys = report.unknown
    tables = report.tables.map {
      Table(
        table: $0.table, rows: $0.rows, references: $0.cleared, rowsInAllDataVersions: $0.rowsEver)
    }
    dataVersions = report.dataVersions
    runs = report.runs
    lists = report.lists
    files = report.leftovers.files.map { File(file: $0.path, table: $0.table, rows: $0.rows) }
    mentions = report.leftovers.mentions.map(Mention.init)
    unreferred = report.leftovers.unreferred.map { Unreferred(table: $0.table, rows: $0.rows) }
    backups = report.leftovers.backups
  }
}
