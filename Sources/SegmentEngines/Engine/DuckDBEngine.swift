import SegmentCompiler
import Synchronization

/// Evaluates plans on an embedded DuckDB.
///
/// Every call but the search for one key runs on a connection of its own, so calls do not wait for each other; a leaf
/// is one SQL query whose ordinals go straight into a bitmap.
public struct DuckDBEngine: QueryEngine {
  let database: DuckDBDatabase
  /// For the search of single keys, which takes less time than to open a connection.
  private let lookup: LentConnection
  /// How many queries of one ``evaluate(_:with:in:of:each:)`` run at a time.
  let parallelism: Int
  /// About how many members a slice of ``rows(_:in:each:)`` has.
  let sliceSize: Int

  public init(database: DuckDBDatabase, parallelism: Int = 2, sliceSize: Int = 1 << 16) {
    self.database = database
    lookup = LentConnection(database)
    self.parallelism = max(1, parallelism)
    self.sliceSize = max(1, sliceSize)
  }

  public func universe(of audience: Audience, in version: DataVersion) async throws -> MemberSet {
    let leaf = Leaf.profile(audience: audience.name, table: audience.table, .always(true))
    return try await database.connect()
      .members(try renderer(version, ReferencedSets()).ordinals(of: leaf))
  }

  // MARK: Leaves

  public func cacheKey(
    of leaf: Leaf, with references: ReferencedSets, in version: DataVersion
  ) throws -> String {
    // The query names the parts it reads, and the member tables by what they hold.
    let query = try renderer(version, references).ordinals(of: leaf)
    // Each piece with its length before it: no two lists of values read alike.
    let pieces = [query.text] + query.values.map { String(reflecting: $0) }
    return pieces.map { "\($0.utf8.count) \($0)" }.joined(separator: "\n")
  }

  public func describe(
    _ leaf: Leaf, in version: DataVersion, with references: ReferencedSets
  ) throws -> SQLQuery {
    try renderer(version, references).ordinals(of: leaf)
  }

