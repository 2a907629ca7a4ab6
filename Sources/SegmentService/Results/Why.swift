import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Why one profile is a member of a segment, or is not.
public struct Why: Sendable {
  /// A statement about the profile, whether it is true, and what decided.
  public struct Finding: Sendable {
    public var text: String
    public var holds: Bool
    /// What decided: the row, the value, or how many rows met it.
    public var detail: String?
    /// How it joins the findings before it.
    public var combine: SetOperator?
    public var parts: [Finding]

    init(
      _ text: String, holds: Bool, detail: String? = nil, combine: SetOperator? = nil,
      parts: [Finding] = []
    ) {
      self.text = text
      self.holds = holds
      self.detail = detail
      self.combine = combine
      self.parts = parts
    }
  }

  public var segment: String
  public var key: ProfileKey
  public var isMember: Bool
  public var asOf: Instant
  public var dataVersion: Int64
  /// The published run that is explained; nil where the definition was judged anew.
  public var run: Int64?
  public var findings: [Finding]
}

extension SegmentService {
  /// Explains a profile's membership in a run, judged again at its as-of on its data.
  ///
  /// - Parameter run: nil for the last published run.
  public func why(segment name: String, key text: String, run id: Int64? = nil) async throws -> Why
  {
    let run = try publishedRun(id, of: name)
    return try await reading(run) { try await why(segment: name, key: text, run: run, in: $0) }
  }

  private func why(
    segment name: String, key text: String, run: RunRecord, in context: RunContext
  ) async throws -> Why {
    let audience = context.plan.audience
    let key = try profileKey(text, of: audience, in: context.snapshot.catalog)
    let found = try await engine.ordinals(
      of: [key], audience: audience, in: context.snapshot.version)
    guard let ordinal = found[key] else {
      throw WorkspaceError.noProfile(key: text, audience: audience.name)
    }
    let isMember = try members(of: run).contains(ordinal)
    let inquiry = Inquiry(
      engine: engine, context: context, ordinal: ordinal, runs: run.references)
    return Why(
      segment: name, key: key, isMember: isMember, asOf: context.plan.asOf,
      dataVersion: context.snapshot.version.id, run: run.id,
      findings: try await inquiry.findings(key: key, isMember: isMember))
  }

  func profileKey(_ text: String, of audience: Audience, in catalog: Catalog) throws -> ProfileKey {
    guard catalog.table(audience.table)?.attribute(audience.key)?.type == .integer else {
      return .text(Text(text))
    }
    guard let number = Int64(text) else {
      throw WorkspaceError.wrongKey(text, audience: audience.name)
    }
    return .integer(number)
  }
}

/// Judges the parts of a plan for one profile.
private struct Inquiry {
  let engine: any QueryEngine
  let context: SegmentService.RunContext
  let ordinal: UInt32
  let runs: [RunReference]

  func findings(key: ProfileKey, isMember: Bool) async throws -> [Why.Finding] {
    var findings: [Why.Finding]
    switch context.plan.content {
    case .keys(let keys):
      findings = [Why.Finding("is listed by hand", holds: keys.contains(key))]
    case .rules(let items):
      findings = try await self.findings(items)
    }
    if let limit = context.plan.limit, Inquiry.fold(findings) {
      findings.append(
        Why.Finding(limit.text, holds: isMember, combine: .intersect))
    }
    return findings
  }

  private func findings(_ items: [PlannedItem]) async throws -> [Why.Finding] {
    var findings: [Why.Finding] = []
    for item in items {
      switch item.content {
      case .group(let inner):
        let parts = try await self.findings(inner)
        findings.append(
          Why.Finding(
            "group", holds: Inquiry.fold(parts), combine: item.combine, parts: parts))
      case .rule(let outline):
        var finding = try await self.finding(outline)
        finding.combine = item.combine
        findings.append(finding)
      }
    }
    return findings
  }

  /// The truth of a list of findings, combined from left to right.
  static func fold(_ findings: [Why.Finding]) -> Bool {
    findings.reduce(false) { result, finding in
      switch finding.combine {
      case nil: finding.holds
      case .union: result || finding.holds
      case .intersect: result && finding.holds
      case .except: result && !finding.holds
      case .exclusive: result != finding.holds
      }
    }
  }

  private func finding(_ outline: Outline) async throws -> Why.Finding {
    switch outline {
    case .all(let parts):
      let findings = try await self.findings(parts)
      return Why.Finding(
        "all of", holds: findings.allSatisfy(\.holds), parts: findings)
    case .any(let parts):
      let findings = try await self.findings(parts)
      return Why.Finding(
        "any of", holds: findings.contains(where: \.holds), parts: findings)
    case .not(let part):
      let finding = try await self.finding(part)
      return Why.Finding("not", holds: !finding.holds, parts: [finding])
    case .comparison(let text, let predicate): return try await comparison(text, predicate)
    case .member(let text, let segment, let negated):
      let isMember = context.references.entries[segment]?.members.contains(ordinal) ?? false
      let run = runs.first { $0.segment == segment }
      return Why.Finding(
        text, holds: isMember != negated, detail: run.map { "run \($0.run) of '\(segment)'" })
    case .has(let planned): return try await has(planned)
    }
  }

