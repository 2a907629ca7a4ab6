/// What a workspace offers to definitions: tables, relationships, audiences; names and types only.
public struct Catalog: Sendable, Equatable {
  public var workspace: String
  /// IANA time zone of the workspace.
  public var timeZone: String
  public var weekStart: Weekday
  /// In the order of the workspace file.
  public var tables: [Table]
  public var relationships: [Relationship]
  public var audiences: [Audience]

  public init(
    workspace: String, timeZone: String = "UTC", weekStart: Weekday = .monday, tables: [Table],
    relationships: [Relationship], audiences: [Audience]
  ) {
    self.workspace = workspace
    self.timeZone = timeZone
    self.weekStart = weekStart
    self.tables = tables
    self.relationships = relationships
    self.audiences = audiences
  }

  public func table(_ name: String) -> Table? { tables.first { $0.name == name } }
  public func audience(_ name: String) -> Audience? { audiences.first { $0.name == name } }
  public func relationship(_ name: RelationshipName) -> Relationship? {
    relationships.first { $0.name == name }
  }

  /// None where there is no such table.
  func attributeNames(of table: String) -> [String] {
    tables.filter { $0.name == table }.flatMap { $0.attributes.map(\.name) }
  }

  /// The attributes of a table's key.
  func key(of table: String) -> [Attribute] {
    tables.filter { $0.name == table }.flatMap { $0.key.compactMap($0.attribute) }
  }
}

/// Named rows with typed attributes.
public struct Table: Sendable, Equatable {
  public var name: String
  /// Names of the key's attributes; empty where the table has none.
  public var key: [String]
  /// Calculated attributes included.
  public var attributes: [Attribute]
  /// Only what the workspace file declares is known: the data may have more.
  public var isPartial: Bool

  public init(name: String, key: [String], attributes: [Attribute], isPartial: Bool = false) {
    self.name = name
    self.key = key
    self.attributes = attributes
    self.isPartial = isPartial
  }

  public func attribute(_ name: String) -> Attribute? { attributes.first { $0.name == name } }
}

public struct Attribute: Sendable, Equatable {
  public var name: String
  public var type: AttributeType

  public init(name: String, type: AttributeType) {
    self.name = name
    self.type = type
  }
}

/// The type of an attribute, as stored.
public enum AttributeType: Sendable, Hashable {
  case text
  /// 64 bits.
  case integer
  /// Exact, at most 38 digits of which `scale` stand behind the point.
  case decimal(precision: Int, scale: Int)
  case double
  case date
  /// An instant with microseconds.
  case datetime
  case boolean

  public var isNumber: Bool {
    switch self {
    case .integer, .decimal, .double: true
    default: false
    }
  }

  /// The name in workspace files: `integer`, `decimal(18,6)`.
  public var name: String {
    switch self {
    case .text: "text"
    case .integer: "integer"
    case .decimal(let precision, let scale): "decimal(\(precision),\(scale))"
    case .double: "double"
    case .date: "date"
    case .datetime: "datetime"
    case .boolean: "boolean"
    }
  }

  /// The column type in the engine's tables; datetimes are in UTC.
  public var sql: SQLQuery {
    switch self {
    case .text: "VARCHAR"
    case .integer: "BIGINT"
    case .decimal(let precision, let scale):
      "DECIMAL(\(number: precision), \(number: scale))"
    case .double: "DOUBLE"
    case .date: "DATE"
    case .datetime: "TIMESTAMP"
    case .boolean: "BOOLEAN"
    }
  }
}

/// A foreign key of the source table and the unique attribute of the target table it refers to.
public struct Relationship: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, CaseIterable, Codable {
    case manyToOne = "many-to-one"
    case oneToOne = "one-to-one"
  }

  /// `table` is the source table.
  public var name: RelationshipName
  public var foreignKey: String
  public var target: String
  public var targetKey: String
  public var kind: Kind
  public var onErasure: ErasureRule

  /// What becomes of a row when the one it refers to is erased.
  public enum ErasureRule: String, Sendable, CaseIterable, Codable {
    /// It goes, too, unless it is a profile of its own.
    case remove
    /// Its foreign key becomes missing.
    case missing
  }

  public init(
    name: RelationshipName, foreignKey: String, target: String, targetKey: String,
    kind: Kind = .manyToOne, onErasure: ErasureRule = .remove
  ) {
    self.name = name
    self.foreignKey = foreignKey
    self.target = target
    self.targetKey = targetKey
    self.kind = kind
    self.onErasure = onErasure
  }

  public var source: String { name.table }
}

/// A profile table and its key.
public struct Audience: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable { case consumer, account, contact }

  public var name: String
  public var table: String
  /// The key's attribute, `text` or `integer`.
  public var key: String
  public var kind: Kind
  /// A relationship from the table to itself, for `childOf` and `parentOf`.
  public var hierarchy: RelationshipName?

  public init(
    name: String, table: String, key: String, kind: Kind = .consumer,
    hierarchy: RelationshipName? = nil
  ) {
    self.name = name
    self.table = table
    self.key = key
    self.kind = kind
    self.hierarchy = hierarchy
  }
}
