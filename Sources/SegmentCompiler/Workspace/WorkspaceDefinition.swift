/// A workspace file: where the data is, how tables relate, and whom segments are about.
public struct WorkspaceDefinition: Sendable, Equatable {
  public var name: String
  /// IANA time zone.
  public var timeZone: String
  public var weekStart: Weekday
  public var sources: [DataSource]
  /// In the order of the file.
  public var tables: [TableDefinition]
  /// With their full names given.
  public var relationships: [Relationship]
  public var audiences: [AudienceDefinition]
  public var retention: Retention
  public var cleanup: Cleanup
  public var limits: Limits

  public init(
    name: String, timeZone: String = "UTC", weekStart: Weekday = .monday,
    sources: [DataSource] = [], tables: [TableDefinition], relationships: [Relationship] = [],
    audiences: [AudienceDefinition] = [], retention: Retention = Retention(),
    cleanup: Cleanup = .standard, limits: Limits = Limits()
  ) {
    self.name = name
    self.timeZone = timeZone
    self.weekStart = weekStart
    self.sources = sources
    self.tables = tables
    self.relationships = relationships
    self.audiences = audiences
    self.retention = retention
    self.cleanup = cleanup
    self.limits = limits
  }

  public func table(_ name: String) -> TableDefinition? { tables.first { $0.name == name } }
}

/// Where files are and how to read them.
public struct DataSource: Sendable, Hashable, Codable {
  public var name: String
  /// Below the workspace.
  public var folder: String
  /// nil: from each file's ending.
  public var format: FileFormat?
  /// IANA time zone of datetimes written without one.
  public var timeZone: String
  /// Of dates; nil for ISO 8601.
  public var dateFormat: String?
  /// Between the cells of a CSV file.
  public var delimiter: String
  /// Further spellings of a missing value in CSV and NDJSON files.
  public var missing: [String]

  public init(
    name: String = "", folder: String = ".", format: FileFormat? = nil, timeZone: String = "UTC",
    dateFormat: String? = nil, delimiter: String = ",", missing: [String] = []
  ) {
    self.name = name
    self.folder = folder
    self.format = format
    self.timeZone = timeZone
    self.dateFormat = dateFormat
    self.delimiter = delimiter
    self.missing = missing
  }
}

public enum FileFormat: String, Sendable, CaseIterable, Codable {
  case csv, ndjson, parquet

  /// By the ending of a file's name; nil where it has none of the known ones.
  public init?(path: String) {
    let path = path.lowercased()
    let endings: [(FileFormat, [String])] = [
      (.csv, [".csv", ".csv.gz"]), (.ndjson, [".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz"]),
      (.parquet, [".parquet"]),
    ]
    guard let match = endings.first(where: { $0.1.contains { path.hasSuffix($0) } }) else {
      return nil
    }
    self = match.0
  }
}

/// One table of a workspace file.
public struct TableDefinition: Sendable, Equatable {
  public var name: String
  public var origin: Origin
  /// Attributes of the primary key; empty where the table has none.
  public var key: [String]
  /// Attributes that the file describes; the others are inferred.
  public var attributes: [AttributeDefinition]
  /// In the order of the file: each may use those before it.
  public var calculated: [CalculatedAttribute]
  /// Columns not to load.
  public var ignore: [String]
  public var onError: ErrorRule
  /// Whether a table that had rows may lose all of them.
  public var mayBeEmpty: Bool

  public enum Origin: Sendable, Equatable {
    /// Globs below the source's folder.
    case files(DataSource, globs: [String])
    /// The distinct values of an attribute of another table.
    case derived(table: String, attribute: String)
  }

  /// What becomes of a value that does not fit its attribute's type.
  public enum ErrorRule: String, Sendable, CaseIterable, Codable {
    /// The load of the table fails.
    case fail
    /// The value is missing, and reported.
    case missing
  }

  public init(
    name: String, origin: Origin, key: [String] = [], attributes: [AttributeDefinition] = [],
    calculated: [CalculatedAttribute] = [], ignore: [String] = [], onError: ErrorRule = .fail,
    mayBeEmpty: Bool = false
  ) {
    self.name = name
    self.origin = origin
    self.key = key
    self.attributes = attributes
    self.calculated = calculated
    self.ignore = ignore
    self.onError = onError
    self.mayBeEmpty = mayBeEmpty
  }
}

/// What a workspace file says about one attribute.
public struct AttributeDefinition: Sendable, Hashable {
  public var name: String
  public var type: DeclaredType?
  /// Of dates and datetimes, in `strptime` notation.
  public var format: String?
  /// The column's name in the files; nil where it is the attribute's.
  public var column: String?

  public init(
    name: String, type: DeclaredType? = nil, format: String? = nil, column: String? = nil
  ) {
    self.name = name
    self.type = type
    self.format = format
    self.column = column
  }
}

/// A type as declared.
public enum DeclaredType: Sendable, Hashable {
  case exactly(AttributeType)
  /// Integer, decimal or double, by the values.
  case number

  /// `text`, `integer`, `decimal`, `decimal(12,2)`, `double`, `number`, `date`, `datetime`, `boolean`.
  public init?(_ text: String) {
    if text == "number" {
      self = .number
    } else if let type = AttributeType(name: text) {
      self = .exactly(type)
    } else {
      return nil
    }
  }
}

extension AttributeType {
  /// What inference gives to numbers with a fraction, and what `decimal` alone means.
  public static let plainDecimal = AttributeType.decimal(precision: 18, scale: 6)

  /// The inverse of ``name``; `decimal` alone is `decimal(18,6)`.
  public init?(name: String) {
    switch name {
    case "text": self = .text
    case "integer": self = .integer
    case "decimal": self = .plainDecimal
    case "double": self = .double
    case "date": self = .date
    case "datetime": self = .datetime
    case "boolean": self = .boolean
    default:
      guard let match = name.wholeMatch(of: /decimal\(\s*([0-9]{1,2})\s*,\s*([0-9]{1,2})\s*\)/),
        let precision = Int(match.1), let scale = Int(match.2),
        (1...38).contains(precision), scale <= precision
      else { return nil }
      self = .decimal(precision: precision, scale: scale)
    }
  }
}

/// An attribute computed from others of its table.
public struct CalculatedAttribute: Sendable, Hashable {
  public var name: String
  public var expression: String

  public init(name: String, expression: String) {
    self.name = name
    self.expression = expression
  }
}

/// An audience as declared: its key is the one of its table.
public struct AudienceDefinition: Sendable, Equatable {
  public var name: String
  public var table: String
  public var kind: Audience.Kind
  public var hierarchy: RelationshipName?

  public init(
    name: String, table: String, kind: Audience.Kind = .consumer,
    hierarchy: RelationshipName? = nil
  ) {
    self.name = name
    self.table = table
    self.kind = kind
    self.hierarchy = hierarchy
  }
}
