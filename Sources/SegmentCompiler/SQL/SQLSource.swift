/// Where the engine keeps what a plan speaks of.
public struct SQLSource: Sendable {
  public var version: DataVersion
  /// Tables with one column `ordinal` that hold the members of referenced segments, by name.
  public var memberTables: [String: String]
  public var dialect: Dialect

  public init(version: DataVersion, memberTables: [String: String], dialect: Dialect = .duckDB) {
    self.version = version
    self.memberTables = memberTables
    self.dialect = dialect
  }

  func part(_ table: String) throws -> Part {
    guard let part = version.parts[table] else { throw RenderingError.noPart(table: table) }
    return part
  }

  /// The column of a table's own ordinals in an audience.
  func ordinalColumn(of table: String, audience: String) throws -> String {
    guard let route = try part(table).route(audience: audience, steps: []) else {
      throw RenderingError.noOrdinals(table: table, audience: audience)
    }
    return route.column
  }
}

/// The data version does not hold what a plan needs.
public enum RenderingError: Error, Equatable, CustomStringConvertible {
  case noPart(table: String)
  case noOrdinals(table: String, audience: String)
  case noMembers(segment: String)

  public var description: String {
    switch self {
    case .noPart(let table):
      "The table '\(table)' is not loaded yet. Run 'muster load'."
    case .noOrdinals(let table, let audience):
      "The table '\(table)' was loaded before the audience '\(audience)' was declared. Run 'muster load'."
    case .noMembers(let segment):
      "The members of the segment '\(segment)' are not at hand."
    }
  }
}
