/// A definition with everything resolved: tables, types, paths, bounds. What engines evaluate.
///
/// A plan holds no name that has to be looked up and no date relative to today: two plans that are equal
/// select the same profiles of the same data.
public struct LogicalPlan: Sendable, Equatable {
  public var segment: String
  public var audience: Audience
  public var asOf: Instant
  public var zone: Zone
  public var content: Content
  public var limit: ResolvedLimit?
  public var projection: [ResolvedProjection]
  /// Names of the segments it refers to, in order of first mention.
  public var references: [String]
  public var warnings: [Diagnostic]

  public enum Content: Sendable, Equatable {
    case rules([PlannedItem])
    case keys([ProfileKey])
  }
}

/// One item of a rule list, resolved.
public struct PlannedItem: Sendable, Equatable {
  /// nil on the first item of a list.
  public var combine: SetOperator?
  public var place: String
  public var name: String?
  public var content: Content

  public indirect enum Content: Sendable, Equatable {
    case rule(Outline)
    case group([PlannedItem])
  }
}

/// A rule as its author wrote it, resolved: what "why" walks through.
public indirect enum Outline: Sendable, Equatable {
  case all([Outline])
  case any([Outline])
  /// Of a rule on the profile whose quantifier is `none`.
  case not(Outline)
  /// `text` says the comparison in words.
  case comparison(text: String, RowPredicate)
  /// The profile is (not) a member of a segment of its audience.
  case member(text: String, segment: String, negated: Bool)
  case has(PlannedHas)
}

/// A has condition as planned.
public struct PlannedHas: Sendable, Equatable {
  /// Says it in words.
  public var text: String
  /// What the engine evaluates.
  public var has: ResolvedHas
  /// The profiles without it are meant: the quantifier is `none`, or an aggregate that holds over no rows.
  public var complemented: Bool
  /// Whether the joined rows that satisfied it may be projected: not so for `none`.
  public var projects: Bool
  public var filter: Outline?
  public var match: Outline?
}

/// A set of profiles built from leaves.
public indirect enum SetExpression: Sendable, Hashable {
  case leaf(Leaf)
  case all([SetExpression])
  case any([SetExpression])
  /// The members of a segment of the same audience.
  case members(of: String)
  /// The universe without them.
  case complement(SetExpression)
}

/// The smallest unit an engine evaluates: one query, one set of profiles.
public enum Leaf: Sendable, Hashable {
  /// Conditions on the profile's own row (and lookups from it).
  case profile(audience: String, table: String, RowPredicate)
  case has(ResolvedHas)

  /// Segments whose members it reads inside rows.
  public var references: Set<String> {
    switch self {
    case .profile(_, _, let predicate): predicate.references
    case .has(let has): has.references
    }
  }
}

/// A condition on the joined rows of a path.
public struct ResolvedHas: Sendable, Hashable {
  public var path: ResolvedPath
  public var quantifier: ResolvedQuantifier
  public var filter: RowPredicate
  public var match: RowPredicate

  public var references: Set<String> { filter.references.union(match.references) }
}

/// For how many joined rows; `none` is the complement of `any`.
public enum ResolvedQuantifier: Sendable, Hashable {
  case any
  case every
  case first(Column)
  case last(Column)
  case aggregate(ResolvedAggregate)
}

/// An aggregate with its grain: every row of the grain's place counts once.
public struct ResolvedAggregate: Sendable, Hashable {
  public var function: AggregateFunction
  /// The place whose rows count, as an index into the path's places.
  public var grain: Int
  /// nil for `count`.
  public var column: Column?
  /// On ``RowExpression/aggregate``; false for a profile without any counted row.
  public var test: RowPredicate
}

/// Tables joined to the profile table, one after another, from the profile outward.
public struct ResolvedPath: Sendable, Hashable {
  public var audience: String
  /// The profile table, then the table reached by each hop.
  public var places: [Place]
  /// One less than places.
  public var hops: [Hop]

  public struct Place: Sendable, Hashable {
    /// How definitions call it: the table's name, or `Table#2`.
    public var name: String
    public var table: String
  }

  /// A relationship as walked outward from the profile.
  public struct Hop: Sendable, Hashable {
    public var relationship: Relationship
    /// From the target to its sources (may find many rows), or from the source to its target (one).
    public var toSource: Bool

    public var mayFindMany: Bool { toSource && relationship.kind == .manyToOne }

    /// The table it reaches, walked outward.
    var farTable: String { toSource ? relationship.source : relationship.target }
    /// The table it starts at.
    var nearTable: String { toSource ? relationship.target : relationship.source }

    /// As a definition writes it: toward the profile.
    var step: PathStep { PathStep(relationship: relationship.name, reversed: !toSource) }
  }

  /// The table that a row belongs to.
  func table(of row: RowReference) -> String {
    row.lookups.last?.target ?? places[row.place].table
  }

  /// The steps as a definition writes them, from the far table to the profile.
  public var steps: [PathStep] {
    hops.reversed().map(\.step)
  }
}

/// A row: of a place of the path, or found from there over many-to-one relationships.
public struct RowReference: Sendable, Hashable {
  public var place: Int
  public var lookups: [Relationship]

