/// One immutable state of a workspace's data: for each table the part that holds its rows.
public struct DataVersion: Sendable, Equatable {
  public var id: Int64
  /// By table name.
  public var parts: [String: Part]

  public init(id: Int64, parts: [String: Part]) {
    self.id = id
    self.parts = parts
  }
}

/// An immutable stored table: its attributes, a row id, and the ordinals of the profiles its rows lead to.
public struct Part: Sendable, Hashable {
  public var id: Int64
  public var table: String
  public var rows: Int64
  public var routes: [Route]

  /// The row id: unique in the table, and the tie-break where it has no key.
  public static let rowColumn = "_muster_row"

  /// The low bits of a row id: the row's number in its file, from 1. The file's id is above them.
  public static let rowNumberBits = 40

  public init(id: Int64, table: String, rows: Int64, routes: [Route]) {
    self.id = id
    self.table = table
    self.rows = rows
    self.routes = routes
  }

  /// The engine's table, such as `Order@12`.
  public var storedName: String { "\(table)@\(id)" }

  public func route(audience: String, steps: [RelationshipName]) -> Route? {
    routes.first { $0.audience == audience && $0.steps == steps }
  }
}

/// A stored column with the ordinal of the profile that a row leads to by walking relationships from
/// source to target; missing where the chain breaks. The profile table itself has a route without steps.
public struct Route: Sendable, Hashable, Codable {
  public var audience: String
  public var steps: [RelationshipName]
  public var column: String

  public init(audience: String, steps: [RelationshipName], column: String) {
    self.audience = audience
    self.steps = steps
    self.column = column
  }
}

/// The key of a profile.
public enum ProfileKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  case integer(Int64)
  case text(Text)

  public var description: String {
    switch self {
    case .integer(let number): String(number)
    case .text(let text): text.string
    }
  }
}