  private func findings(_ outlines: [Outline]) async throws -> [Why.Finding] {
    var findings: [Why.Finding] = []
    for outline in outlines { findings.append(try await finding(outline)) }
    return findings
  }

  private func comparison(_ text: String, _ predicate: RowPredicate) async throws -> Why.Finding {
    let has = context.plan.onProfile(predicate)
    let inspected = try await inspect(has, comparisons: [predicate])
    let row = inspected.rows.first
    return Why.Finding(
      text, holds: row?.matches ?? false, detail: row.map { inspected.values(of: $0, from: 1) })
  }

  private func inspect(_ has: ResolvedHas, comparisons: [RowPredicate]) async throws
    -> InspectedRows
  {
    try await engine.inspect(
      has, comparisons: comparisons, ordinal: ordinal, catalog: context.snapshot.catalog,
      with: context.references, in: context.snapshot.version)
  }

  private func has(_ planned: PlannedHas) async throws -> Why.Finding {
    let comparisons =
      (planned.filter?.comparisons ?? []) + (planned.match?.comparisons ?? [])
    let inspected = try await inspect(planned.has, comparisons: comparisons.map(\.predicate))
    let verdict = inspected.verdict(on: planned.has.quantifier)
    let met = comparisons.enumerated().map { index, comparison in
      let count = inspected.rows.count { $0.comparisons[index] }
      return Why.Finding(
        comparison.text, holds: count > 0, detail: "\(count) of \(rowCount(inspected.rows.count))")
    }
    return Why.Finding(
      planned.text, holds: verdict.holds != planned.complemented, detail: verdict.detail,
      parts: met)
  }
}

extension InspectedRows {
  /// Whether a quantifier holds over the rows, and what decided it.
  fileprivate func verdict(on quantifier: ResolvedQuantifier) -> (holds: Bool, detail: String) {
    let counted = rows.filter(\.counts)
    let matching = counted.filter(\.matches)
    switch quantifier {
    case .any:
      guard let first = matching.first else { return (false, "none of \(rowCount(rows.count))") }
      return (true, "\(matching.count) of \(rowCount(rows.count)); first: \(values(of: first))")
    case .every:
      if let exception = counted.first(where: { !$0.matches }) {
        return (false, "not so: \(values(of: exception))")
      }
      return (!counted.isEmpty, counted.isEmpty ? "no rows" : "all \(rowCount(counted.count))")
    case .first, .last:
      let isFirst = if case .first = quantifier { true } else { false }
      let tied = deciding(first: isFirst)
      guard let row = tied.first(where: \.matches) ?? tied.first else { return (false, "no rows") }
      return (row.matches, values(of: row))
    case .aggregate(let wanted):
      let name = wanted.function.rawValue
      guard let aggregate else {
        let value = wanted.function == .count || wanted.function == .countDistinct ? "0" : "missing"
        return (false, "\(name) is \(value) (no rows)")
      }
      let value =
        aggregate.count.map { "\(name) of sum \(aggregate.value.plainText) over \($0.plainText)" }
        ?? "\(name) is \(aggregate.value.isNull ? "missing" : aggregate.value.plainText)"
      return (aggregate.holds, "\(value) (\(rowCount(matching.count)))")
    }
  }

  /// The rows that first (or last) asks: more than one where they are tied.
  private func deciding(first: Bool) -> [Row] {
    let timed = rows.compactMap { row -> (row: Row, moment: Int64)? in
      guard row.counts, let time = row.time, let moment = time.moment else { return nil }
      return (row, moment)
    }
    let moments = timed.map(\.moment)
    guard let deciding = first ? moments.min() : moments.max() else { return [] }
    return timed.filter { $0.moment == deciding }.map(\.row)
  }

  /// `Order.OrderId 17, Order.Total 12.5`.
  fileprivate func values(of row: Row, from first: Int = 0) -> String {
    zip(shown, row.values).dropFirst(first).map { name, value in
      "\(name) \(value.isNull ? "missing" : value.plainText)"
    }.joined(separator: ", ")
  }
}

extension DuckDBValue {
  /// A date or an instant as a number.
  fileprivate var moment: Int64? {
    switch self {
    case .date(let days): Int64(days)
    case .instant(let microseconds): microseconds
    default: nil
    }
  }
}

extension Outline {
  /// Its comparisons in order, with what they say.
  fileprivate var comparisons: [(text: String, predicate: RowPredicate)] {
    switch self {
    case .comparison(let text, let predicate): [(text, predicate)]
    case .all(let parts), .any(let parts): parts.flatMap(\.comparisons)
    case .member, .has, .not: []
    }
  }
}

extension ResolvedLimit {
  fileprivate var text: String {
    switch choice {
    case .top(let column, let descending):
      "is among the \(count) with the \(descending ? "highest" : "lowest") \(column.attribute)"
    case .random: "is among the \(count) drawn at random"
    }
  }
}

private func rowCount(_ count: Int) -> String { count == 1 ? "1 row" : "\(count) rows" }