  public func evaluate(
    _ leaves: [Leaf], with references: ReferencedSets, in version: DataVersion,
    of sample: ProfileSample?,
    each: @escaping @Sendable (Leaf, Result<MemberSet, any Error>) async throws -> Void
  ) async throws {
    guard !leaves.isEmpty else { return }
    let renderer = LeafRenderer(source(version, references), sample: sample)
    let needed = leaves.reduce(into: Set<String>()) { $0.formUnion($1.references) }
    // Whoever is free takes the next one: leaves differ a hundredfold in what they cost.
    let queue = LeafQueue(leaves)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<min(parallelism, leaves.count) {
        group.addTask {
          let connection = try database.connect()
          try await DuckDBEngine.store(references, only: needed, on: connection)
          while let leaf = queue.next() {
            try await each(leaf, DuckDBEngine.result(of: leaf, renderer, connection))
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private static func result(
    of leaf: Leaf, _ renderer: LeafRenderer, _ connection: DuckDBConnection
  ) async throws -> Result<MemberSet, any Error> {
    do {
      return .success(try await connection.members(renderer.ordinals(of: leaf)))
    } catch let error as CancellationError {
      throw error
    } catch {
      return .failure(error)
    }
  }

  public func best(
    _ limit: ResolvedLimit, of members: MemberSet, audience: Audience, catalog: Catalog,
    in version: DataVersion
  ) async throws -> MemberSet {
    guard members.count > limit.count else { return members }
    let connection = try database.connect()
    try await connection.store(members, asTemporaryTable: DuckDBEngine.membersTable)
    let rows = MemberRowsRenderer(
      source: source(version, ReferencedSets()), catalog: catalog, audience: audience)
    return try await connection.members(rows.best(of: DuckDBEngine.membersTable, limit: limit))
  }

  public func ordinals(
    of keys: [ProfileKey], audience: Audience, in version: DataVersion
  ) async throws -> [ProfileKey: UInt32] {
    let (part, ordinal) = try profiles(of: audience, in: version)
    guard !keys.isEmpty else { return [:] }
    if keys.count == 1 {
      let found = try await lookup.connection().members(
        """
        SELECT \(identifier: ordinal) FROM \(identifier: part.storedName)
        WHERE \(identifier: audience.key) = \(bind: keys[0].value)
        """, isRepeated: true)
      return found.ordinal(at: 0).map { [keys[0]: $0] } ?? [:]
    }
    return try await database.connect().perform { session in
      try session.store(keys, asTemporaryTable: DuckDBEngine.keysTable)
      var found: [ProfileKey: UInt32] = [:]
      found.reserveCapacity(keys.count)
      let query: SQLQuery = """
        SELECT k.number, p.\(identifier: ordinal)
        FROM \(identifier: DuckDBEngine.keysTable) AS k
        JOIN \(identifier: part.storedName) AS p ON p.\(identifier: audience.key) = k.key
        WHERE p.\(identifier: ordinal) IS NOT NULL
        """
      try session.forEachChunk(query) { chunk in
        chunk.column(0).withUInt32s { numbers in
          chunk.column(1).withUInt32s { ordinals in
            for (number, ordinal) in zip(numbers, ordinals) { found[keys[Int(number)]] = ordinal }
          }
        }
      }
      return found
    }
  }

  public func ordinals(of audience: Audience, upTo limit: Int, in version: DataVersion) async throws
    -> [ProfileKey: UInt32]?
  {
    let (part, ordinal) = try profiles(of: audience, in: version)
    return try await database.connect().perform { session in
      let from: SQLQuery = """
        FROM \(identifier: part.storedName) WHERE \(identifier: ordinal) IS NOT NULL
        """
      let count = try session.rows("SELECT count(*) \(from)")[0][0].integer ?? 0
      guard count <= limit else { return nil }
      var found: [ProfileKey: UInt32] = [:]
      found.reserveCapacity(Int(count))
      try session.forEachChunk(
        "SELECT \(identifier: audience.key), \(identifier: ordinal) \(from)"
      ) { chunk in
        let keys = chunk.column(0)
        try chunk.column(1).withUInt32s { ordinals in
          for (row, ordinal) in ordinals.enumerated() {
            if let key = ProfileKey(try keys.value(row)) { found[key] = ordinal }
          }
        }
      }
      return found
    }
  }

  /// Where the profiles of an audience are, and the column of their ordinals.
  private func profiles(of audience: Audience, in version: DataVersion) throws -> (
    part: Part, ordinal: String
  ) {
    guard let part = version.parts[audience.table],
      let ordinal = part.route(audience: audience.name, steps: [])?.column
    else { throw RenderingError.noPart(table: audience.table) }
    return (part, ordinal)
  }

  // MARK: Inspection

  public func inspect(
    _ has: ResolvedHas, comparisons: [RowPredicate], ordinal: UInt32, catalog: Catalog,
    with references: ReferencedSets, in version: DataVersion
  ) async throws -> InspectedRows {
    let connection = try database.connect()
    try await DuckDBEngine.store(references, only: nil, on: connection)
    let renderer = InspectionRenderer(source: source(version, references), catalog: catalog)
    let inspection = try renderer.rows(of: has, comparisons: comparisons, ordinal: ordinal)
    let hasTime =
      switch has.quantifier {
      case .first, .last: true
      case .any, .every, .aggregate: false
      }
    let rows = try await connection.rows(inspection.query).map { row in
      let first = hasTime ? 3 : 2
      let end = first + comparisons.count
      return InspectedRows.Row(
        counts: row[0].boolean ?? false, matches: row[1].boolean ?? false,
        time: hasTime ? row[2] : nil,
        comparisons: row[first..<end].map { $0.boolean ?? false }, values: Array(row[end...]))
    }
    var result = InspectedRows(rows: rows, shown: inspection.shown)
    if case .aggregate(let aggregate) = has.quantifier {
      let query = try renderer.aggregate(of: has, aggregate, ordinal: ordinal)
      if let row = try await connection.rows(query).first, let holds = row.last?.boolean {
        // ordinal, value[, n], holds
        result.aggregate = (row[1], row.count == 4 ? row[2] : nil, holds)
      }
    }
    return result
  }

  // MARK: Sources

  static let membersTable = "_muster_members"
  private static let keysTable = "_muster_keys"

  private func renderer(_ version: DataVersion, _ references: ReferencedSets) -> LeafRenderer {
    LeafRenderer(source(version, references))
  }

  func source(_ version: DataVersion, _ references: ReferencedSets) -> SQLSource {
    SQLSource(
      version: version, memberTables: references.entries.mapValues { $0.tableName },
      dialect: .duckDB)
  }

  static func store(
    _ references: ReferencedSets, only names: Set<String>?, on connection: DuckDBConnection
  ) async throws {
    for (name, entry) in references.entries where names?.contains(name) ?? true {
      try await connection.store(entry.members, asTemporaryTable: entry.tableName)
    }
  }
}

extension ReferencedSets.Entry {
  fileprivate var tableName: String { "_muster_members_\(fingerprint)" }
}

extension ProfileKey {
  /// A key as an engine returns it; nil for anything but an integer or a text.
  public init?(_ value: DuckDBValue) {
    switch value {
    case .integer(let number): self = .integer(number)
    case .text(let text): self = .text(text)
    default: return nil
    }
  }
}

/// Hands out leaves one at a time.
private final class LeafQueue: Sendable {
  private let rest: Mutex<ArraySlice<Leaf>>

  init(_ leaves: [Leaf]) { rest = Mutex(leaves[...]) }

  func next() -> Leaf? { rest.withLock { $0.popFirst() } }
}

/// A connection that is made when it is needed first, and kept; its users take turns.
private final class LentConnection: Sendable {
  private let database: DuckDBDatabase
  private let made = Mutex<DuckDBConnection?>(nil)

  init(_ database: DuckDBDatabase) { self.database = database }

  func connection() throws -> DuckDBConnection {
    try made.withLock { made in
      if let made { return made }
      let connection = try database.connect(priority: .high)
      made = connection
      return connection
    }
  }
}