  public init(place: Int, lookups: [Relationship] = []) {
    self.place = place
    self.lookups = lookups
  }
}

/// An attribute of a row.
public struct Column: Sendable, Hashable {
  public var row: RowReference
  public var attribute: String
  public var type: AttributeType
}

/// True or false of one joined row; never unknown.
public indirect enum RowPredicate: Sendable, Hashable {
  case always(Bool)
  case all([RowPredicate])
  case any([RowPredicate])
  case not(RowPredicate)
  case missing(RowExpression)
  /// False where a side is missing.
  case compare(RowExpression, Relation, RowExpression)
  /// Equal to one of the literals.
  case oneOf(RowExpression, [Literal])
  case text(RowExpression, TextTest, RowExpression)
  /// The row is a member of a segment of its table's audience.
  case member(RowReference, audience: String, segment: String)
  /// The bucket of the profile's key.
  case split(Column, RandomSplit)
  /// The key is a parent (or a child) of the literal; `table` with the attributes of the hierarchy.
  case related(Column, Kinship)

  public enum Relation: String, Sendable, Hashable {
    case equal = "="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  public enum TextTest: String, Sendable, Hashable { case contains, startsWith, endsWith }

  public struct Kinship: Sendable, Hashable {
    public var table: String
    public var key: String
    public var parentKey: String
    public var of: Literal
    public var child: Bool
    public var allLevels: Bool
  }
}

/// A value of one joined row.
public indirect enum RowExpression: Sendable, Hashable {
  case column(Column)
  case literal(Literal)
  /// The value of the rule's aggregate.
  case aggregate
  /// Each code point mapped by the simple lower-case mapping.
  case lowercased(RowExpression)
  /// A datetime as the wall clock of a zone.
  case local(RowExpression, Zone)
  /// The day of a wall-clock time (or of a date).
  case day(RowExpression)
  /// A number out of a date or wall-clock time.
  case part(DatePart, RowExpression)

  public enum DatePart: String, Sendable, Hashable {
    case dayOfMonth, month, year
    /// 1 = Monday … 7 = Sunday.
    case dayOfWeek
    /// month × 100 + day.
    case monthAndDay
    /// Microseconds since midnight.
    case timeOfDay
  }
}

/// A value of a definition, of the type of what it is compared with.
public enum Literal: Sendable, Hashable {
  case text(Text)
  case integer(Int64)
  case exact(ExactNumber, ExactType)
  case double(Double)
  case boolean(Bool)
  case date(CivilDate)
  case instant(Instant)
}

/// The exact number type in which a literal meets what it is compared with.
public enum ExactType: Sendable, Hashable {
  case decimal(precision: Int, scale: Int)
  /// A sum of integers.
  case wide
  /// An average: decided as sum against literal × n.
  case ratio
}

public struct ResolvedLimit: Sendable, Hashable {
  public var count: Int
  public var choice: Choice

  public enum Choice: Sendable, Hashable {
    case top(by: Column, descending: Bool)
    case random(salt: String)
  }
}

/// An attribute to show of each member.
public struct ResolvedProjection: Sendable, Equatable {
  public var reference: Reference
  public var type: AttributeType
  public var source: Source

  public enum Source: Sendable, Equatable {
    /// A single value of the profile's row.
    case profile(attribute: String)
    /// A list, out of the joined rows of these conditions.
    case rows([ProjectedRows])
  }
}

/// The joined rows of one condition, and the attribute wanted of them.
public struct ProjectedRows: Sendable, Equatable {
  public var has: ResolvedHas
  /// The rows count for profiles outside of the set of `has`: see ``PlannedHas/complemented``.
  public var complemented: Bool
  public var column: Column
}

extension RowPredicate {
  /// Every predicate below this one, itself included.
  func visit(_ body: (RowPredicate) -> Void) {
    body(self)
    switch self {
    case .all(let parts), .any(let parts): for part in parts { part.visit(body) }
    case .not(let part): part.visit(body)
    default: break
    }
  }

  var references: Set<String> {
    var names: Set<String> = []
    visit { if case .member(_, _, let segment) = $0 { names.insert(segment) } }
    return names
  }

  /// The rows it speaks of.
  public var rows: Set<RowReference> {
    var rows: Set<RowReference> = []
    visit { predicate in
      for expression in predicate.expressions { expression.addRows(to: &rows) }
      if case .member(let row, _, _) = predicate { rows.insert(row) }
    }
    return rows
  }

  var expressions: [RowExpression] {
    switch self {
    case .missing(let a), .oneOf(let a, _): [a]
    case .compare(let a, _, let b), .text(let a, _, let b): [a, b]
    case .split(let column, _), .related(let column, _): [.column(column)]
    case .always, .all, .any, .not, .member: []
    }
  }
}

extension RowExpression {
  fileprivate func addRows(to rows: inout Set<RowReference>) {
    if let column { rows.insert(column.row) }
  }

  /// The column it is computed from, if any.
  var column: Column? {
    switch self {
    case .column(let column): column
    case .literal, .aggregate: nil
    case .lowercased(let inner), .local(let inner, _), .day(let inner), .part(_, let inner):
      inner.column
    }
  }
}
