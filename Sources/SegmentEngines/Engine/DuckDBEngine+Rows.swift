import SegmentCompiler

extension DuckDBEngine {
  public func rows(_ request: MemberRows, in version: DataVersion) -> Pulled<[[DuckDBValue]]> {
    let reader = MemberReader(
      request, sliceSize: sliceSize, source: source(version, request.references),
      database: database)
    return Pulled { try await reader.next() }
  }

  public func writeParquet(
    _ request: MemberRows, to path: String, in version: DataVersion
  ) async throws {
    let connection = try database.connect()
    try await DuckDBEngine.store(request.references, only: nil, on: connection)
    try await connection.store(request.members, asTemporaryTable: DuckDBEngine.membersTable)
    let query = try MemberRowsRenderer(
      source: source(version, request.references), catalog: request.catalog,
      audience: request.audience
    ).rows(of: DuckDBEngine.membersTable, projection: request.projection)
    _ = try await connection.execute(
      "COPY (\(query)) TO \(bind: .text(path)) (FORMAT parquet, COMPRESSION zstd)")
  }
}

/// Reads members in key order, one slice after another: DuckDB keeps a result whole until it was read, so each slice
/// is a query of its own.
private actor MemberReader {
  /// How many members of a slice are asked for their keys to find where it ends.
  private static let sampledPerSlice = 64

  private let request: MemberRows
  private let database: DuckDBDatabase
  private let renderer: MemberRowsRenderer
  /// About how many members are in a slice.
  private let sliceSize: Int

  private var connection: DuckDBConnection?
  /// The keys that end the slices to come, the next one last, nil for the end of all; nil before the first one.
  private var ends: [ProfileKey?]?
  private var after: ProfileKey?
  private var left: Int

  init(_ request: MemberRows, sliceSize: Int, source: SQLSource, database: DuckDBDatabase) {
    self.request = request
    self.sliceSize = sliceSize
    self.database = database
    after = request.after
    left = request.limit ?? .max
    renderer = MemberRowsRenderer(
      source: source, catalog: request.catalog, audience: request.audience)
  }

  /// The rows of the next slice; nil at the end.
  func next() async throws -> [[DuckDBValue]]? {
    let connection = try await connected()
    while let slice = try await nextSlice(connection) {
      guard !slice.isEmpty else { continue }
      let query = try renderer.rows(
        of: DuckDBEngine.membersTable, projection: request.projection)
      return try await connection.perform { session in
        try session.store(slice, asTemporaryTable: DuckDBEngine.membersTable)
        return try session.rows(query)
      }
    }
    return nil
  }

  private func connected() async throws -> DuckDBConnection {
    if let connection { return connection }
    let new = try database.connect()
    try await DuckDBEngine.store(request.references, only: nil, on: new)
    connection = new
    return new
  }

  private func nextSlice(_ connection: DuckDBConnection) async throws -> MemberSet? {
    guard left > 0 else { return nil }
    if left <= sliceSize, request.limit != nil, ends == nil {
      defer { left = 0 }
      return try await first(left, on: connection)
    }
    if ends == nil { ends = try await [nil] + findEnds(on: connection).reversed() }
    guard let end = ends?.popLast() else { return nil }
    var slice = try await members(through: end, on: connection)
    if slice.count > left { slice = try await first(left, of: slice, on: connection) }
    left -= slice.count
    after = end
    return slice
  }

  // MARK: Slices

  /// The keys that end slices, in key order, but for the last one: found among a sample of the members, which costs
  /// little however many there are.
  private func findEnds(on connection: DuckDBConnection) async throws -> [ProfileKey] {
    let count = request.members.count
    guard count > sliceSize else { return [] }
    let perSlice = min(MemberReader.sampledPerSlice, sliceSize)
    let distance = sliceSize / perSlice
    let ranks = stride(from: distance - 1, to: count, by: distance)
    let sample = MemberSet(ranks.compactMap { request.members.ordinal(at: $0) })
    let keys = try await keys(of: sample, on: connection)
    return stride(from: perSlice - 1, to: keys.count, by: perSlice).map { keys[$0].key }
      .filter { key in request.after.map { $0 < key } ?? true }
  }

  /// The members in a range of keys.
  private func members(through: ProfileKey?, on connection: DuckDBConnection) async throws
    -> MemberSet
  {
    guard after != nil || through != nil else { return request.members }
    let query = try renderer.ordinals(after: after, through: through)
    return try await connection.members(query).intersection(request.members)
  }

  /// The first members in key order.
  private func first(_ limit: Int, on connection: DuckDBConnection) async throws -> MemberSet {
    if request.members.count <= sliceSize {
      return try await first(limit, of: request.members, on: connection)
    }
    // Among many members it does not take many profiles to find some.
    var found = MemberSet()
    var after = after
    var candidates = limit * 2
    while found.count < limit {
      let keys = try await keys(after: after, limit: candidates, on: connection)
      for (_, ordinal) in keys where found.count < limit && request.members.contains(ordinal) {
        found.insert(ordinal)
      }
      guard keys.count == candidates else { break }
      after = keys.last?.key
      candidates *= 2
    }
    return found
  }

  private func first(
    _ limit: Int, of members: MemberSet, on connection: DuckDBConnection
  ) async throws -> MemberSet {
    guard after != nil || members.count > limit else { return members }
    let keys = try await keys(of: members, after: after, limit: limit, on: connection)
    return MemberSet(keys.map(\.ordinal))
  }

  /// Keys and ordinals in key order.
  private func keys(
    of members: MemberSet? = nil, after: ProfileKey? = nil, limit: Int? = nil,
    on connection: DuckDBConnection
  ) async throws -> [(key: ProfileKey, ordinal: UInt32)] {
    let table = members.map { _ in DuckDBEngine.membersTable }
    let query = try renderer.keys(of: table, after: after, limit: limit)
    let rows = try await connection.perform { session in
      if let members, let table { try session.store(members, asTemporaryTable: table) }
      return try session.rows(query)
    }
    return rows.compactMap { row in
      guard let key = ProfileKey(row[0]), let ordinal = row[1].integer else { return nil }
      return (key, UInt32(ordinal))
    }
  }
}
