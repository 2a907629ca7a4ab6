import SegmentCompiler
import SegmentStore

/// Whose rows are: what goes with an erased row, and what only loses its reference to it.
struct Ownership {
  /// The keys of the tables of audiences: their rows are people of their own.
  var profiles: [String: [String]] = [:]
  /// By relationship, as the workspace file says now.
  private let rules: [RelationshipName: Relationship.ErasureRule]
  private let workspace: WorkspaceDefinition

  init(_ workspace: WorkspaceDefinition) {
    self.workspace = workspace
    rules = Dictionary(
      workspace.relationships.map { ($0.name, $0.onErasure) }, uniquingKeysWith: { $1 })
    for audience in workspace.audiences {
      profiles[audience.table] = workspace.table(audience.table)?.key ?? []
    }
  }

  /// The links of a part, as they were when it was made.
  func links(of table: String, _ lineage: Lineage) -> [Link] {
    let relationships = lineage.relationships.map { relationship in
      let source = KeyPlace(table: relationship.source, attribute: relationship.foreignKey)
      let isKept = (rules[relationship.name] ?? relationship.onErasure) == .missing
      return Link(
        relationship: relationship.name, source: source,
        target: KeyPlace(table: relationship.target, attribute: relationship.targetKey),
        clears: clears(source), takesSource: takesSource(source, isKept: isKept),
        takesTarget: relationship.kind == .oneToOne && profiles[relationship.target] == nil
          && !isKept)
    }
    guard let derivation = lineage.derivation else { return relationships }
    let target = KeyPlace(table: table, attribute: derivation.key)
    return relationships + [
      Link(
        relationship: nil, source: derivation.origin, target: target,
        clears: clears(derivation.origin),
        takesSource: takesSource(derivation.origin, isKept: false), takesTarget: true)
    ]
  }

  /// The attribute, and what it is computed from: else its value could be computed again.
  private func clears(_ place: KeyPlace) -> [String] {
    guard let table = workspace.table(place.table) else { return [place.attribute] }
    let inputs = table.inputs(of: place.attribute).subtracting(table.key)
    return [place.attribute] + inputs.sorted()
  }

  /// A row goes with the one it refers to, unless it is a person of its own. One that refers by its own key is
  /// the same person in another table.
  private func takesSource(_ source: KeyPlace, isKept: Bool) -> Bool {
    guard let key = profiles[source.table] else { return !isKept }
    return key.contains(source.attribute)
  }
}

/// A foreign key, or the attribute that a derived table is made from, and what it refers to.
struct Link: Hashable {
  /// nil for a derivation.
  var relationship: RelationshipName?
  var source: KeyPlace
  var target: KeyPlace
  /// Attributes of the source that become missing where its rows stay.
  var clears: [String]
  /// Whether the rows that refer to an erased one go; else their foreign key becomes missing.
  var takesSource: Bool
  /// Whether a row goes when those that refer to it have gone: it was theirs alone.
  var takesTarget: Bool

  var isDerivation: Bool { relationship == nil }
}

extension WorkspaceDefinition {
  func lineage(of table: TableDefinition) -> Lineage {
    var lineage = Lineage(relationships: relationships.filter { $0.source == table.name })
    if case .derived(let origin, let attribute) = table.origin, let key = table.key.first {
      lineage.derivation = Lineage.Derivation(
        key: key, origin: KeyPlace(table: origin, attribute: attribute))
    }
    return lineage
  }
}
