import SegmentCompiler

/// Which values of an attribute are wanted.
public struct ValueRequest: Sendable {
  public var table: String
  public var attribute: Attribute
  /// Only values whose text holds this one, whatever the case of its letters; nil for all.
  public var search: Text?
  public var limit: Int
  /// With more distinct values than this, they are not put in order without a search; nil to do it however many.
  public var mostDistinct: Int?

  public init(
    table: String, attribute: Attribute, search: Text? = nil, limit: Int, mostDistinct: Int? = nil
  ) {
    self.table = table
    self.attribute = attribute
    self.search = search
    self.limit = limit
    self.mostDistinct = mostDistinct
  }
}

/// Which values an attribute has, over all rows of its table.
public struct ValueCounts: Sendable, Equatable {
  public var totals: ValueTotals
  /// The most frequent first, equally frequent ones in their own order. With a search those first that begin with it.
  public var values: [ValueCount]
  /// There are no others (that were searched for).
  public var isComplete: Bool
}

/// How many rows of a table have a value of an attribute.
public struct ValueTotals: Sendable, Equatable {
  public var rows: Int
  /// Rows without one.
  public var missing: Int
  public var distinct: Int
  /// Of ``distinct``: counted, or else estimated to a few percent.
  public var isDistinctExact: Bool
}

/// A value, and how many rows have it.
public struct ValueCount: Sendable, Equatable {
  /// The longest text that is handed over whole, in characters.
  public static let mostCharacters = 200

  public var value: DuckDBValue
  /// The value is a text too long to be shown: these are its first characters only.
  public var isExcerpt: Bool
  public var rows: Int
}

/// How the values of a number, a date or a datetime are distributed.
public struct ValueDistribution: Sendable, Equatable {
  public struct Bin: Sendable, Equatable {
    public var from: DuckDBValue
    /// Excluded, but in the last bin.
    public var to: DuckDBValue
    public var rows: Int
  }

  public var totals: ValueTotals
  /// Missing where no row has a value.
  public var minimum: DuckDBValue
  public var maximum: DuckDBValue
  /// For each percent from 1 to 99 the smallest value that so many of the values do not exceed; empty where no row
  /// has a value.
  public var percentiles: [DuckDBValue]
  /// At most 20 bins of equal width from the minimum to the maximum; infinite values are in none.
  public var histogram: [Bin]
}
