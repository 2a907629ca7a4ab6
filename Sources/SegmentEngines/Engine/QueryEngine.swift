import SegmentCompiler

/// Answers resolved plans from one data version. The border behind which an engine is free: SQL or not,
/// one machine or many.
public protocol QueryEngine: Sendable {
  /// The profiles present in a data version.
  func universe(of audience: Audience, in version: DataVersion) async throws -> MemberSet

  /// Identifies the result of a leaf: equal keys, equal sets. Covers the leaf, the versions of the tables
  /// it reads, and the members of the segments it refers to.
  func cacheKey(of leaf: Leaf, with references: ReferencedSets, in version: DataVersion) throws
    -> String

  /// Evaluates leaves and hands over each set, or why there is none, as soon as it is known, in any order.
  ///
  /// - Parameter sample: the profiles that are asked about; nil for all of them.
  /// - Throws: only what concerns all of them, such as cancellation.
  func evaluate(
    _ leaves: [Leaf], with references: ReferencedSets, in version: DataVersion,
    of sample: ProfileSample?,
    each: @escaping @Sendable (Leaf, Result<MemberSet, any Error>) async throws -> Void
  ) async throws

  /// The members that a limit keeps.
  func best(
    _ limit: ResolvedLimit, of members: MemberSet, audience: Audience, catalog: Catalog,
    in version: DataVersion
  ) async throws -> MemberSet

  /// The ordinals of profiles that are present, by key.
  func ordinals(of keys: [ProfileKey], audience: Audience, in version: DataVersion) async throws
    -> [ProfileKey: UInt32]

  /// The ordinals of all profiles that are present, by key; nil where there are more than `limit`.
  func ordinals(of audience: Audience, upTo limit: Int, in version: DataVersion) async throws
    -> [ProfileKey: UInt32]?

  /// Reads members in key order: the key, then one column per projection.
  ///
  /// They come in slices of a bounded number of members, each read when it is asked for, so that memory does not grow
  /// with their number, however slow the reader is.
  func rows(_ request: MemberRows, in version: DataVersion) -> Pulled<[[DuckDBValue]]>

  /// What an attribute holds over all rows of its table.
  func valueCounts(_ request: ValueRequest, in version: DataVersion) async throws -> ValueCounts

  /// How the values of an attribute are distributed over all rows of its table.
  func distribution(of attribute: Attribute, in table: String, version: DataVersion) async throws
    -> ValueDistribution

  /// Writes members in key order to a Parquet file.
  func writeParquet(_ request: MemberRows, to path: String, in version: DataVersion) async throws

  /// What the engine runs for a leaf, for people to read.
  func describe(_ leaf: Leaf, in version: DataVersion, with references: ReferencedSets) throws
    -> SQLQuery

  /// The joined rows of one profile, with the truth of every comparison.
  func inspect(
    _ has: ResolvedHas, comparisons: [RowPredicate], ordinal: UInt32, catalog: Catalog,
    with references: ReferencedSets, in version: DataVersion
  ) async throws -> InspectedRows
}

/// The members of segments that leaves refer to, by name, each with what identifies the set.
public struct ReferencedSets: Sendable {
  public struct Entry: Sendable {
    public var members: MemberSet
    /// Equal for equal sets, such as a checksum; letters and digits.
    public var fingerprint: String

    public init(members: MemberSet, fingerprint: String) {
      self.members = members
      self.fingerprint = fingerprint
    }
  }

  public var entries: [String: Entry]

  public init(_ entries: [String: Entry] = [:]) { self.entries = entries }
}

/// Which members to read, and what of them.
public struct MemberRows: Sendable {
  public var members: MemberSet
  public var audience: Audience
  public var catalog: Catalog
  public var projection: [ResolvedProjection]
  /// Of segments that projected conditions refer to.
  public var references: ReferencedSets
  /// Only those with greater keys; nil for all.
  public var after: ProfileKey?
  /// nil for all.
  public var limit: Int?

  public init(
    members: MemberSet, audience: Audience, catalog: Catalog, projection: [ResolvedProjection],
    references: ReferencedSets = ReferencedSets(), after: ProfileKey? = nil, limit: Int? = nil
  ) {
    self.members = members
    self.audience = audience
    self.catalog = catalog
    self.projection = projection
    self.references = references
    self.after = after
    self.limit = limit
  }
}

/// The joined rows of one profile.
public struct InspectedRows: Sendable {
  public struct Row: Sendable {
    /// It is among the rows that count (`where`).
    public var counts: Bool
    /// The tree holds for it.
    public var matches: Bool
    /// The time that first and last go by.
    public var time: DuckDBValue?
    /// In the order of the comparisons asked for.
    public var comparisons: [Bool]
    public var values: [DuckDBValue]
  }

  public var rows: [Row]
  /// What `values` are, such as `Order.Total`.
  public var shown: [String]
  /// Of an aggregate: its value (and the number of values of an average), and whether its test holds;
  /// nil where no row was counted.
  public var aggregate: (value: DuckDBValue, count: DuckDBValue?, holds: Bool)?
}
