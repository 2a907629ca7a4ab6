import SegmentCompiler

extension DuckDBEngine {
  public func valueCounts(_ request: ValueRequest, in version: DataVersion) async throws
    -> ValueCounts
  {
    let values = try StoredAttribute(request.attribute, of: request.table, in: version)
    return try await database.connect().perform { try values.counts(request, $0) }
  }

  public func distribution(
    of attribute: Attribute, in table: String, version: DataVersion
  ) async throws -> ValueDistribution {
    let values = try StoredAttribute(attribute, of: table, in: version)
    return try await database.connect().perform { try values.distribution($0) }
  }
}

/// The values of an attribute in its stored table.
private struct StoredAttribute: Sendable {
  private static let mostBins = 20
  /// Up to here distinct values are counted, beyond they are estimated.
  private static let mostCounted = 10_000

  private let type: AttributeType
  private let table: SQLQuery
  private let value: SQLQuery

  init(_ attribute: Attribute, of table: String, in version: DataVersion) throws {
    guard let part = version.parts[table] else { throw RenderingError.noPart(table: table) }
    type = attribute.type
    self.table = "\(identifier: part.storedName)"
    value = "\(identifier: attribute.name)"
  }

  // MARK: Totals

  private func totals(_ session: DuckDBSession) throws -> ValueTotals {
    let row = try session.rows(
      "SELECT count(*), count(\(value)), approx_count_distinct(\(value)) FROM \(table)")[0]
    let present = row[1].count
    var totals = ValueTotals(
      rows: row[0].count, missing: row[0].count - present, distinct: min(row[2].count, present),
      isDistinctExact: present == 0)
    if totals.distinct <= StoredAttribute.mostCounted {
      totals.distinct = try session.rows("SELECT count(DISTINCT \(value)) FROM \(table)")[0][0]
        .count
      totals.isDistinctExact = true
    }
    return totals
  }

  // MARK: Values

  func counts(_ request: ValueRequest, _ session: DuckDBSession) throws -> ValueCounts {
    let totals = try totals(session)
    if let most = request.mostDistinct, totals.distinct > most, request.search == nil {
      return ValueCounts(totals: totals, values: [], isComplete: false)
    }
    var condition: SQLQuery = "\(value) IS NOT NULL"
    var order: SQLQuery = "n DESC, v"
    if let search = request.search {
      let wanted: SQLQuery = "lower(\(bind: .text(search)))"
      condition += " AND contains(\(searched(value)), \(wanted))"
      order = "starts_with(\(searched("v")), \(wanted)) DESC, \(order)"
    }
    let groups: SQLQuery =
      "SELECT \(value) AS v, count(*) AS n FROM \(table) WHERE \(condition) GROUP BY \(value)"
    let shown: SQLQuery =
      type == .text
      ? "left(v, \(number: ValueCount.mostCharacters)), length(v) > \(number: ValueCount.mostCharacters)"
      : "v, FALSE"
    let rows = try session.rows(
      "SELECT \(shown), n FROM (\(groups)) AS groups ORDER BY \(order) LIMIT \(number: request.limit + 1)"
    )
    return ValueCounts(
      totals: totals,
      values: rows.prefix(request.limit).map { row in
        ValueCount(value: row[0], isExcerpt: row[1].boolean ?? false, rows: row[2].count)
      },
      isComplete: rows.count <= request.limit)
  }

  /// What a search is compared with: the value as people read it.
  private func searched(_ value: SQLQuery) -> SQLQuery {
    switch type {
    case .text: "lower(\(value))"
    case .datetime: "lower(replace(CAST(\(value) AS VARCHAR), ' ', 'T'))"
    default: "lower(CAST(\(value) AS VARCHAR))"
    }
  }

  // MARK: Distribution

