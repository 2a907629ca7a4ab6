/// What a segment is, as written by its author: the value that a definition file decodes to.
///
/// Names in it are not resolved yet; ``LogicalPlan`` is the resolved form. Encoding a definition and
/// decoding the result gives the same value back.
public struct SegmentDefinition: Sendable, Equatable {
  public var name: String
  public var displayName: String?
  public var description: String?
  public var tags: [String]
  /// The audience's name; nil where the workspace has a single one.
  public var audience: String?
  /// IANA time zone; nil for the workspace's.
  public var timeZone: String?
  /// First day of the week; nil for the workspace's.
  public var weekStart: Weekday?
  public var content: Content
  public var limit: Limit?
  public var projection: [Reference]

  /// How members are determined.
  public enum Content: Sendable, Equatable {
    /// By rules, combined from left to right.
    case rules([RuleItem])
    /// By hand: the keys of the members.
    case keys([Scalar])
    /// By hand, in a file of their own; a saved definition holds the keys themselves.
    case keysFile(KeysFile)
  }

  public init(
    name: String, displayName: String? = nil, description: String? = nil, tags: [String] = [],
    audience: String? = nil, timeZone: String? = nil, weekStart: Weekday? = nil,
    content: Content, limit: Limit? = nil, projection: [Reference] = []
  ) {
    self.name = name
    self.displayName = displayName
    self.description = description
    self.tags = tags
    self.audience = audience
    self.timeZone = timeZone
    self.weekStart = weekStart
    self.content = content
    self.limit = limit
    self.projection = projection
  }
}

/// A file with the keys of a manual segment, as a definition names it.
public struct KeysFile: Sendable, Equatable {
  /// Relative to the file of the definition.
  public var path: String
  /// The column that holds the keys; nil for the one called as the audience's key.
  public var column: String?

  public init(path: String, column: String? = nil) {
    self.path = path
    self.column = column
  }
}

/// One item of a rule list: how it joins what stands before it, and a rule or a group of items.
public struct RuleItem: Sendable, Equatable {
  /// nil on the first item of a list.
  public var combine: SetOperator?
  public var content: Content

  public indirect enum Content: Sendable, Equatable {
    case rule(Rule)
    /// Stands for brackets: the items are combined among themselves first.
    case group([RuleItem])
  }

  public init(combine: SetOperator?, content: Content) {
    self.combine = combine
    self.content = content
  }
}

/// How a rule's set joins the set of everything before it.
public enum SetOperator: String, Sendable, CaseIterable {
  case union, intersect, except
  /// In exactly one of the two.
  case exclusive
}

/// A path, which joined rows count, what must hold of them, and for how many.
public struct Rule: Sendable, Equatable {
  public var name: String?
  public var has: Has

  public init(name: String? = nil, has: Has) {
    self.name = name
    self.has = has
  }
}

/// A condition on the joined rows of a path; a rule is one, and one may stand inside a rule on the profile.
public struct Has: Sendable, Equatable {
  public var origin: PathOrigin
  public var quantifier: Quantifier
  /// Which joined rows count; nil for all.
  public var `where`: Condition?
  /// What must hold of them; nil for nothing.
  public var match: Condition?

  public init(
    origin: PathOrigin, quantifier: Quantifier = .any, where: Condition? = nil,
    match: Condition? = nil
  ) {
    self.origin = origin
    self.quantifier = quantifier
    self.where = `where`
    self.match = match
  }
}

/// Where the joined rows come from.
public enum PathOrigin: Sendable, Equatable {
  /// The profile itself: one joined row per profile.
  case profile
  /// A table, over the unique shortest path from it to the profile table.
  case table(String)
  /// Relationships walked from the far table to the profile table.
  case steps([PathStep])
}

/// One relationship of a path, walked from its source to its target unless `reversed`.
public struct PathStep: Sendable, Hashable {
  public var relationship: RelationshipName
  public var reversed: Bool

  public init(relationship: RelationshipName, reversed: Bool = false) {
    self.relationship = relationship
    self.reversed = reversed
  }

