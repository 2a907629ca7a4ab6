import SegmentCompiler
import SegmentEngines

/// A definition in words, as a plan, and as the queries an engine runs for it.
public struct Explanation: Sendable {
  public struct Rule: Sendable {
    /// How it joins those before it; nil on the first.
    public var combine: SetOperator?
    public var text: String
    /// Numbers of the leaves it is built from, as set algebra.
    public var sets: String
  }

  public struct Query: Sendable {
    public var sql: String
    public var values: [SQLValue]
  }

  public var segment: String
  public var sentence: String
  public var asOf: Instant
  public var timeZone: String
  public var rules: [Rule]
  /// In the order of their numbers, counted from 1.
  public var queries: [Query]
  public var warnings: [Diagnostic]
}

extension SegmentService {
  public func explain(segment name: String, asOf: Instant? = nil) throws -> Explanation {
    try explain(WrittenDefinition(segment(name).definition), asOf: asOf)
  }

  public func explain(_ sources: [DefinitionSource], asOf: Instant? = nil) throws -> [Explanation] {
    try WrittenDefinition.all(in: sources, catalog: snapshot().catalog).map {
      try explain($0, asOf: asOf)
    }
  }

  public func explain(_ text: String, asOf: Instant? = nil) throws -> [Explanation] {
    try explain([DefinitionSource(text: text)], asOf: asOf)
  }

  private func explain(_ written: WrittenDefinition, asOf: Instant?) throws -> Explanation {
    let snapshot = try snapshot()
    var facts = try segmentFacts()
    for name in facts.keys { facts[name]?.isAvailable = true }
    let planned = try DefinitionCheck(catalog: snapshot.catalog, asOf: asOf ?? now(), facts: facts)
      .planning([written])[0]
    let plan = planned.plan
    let leaves = plan.leaves
    let (references, _) = try publishedMembers(of: plan.references)
    let queries = try leaves.map { leaf in
      let query = try engine.describe(leaf, in: snapshot.version, with: references)
      return Explanation.Query(sql: query.text, values: query.values)
    }
    var rules: [Explanation.Rule] = []
    if case .rules(let items) = plan.content {
      rules = items.map { item in
        Explanation.Rule(
          combine: item.combine, text: item.name ?? item.place,
          sets: plan.algebra(of: item, numbering: leaves))
      }
    }
    return Explanation(
      segment: written.definition.name, sentence: planned.checked.sentence, asOf: plan.asOf,
      timeZone: plan.zone.name, rules: rules, queries: queries, warnings: plan.warnings)
  }
}

extension LogicalPlan {
  /// `(1 ∩ ¬2)`: a rule as set algebra over numbered leaves.
  fileprivate func algebra(of item: PlannedItem, numbering leaves: [Leaf]) -> String {
    switch item.content {
    case .rule(let outline): return algebra(of: expression(of: outline), numbering: leaves)
    case .group(let items):
      var text = ""
      for (index, item) in items.enumerated() {
        let part = algebra(of: item, numbering: leaves)
        text = index == 0 ? part : "(\(text) \(item.combine?.symbol ?? "∪") \(part))"
      }
      return text
    }
  }

  private func algebra(of expression: SetExpression, numbering leaves: [Leaf]) -> String {
    func join(_ parts: [SetExpression], _ symbol: String) -> String {
      "(" + parts.map { algebra(of: $0, numbering: leaves) }.joined(separator: " \(symbol) ") + ")"
    }
    switch expression {
    case .leaf(let leaf): return String((leaves.firstIndex(of: leaf) ?? -1) + 1)
    case .members(let segment): return "members of '\(segment)'"
    case .complement(let part): return "¬\(algebra(of: part, numbering: leaves))"
    case .all(let parts): return join(parts, "∩")
    case .any(let parts): return join(parts, "∪")
    }
  }
}

extension SetOperator {
  fileprivate var symbol: String {
    switch self {
    case .union: "∪"
    case .intersect: "∩"
    case .except: "∖"
    case .exclusive: "△"
    }
  }
}
