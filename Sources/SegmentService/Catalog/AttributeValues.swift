import SegmentCompiler
import SegmentEngines

/// Values of an attribute that somebody may choose from.
public struct AttributeValues: Sendable {
  public var attribute: Reference
  public var type: AttributeType
  public var dataVersion: Int64
  public var counts: ValueCounts
}

/// What an attribute holds.
public struct AttributeProfile: Sendable {
  public enum Shape: Sendable {
    /// Of a text or a boolean: its most frequent values.
    case categories(ValueCounts)
    /// Of a number, a date or a datetime.
    case distribution(ValueDistribution)
  }

  public var attribute: Reference
  public var type: AttributeType
  public var dataVersion: Int64
  public var shape: Shape

  public var totals: ValueTotals {
    switch shape {
    case .categories(let counts): counts.totals
    case .distribution(let distribution): distribution.totals
    }
  }
}

/// A name that is no attribute of the catalog.
public enum UnknownAttribute: Error, Equatable, CustomStringConvertible {
  case unreadable(String)
  case table(String, hint: String?)
  case attribute(String, table: String, hint: String?)

  public var description: String {
    switch self {
    case .unreadable(let text):
      "'\(text.printable.excerpt(100))' names no attribute; expected is Table.Attribute, such as Customer.City."
    case .table(let name, let hint): "There is no table '\(name.printable)'." + hinted(hint)
    case .attribute(let name, let table, let hint):
      "The table '\(table)' has no attribute '\(name.printable)'." + hinted(hint)
    }
  }

  private func hinted(_ hint: String?) -> String { hint.map { " \($0)" } ?? "" }
}

extension SegmentService {
  /// How many values are suggested unless told otherwise: fewer are all shown, of more the most frequent.
  public static let suggestedValues = 200
  /// More distinct values than these are not put in order by how frequent they are: then only a search finds some.
  private static let mostRanked = 100_000
  private static let categories = 10

  /// The values of an attribute, the most frequent first, counted over all rows of its table in the data in force.
  ///
  /// - Parameters:
  ///   - attribute: `Table.Attribute`.
  ///   - search: only values that hold this text, whatever the case of its letters; those first that begin with it.
  ///   - limit: how many at most.
  public func values(
    of attribute: String, search: String? = nil, limit: Int = SegmentService.suggestedValues
  ) async throws -> AttributeValues {
    try await reading { snapshot in
      let (table, attribute) = try snapshot.catalog.attribute(attribute)
      let request = ValueRequest(
        table: table.name, attribute: attribute,
        search: search.flatMap { $0.isEmpty ? nil : Text($0) }, limit: limit,
        mostDistinct: SegmentService.mostRanked)
      return AttributeValues(
        attribute: Reference([table.name, attribute.name]), type: attribute.type,
        dataVersion: snapshot.version.id,
        counts: try await engine.valueCounts(request, in: snapshot.version))
    }
  }

  /// What an attribute holds: its most frequent values, or how they are distributed.
  ///
  /// - Parameter attribute: `Table.Attribute`.
  public func profile(of attribute: String) async throws -> AttributeProfile {
    try await reading { snapshot in
      let (table, attribute) = try snapshot.catalog.attribute(attribute)
      var shape: AttributeProfile.Shape
      switch attribute.type {
      case .text, .boolean:
        let request = ValueRequest(
          table: table.name, attribute: attribute, limit: SegmentService.categories)
        shape = .categories(try await engine.valueCounts(request, in: snapshot.version))
      case .integer, .decimal, .double, .date, .datetime:
        shape = .distribution(
          try await engine.distribution(
            of: attribute, in: table.name, version: snapshot.version))
      }
      return AttributeProfile(
        attribute: Reference([table.name, attribute.name]), type: attribute.type,
        dataVersion: snapshot.version.id, shape: shape)
    }
  }
}

extension Catalog {
  /// The attribute that `Table.Attribute` names.
  func attribute(_ text: String) throws -> (Table, Attribute) {
    guard let reference = Reference(text), reference.parts.count == 2 else {
      throw UnknownAttribute.unreadable(text)
    }
    let (name, attributeName) = (reference.parts[0], reference.parts[1])
    guard let table = table(name) else {
      throw UnknownAttribute.table(name, hint: NearNames.hint(name, among: tables.map(\.name)))
    }
    guard let attribute = table.attribute(attributeName) else {
      throw UnknownAttribute.attribute(
        attributeName, table: name,
        hint: NearNames.hint(attributeName, among: table.attributes.map(\.name)))
    }
    return (table, attribute)
  }
}