  /// The same relationship, walked the other way.
  var turned: PathStep { PathStep(relationship: relationship, reversed: !reversed) }
}

/// `Order.Customer`: the relationship called `Customer` of the source table `Order`.
public struct RelationshipName: Sendable, Hashable, Codable {
  public var table: String
  public var name: String

  public init(table: String, name: String) {
    self.table = table
    self.name = name
  }
}

/// A dotted reference as written: `Order.Total`, `OrderLine.Product.Category.Name`.
public struct Reference: Sendable, Hashable {
  /// The place, then relationships to look up, then (for attribute references) the attribute.
  public var parts: [String]

  public init(_ parts: [String]) { self.parts = parts }
}

/// For how many of the joined rows the condition must hold.
public enum Quantifier: Sendable, Equatable {
  case any, none, every
  case aggregate(Aggregate)
  case first(Reference)
  case last(Reference)
}

/// An aggregate over the rows for which `where` and `match` hold, and what it is compared with.
public struct Aggregate: Sendable, Equatable {
  public var function: AggregateFunction
  /// A place for `count` (nil: the table reached by the last one-to-many step), else an attribute.
  public var of: Reference?
  public var test: Test

  public init(function: AggregateFunction, of: Reference?, test: Test) {
    self.function = function
    self.of = of
    self.test = test
  }
}

public enum AggregateFunction: String, Sendable, CaseIterable {
  case count, countDistinct, sum, average, minimum, maximum
}

/// A tree of comparisons.
public indirect enum Condition: Sendable, Equatable {
  case all([Condition])
  case any([Condition])
  case has(Has)
  case comparison(Comparison)
}

/// One comparison of a joined row.
public struct Comparison: Sendable, Equatable {
  public var subject: Subject
  public var test: Test

  public enum Subject: Sendable, Equatable {
    case attribute(Reference)
    /// A row of the profile (nil), of another place or of a lookup.
    case row(Reference?)
  }

  public init(subject: Subject, test: Test) {
    self.subject = subject
    self.test = test
  }
}

/// An operator, whether it is complemented, and what it compares with.
public struct Test: Sendable, Equatable {
  public var negated: Bool
  /// The operator's id, such as `greaterThan`.
  public var `operator`: String
  public var value: Operand?
  public var ignoreCase: Bool
  /// `levels: all` of `childOf` and `parentOf`.
  public var allLevels: Bool

  public init(
    negated: Bool = false, operator: String, value: Operand? = nil, ignoreCase: Bool = false,
    allLevels: Bool = false
  ) {
    self.negated = negated
    self.operator = `operator`
    self.value = value
    self.ignoreCase = ignoreCase
    self.allLevels = allLevels
  }
}

/// What stands behind `value`, as written.
public indirect enum Operand: Sendable, Equatable {
  case scalar(Scalar)
  case attribute(Reference)
  case list([Operand])
  case split(RandomSplit)
}

/// A plain value as written: its type is judged against the attribute it is compared with.
public enum Scalar: Sendable, Equatable {
  case text(String)
  /// A number as written, such as `20.50`.
  case number(String)
  case boolean(Bool)
}

/// Buckets of a stable pseudo-random division of the audience.
public struct RandomSplit: Sendable, Hashable {
  public var salt: String
  /// The number of buckets.
  public var of: Int
  public var buckets: [Int]

  public init(salt: String, of: Int, buckets: [Int]) {
    self.salt = salt
    self.of = of
    self.buckets = buckets
  }
}

/// Keeps `count` members, applied last.
public struct Limit: Sendable, Equatable {
  public var count: Int
  public var choice: Choice

  public enum Choice: Sendable, Equatable {
    case top(by: Reference, descending: Bool)
    case random(salt: String)
  }

  public init(count: Int, choice: Choice) {
    self.count = count
    self.choice = choice
  }
}

public enum Weekday: String, Sendable, CaseIterable, Codable {
  case monday, tuesday, wednesday, thursday, friday, saturday, sunday

  /// 1 = Monday … 7 = Sunday.
  public var number: Int { Weekday.allCases.firstIndex(of: self)! + 1 }
}
