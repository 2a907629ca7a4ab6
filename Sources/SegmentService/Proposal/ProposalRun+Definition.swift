import Foundation
import SegmentCompiler

extension ProposalRun {
  /// What was found, as a workspace file.
  func proposal() -> WorkspaceProposal {
    let sources = ProposedSources(tables)
    let named = namedRelationships()
    let choice = AudienceChoice(tables: tables, relationships: relationships, derived: derived)
    let audiences = choice.chosen()
    let definition = WorkspaceDefinition(
      name: workspaceName, sources: sources.all,
      tables: tables.map { tableDefinition($0, sources) } + derived.map { tableDefinition($0) },
      relationships: named.map(\.relationship),
      audiences: audiences.map { audience in
        AudienceDefinition(
          name: audience.name, table: audience.table, kind: audience.kind,
          hierarchy: audience.hierarchy.flatMap { column in
            named.first {
              $0.relationship.source == tables[column.table].name
                && $0.relationship.target == $0.relationship.source
                && $0.relationship.foreignKey == column.column
            }?.relationship.name
          })
      })
    return WorkspaceProposal(
      definition: definition,
      tables: tables.indices.map { evidence($0) } + derived.map { evidence($0) },
      relationships: named.map(\.evidence), audienceReasons: audiences.map(\.reason),
      rejectedAudiences: audiences.isEmpty ? choice.rejected() : [],
      leftOut: leftOut.sorted { Text($0.path) < Text($1.path) })
  }

  /// The folder's name in words.
  private var workspaceName: String {
    let words = root.resolvingSymlinksInPath().lastPathComponent.split {
      !$0.isLetter && !$0.isNumber
    }
    let name = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    return name.isEmpty ? "Workspace" : name
  }

  // MARK: - Tables

  private func tableDefinition(_ draft: TableDraft, _ sources: ProposedSources) -> TableDefinition {
    let columns = draft.profile.columns.indices
    return TableDefinition(
      name: draft.name,
      origin: .files(sources.source(of: draft), globs: sources.globs(of: draft)),
      key: draft.key,
      attributes: columns.compactMap { index in
        let advice = draft.advice[index]
        guard advice.type != nil, !advice.isIgnored else { return nil }
        return AttributeDefinition(
          name: draft.profile.columns[index].name, type: advice.type, format: advice.format)
      },
      ignore: columns.filter { draft.advice[$0].isIgnored }.map { draft.profile.columns[$0].name })
  }

  private func tableDefinition(_ draft: DerivedDraft) -> TableDefinition {
    TableDefinition(
      name: draft.name,
      origin: .derived(table: tables[draft.origin.table].name, attribute: draft.origin.column),
      key: [draft.key])
  }

  private func evidence(_ index: Int) -> TableEvidence {
    let draft = tables[index]
    var traps = draft.advice.traps + draft.traps
    for (number, column) in draft.profile.columns.enumerated()
    where column.isEmpty && column.unsupported == nil {
      guard let target = emptyReference(draft.names[number], of: index) else { continue }
      traps.removeAll { $0.attribute == column.name && $0.kind == .empty }
      traps.append(
        Trap(
          kind: .empty, attribute: column.name,
          message: "empty in every row; by its name it refers to \(target)"))
    }
    return TableEvidence(
      table: draft.name, rows: draft.profile.rows,
      files: draft.profile.group.files.map(\.file.path),
      keyReason: draft.keyReason, traps: traps)
  }

  private func evidence(_ draft: DerivedDraft) -> TableEvidence {
    let origin = tables[draft.origin.table]
    let rows = origin.profile.column(draft.origin.column)?.distinct ?? 0
    return TableEvidence(
      table: draft.name, rows: rows, files: [],
      keyReason: "the distinct values of \(Reference([origin.name, draft.origin.column]))",
      traps: [])
  }

  // MARK: - Relationships

  private struct Named {
    var relationship: Relationship
    var evidence: RelationshipEvidence
  }

  private struct Unnamed {
    var source: DraftColumn
    var target: String
    var targetKey: String
    var kind: Relationship.Kind
    var match: KeyMatch
    /// Of the foreign key, where it says more than the target's name.
    var name: String?
  }