  func distribution(_ session: DuckDBSession) throws -> ValueDistribution {
    let totals = try totals(session)
    let percents = (1...99).map { "0.\($0 < 10 ? "0" : "")\($0)" }.joined(separator: ", ")
    let row = try session.rows(
      "SELECT min(\(value)), max(\(value)), quantile_disc(\(value), [\(SQLQuery(stringLiteral: percents))]) FROM \(table)"
    )[0]
    var distribution = ValueDistribution(
      totals: totals, minimum: row[0], maximum: row[1], percentiles: [], histogram: [])
    if case .list(let percentiles) = row[2] { distribution.percentiles = percentiles }
    distribution.histogram = try isWhole ? wholeBins(session) : fractionBins(session)
    return distribution
  }

  /// Whether the values are steps of one: numbers, days or microseconds.
  private var isWhole: Bool {
    switch type {
    case .integer, .date, .datetime: true
    default: false
    }
  }

  private func wholeBins(_ session: DuckDBSession) throws -> [ValueDistribution.Bin] {
    let step: SQLQuery =
      switch type {
      case .date: "CAST(\(value) - DATE '1970-01-01' AS BIGINT)"
      case .datetime: "epoch_us(\(value))"
      default: value
      }
    let finite: SQLQuery =
      type == .integer ? "\(value) IS NOT NULL" : "isfinite(\(value))"
    let ends = try session.rows("SELECT min(\(step)), max(\(step)) FROM \(table) WHERE \(finite)")[
      0]
    guard let low = ends[0].integer, let high = ends[1].integer else { return [] }
    let span = Int128(high) - Int128(low) + 1
    let width = (span + Int128(StoredAttribute.mostBins) - 1) / Int128(StoredAttribute.mostBins)
    let rows = try session.rows(
      """
      SELECT CAST((CAST(\(step) AS HUGEINT) - \(bind: .integer(low))) // CAST(\(bind: .decimal(String(width))) AS HUGEINT) AS BIGINT) AS bin, count(*)
      FROM \(table) WHERE \(finite) GROUP BY bin
      """)
    let counts = Dictionary(uniqueKeysWithValues: rows.map { ($0[0].count, $0[1].count) })
    return (0..<Int((span + width - 1) / width)).map { bin in
      let from = Int128(low) + Int128(bin) * width
      return ValueDistribution.Bin(
        from: whole(from), to: whole(min(from + width, Int128(Int64.max))),
        rows: counts[bin] ?? 0)
    }
  }

  private func whole(_ number: Int128) -> DuckDBValue {
    switch type {
    case .date: .date(Int32(clamping: number))
    case .datetime: .instant(Int64(clamping: number))
    default: .integer(Int64(clamping: number))
    }
  }

  private func fractionBins(_ session: DuckDBSession) throws -> [ValueDistribution.Bin] {
    let number: SQLQuery = "CAST(\(value) AS DOUBLE)"
    let finite: SQLQuery = "isfinite(\(number))"
    let ends = try session.rows(
      "SELECT min(\(number)), max(\(number)) FROM \(table) WHERE \(finite)")[0]
    guard let low = ends[0].double, let high = ends[1].double else { return [] }
    let bins = Double(StoredAttribute.mostBins)
    let width = (high - low) / bins
    let inner =
      low < high
      ? (1..<StoredAttribute.mostBins).map { edge in
        // The difference of two numbers may be too large for one.
        width.isFinite
          ? low + Double(edge) * width
          : low * (1 - Double(edge) / bins) + high * (Double(edge) / bins)
      } : []
    let edges = [low] + inner + [high]
    var bin: SQLQuery = "CASE"
    for (index, edge) in inner.enumerated() {
      bin += " WHEN \(number) < \(bind: .double(edge)) THEN \(number: index)"
    }
    bin = inner.isEmpty ? "0" : "\(bin) ELSE \(number: inner.count) END"
    let rows = try session.rows(
      "SELECT \(bin) AS bin, count(*) FROM \(table) WHERE \(finite) GROUP BY bin")
    let counts = Dictionary(uniqueKeysWithValues: rows.map { ($0[0].count, $0[1].count) })
    return edges.indices.dropLast().map { bin in
      ValueDistribution.Bin(
        from: .double(edges[bin]), to: .double(edges[bin + 1]), rows: counts[bin] ?? 0)
    }
  }
}

extension DuckDBValue {
  /// A count that a query has made.
  fileprivate var count: Int { Int(integer ?? 0) }
}
