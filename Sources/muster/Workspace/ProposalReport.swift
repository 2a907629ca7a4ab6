import SegmentCompiler
import SegmentService

/// A proposal for people.
func proposalText(_ proposal: WorkspaceProposal) -> String {
  let definition = proposal.definition
  var tables = TextTable(.left("Table"), .right("Rows"), .left("Key"), .left("Files"))
  for (table, evidence) in zip(definition.tables, proposal.tables) {
    tables.add(
      table.name, evidence.rows.grouped,
      table.key.isEmpty ? "–" : table.key.joined(separator: ", "),
      evidence.files.isEmpty ? evidence.keyReason : evidence.files.joined(separator: ", "))
  }
  var parts = ["\(tables)"]
  if !definition.relationships.isEmpty {
    var relationships = TextTable(
      .left("Relationship"), .left("Kind"), .right("Match"), .right("Orphans"),
      .right("Keys reached"))
    relationships.maximumCellWidth = 80
    for (relationship, evidence) in zip(definition.relationships, proposal.relationships) {
      relationships.add(
        "\(Reference([relationship.source, relationship.foreignKey])) -> \(Reference([relationship.target, relationship.targetKey]))",
        relationship.kind.rawValue, percentText(evidence.matched, of: evidence.rows),
        evidence.orphans == 0 ? "–" : evidence.orphans.grouped,
        "\(evidence.matchedValues.grouped) of \(evidence.targets.grouped)")
    }
    parts.append("\(relationships)")
  }
  if !definition.audiences.isEmpty {
    var audiences = TextTable(.left("Audience"), .left("Table"), .left("Kind"), .left("Because"))
    for (audience, reason) in zip(definition.audiences, proposal.audienceReasons) {
      audiences.add(audience.name, audience.table, audience.kind.rawValue, reason)
    }
    parts.append("\(audiences)")
  }
  parts += [keylessText(proposal), trapsText(proposal), leftOutText(proposal)].filter {
    !$0.isEmpty
  }
  return parts.joined(separator: "\n\n")
}

private func keylessText(_ proposal: WorkspaceProposal) -> String {
  let lines = zip(proposal.definition.tables, proposal.tables).filter { $0.0.key.isEmpty }.map {
    "  \($0.name.printable): \($1.keyReason.printable)"
  }
  return lines.isEmpty ? "" : (["Without a key"] + lines).joined(separator: "\n")
}

private func trapsText(_ proposal: WorkspaceProposal) -> String {
  let lines = proposal.traps.map { table, trap in
    let place = Reference([table] + (trap.attribute.map { [$0] } ?? []))
    return "  \(place.description.printable): \(trap.message.printable)"
  }
  return lines.isEmpty ? "" : (["To know"] + lines).joined(separator: "\n")
}

private func leftOutText(_ proposal: WorkspaceProposal) -> String {
  let lines = proposal.leftOut.map { "  \($0.path.printable): \($0.reason.printable)" }
  return lines.isEmpty ? "" : (["Left out"] + lines).joined(separator: "\n")
}

/// A proposal for programs.
struct ProposalJSON: Encodable {
  struct Table: Encodable {
    var name: String
    var rows: Int
    var files: [String]
    var derivedFrom: String?
    var key: [String]
    var keyReason: String
    var attributes: [Attribute]
    var traps: [Trap]
  }
  /// What is declared; the others are inferred.
  struct Attribute: Encodable {
    var name: String
    var type: String?
    var format: String?
  }
  struct Trap: Encodable {
    var kind: String
    var attribute: String?
    var message: String
  }
  struct Relationship: Encodable {
    var name: String
    var source: String
    var foreignKey: String
    var target: String
    var targetKey: String
    var kind: String
    var rows: Int
    var missing: Int
    var matched: Int
    var orphans: Int
    var values: Int
    var matchedValues: Int
    var targets: Int
  }
  struct Audience: Encodable {
    var name: String
    var table: String
    var kind: String
    var hierarchy: String?
    var reason: String
  }
  struct LeftOut: Encodable {
    var path: String
    var reason: String
  }

  var workspace: String
  var tables: [Table]
  var relationships: [Relationship]
  var audiences: [Audience]
  var leftOut: [LeftOut]
  /// The workspace file.
  var yaml: String

  init(_ proposal: WorkspaceProposal) {
    let definition = proposal.definition
    workspace = definition.name
    tables = zip(definition.tables, proposal.tables).map { table, evidence in
      Table(
        name: table.name, rows: evidence.rows, files: evidence.files,
        derivedFrom: table.origin.derivedFrom,
        key: table.key, keyReason: evidence.keyReason,
        attributes: table.attributes.map {
          Attribute(name: $0.name, type: $0.type?.name, format: $0.format)
        },
        traps: evidence.traps.map {
          Trap(kind: $0.kind.rawValue, attribute: $0.attribute, message: $0.message)
        })
    }
    relationships = zip(definition.relationships, proposal.relationships).map {
      relationship, evidence in
      Relationship(
        name: relationship.name.description, source: relationship.source,
        foreignKey: relationship.foreignKey, target: relationship.target,
        targetKey: relationship.targetKey, kind: relationship.kind.rawValue, rows: evidence.rows,
        missing: evidence.missing, matched: evidence.matched, orphans: evidence.orphans,
        values: evidence.values, matchedValues: evidence.matchedValues, targets: evidence.targets)
    }
    audiences = zip(definition.audiences, proposal.audienceReasons).map { audience, reason in
      Audience(
        name: audience.name, table: audience.table, kind: audience.kind.rawValue,
        hierarchy: audience.hierarchy?.description, reason: reason)
    }
    leftOut = proposal.leftOut.map { LeftOut(path: $0.path, reason: $0.reason) }
    yaml = proposal.yaml
  }
}

extension TableDefinition.Origin {
  fileprivate var derivedFrom: String? {
    if case .derived(let table, let attribute) = self {
      Reference([table, attribute]).description
    } else {
      nil
    }
  }
}

extension DeclaredType {
  fileprivate var name: String {
    switch self {
    case .exactly(let type): type.name
    case .number: "number"
    }
  }
}