  /// Relationships have the target's name; those that play a role have the role's.
  private func namedRelationships() -> [Named] {
    var drafts = relationships.compactMap { draft -> Unnamed? in
      guard let key = tables[draft.target].singleKey,
        let column = tables[draft.source.table].columnName(draft.source.column)
      else { return nil }
      let isRole = [.role, .qualified, .qualifiedKey].contains(draft.nameMatch)
      return Unnamed(
        source: draft.source, target: tables[draft.target].name, targetKey: key.name,
        kind: draft.kind,
        match: draft.match, name: isRole ? column.stem : nil)
    }
    for draft in derived {
      drafts += draft.sources.map {
        Unnamed(
          source: $0.column, target: draft.name, targetKey: draft.key, kind: .manyToOne,
          match: $0.match)
      }
    }
    drafts.sort { ($0.source.table, place($0.source)) < ($1.source.table, place($1.source)) }
    for index in drafts.indices where drafts[index].name == nil {
      let twins = drafts.count {
        $0.source.table == drafts[index].source.table && $0.target == drafts[index].target
      }
      if twins > 1 { drafts[index].name = drafts[index].source.column }
    }
    return drafts.indices.map { index in
      let draft = drafts[index]
      let source = tables[draft.source.table]
      let others = drafts.indices.filter {
        $0 != index && drafts[$0].source.table == draft.source.table
      }
      .map { (drafts[$0].name ?? drafts[$0].target).lowercased() }
      var name = draft.name
      if let own = name, others.contains(own.lowercased()) { name = draft.source.column }
      return Named(
        relationship: Relationship(
          name: RelationshipName(table: source.name, name: name ?? draft.target),
          foreignKey: draft.source.column, target: draft.target, targetKey: draft.targetKey,
          kind: draft.kind),
        evidence: evidence(draft.match, draft.source, isNamed: name != nil))
    }
  }

  private func place(_ column: DraftColumn) -> Int {
    tables[column.table].profile.index(column.column) ?? 0
  }

  private func evidence(_ match: KeyMatch, _ column: DraftColumn, isNamed: Bool)
    -> RelationshipEvidence
  {
    let draft = tables[column.table]
    let profile = draft.profile.column(column.column)!
    // An empty text is a value, which has no target; an empty number is missing.
    let empty = draft.loadedType(column.column) == .text ? profile.count(.blank) : 0
    return RelationshipEvidence(
      isNamed: isNamed, rows: match.rows + empty, missing: draft.profile.rows - match.rows - empty,
      matched: match.matchedRows, values: match.values + (empty > 0 ? 1 : 0),
      matchedValues: match.matchedValues, targets: match.targets)
  }
}

/// The sources that tables need: one for each way of reading files.
struct ProposedSources {
  /// In the order of the tables, the commonest first.
  private(set) var all: [DataSource] = []
  private let folder: String

  /// - Parameter tables: of files.
  init(_ tables: [TableDraft]) {
    let folders = Set(tables.flatMap { $0.profile.group.files.map(\.file.folder) })
    folder = folders.count == 1 ? folders.first ?? "" : ""
    let wanted = tables.map { ProposedSources.options($0) }
    var counts: [(options: ReadingOptions, count: Int)] = []
    for options in wanted {
      if let index = counts.firstIndex(where: { $0.options == options }) {
        counts[index].count += 1
      } else {
        counts.append((options, 1))
      }
    }
    let plain = counts.count == 1 && counts[0].options == ReadingOptions() && folder.isEmpty
    guard !plain else { return }
    let most = counts.map(\.count).max() ?? 0
    let main = counts.firstIndex { $0.count == most } ?? 0
    counts.insert(counts.remove(at: main), at: 0)
    for (index, entry) in counts.enumerated() {
      all.append(
        DataSource(
          name: index == 0 ? "main" : name(entry.options), folder: folder.isEmpty ? "." : folder,
          format: entry.options.format, delimiter: entry.options.delimiter,
          missing: entry.options.missing))
    }
  }

  func source(of table: TableDraft) -> DataSource {
    let options = ProposedSources.options(table)
    return all.first {
      $0.format == options.format && $0.delimiter == options.delimiter
        && $0.missing == options.missing
    } ?? DataSource()
  }

  /// Below the source's folder.
  func globs(of table: TableDraft) -> [String] {
    guard !folder.isEmpty else { return table.profile.group.globs }
    let prefix = Globs.escaped(folder) + "/"
    return table.profile.group.globs.map {
      $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0
    }
  }

  private static func options(_ table: TableDraft) -> ReadingOptions {
    var options = table.profile.group.files[0].options
    options.missing = table.advice.missing
    return options
  }

  /// By what sets it apart.
  private func name(_ options: ReadingOptions) -> String {
    let delimiters = [";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"]
    var name = delimiters[options.delimiter] ?? "other"
    if !options.missing.isEmpty { name = options.delimiter == "," ? "marked" : name + "_marked" }
    let taken = all.map(\.name)
    guard taken.contains(name) else { return name }
    return name + "_\((2...).first { !taken.contains("\(name)_\($0)") }!)"
  }
}
