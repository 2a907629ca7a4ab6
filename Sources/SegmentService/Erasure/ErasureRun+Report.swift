import SegmentCompiler
import SegmentEngines
import SegmentStore

extension ErasureRun {
  /// What goes, by table.
  func tables() async throws -> [ErasureReport.ErasedTable] {
    let counts = try await connection.rows(
      """
      SELECT rows, count(*) FILTER (attribute IS NULL),
        count(*) FILTER (NOT starts_with(attribute, '_muster'))
      FROM \(Cascade.marks) GROUP BY rows
      """)
    var erased: [String: ErasureReport.ErasedTable] = [:]
    for row in counts {
      guard let id = row[0].integer, let table = stored[id]?.table else { continue }
      let isCurrent = current[table]?.id == id
      let rows = row[1].integer ?? 0
      var sum =
        erased[table]
        ?? ErasureReport.ErasedTable(table: table, rows: 0, cleared: 0, rowsEver: 0)
      sum.rowsEver += rows
      if isCurrent {
        sum.rows = rows
        sum.cleared = row[2].integer ?? 0
      }
      erased[table] = sum
    }
    let order = workspace.tables.map(\.name)
    let others = erased.keys.filter { !order.contains($0) }.sorted()
    return (order + others).compactMap { erased[$0] }
  }

  /// The files that rows in force come from.
  func files() async throws -> [ErasureReport.File] {
    var files: [ErasureReport.File] = []
    for table in workspace.tables where !table.isDerived {
      guard let rows = current[table.name], cascade.isTouched(rows) else { continue }
      let counts = try await connection.rows(
        """
        SELECT "row" >> \(number: Part.rowNumberBits) AS file, count(*) FROM \(Cascade.marks)
        WHERE rows = \(bind: .integer(rows.id)) AND attribute IS NULL GROUP BY file
        """)
      let found = Dictionary(
        uniqueKeysWithValues: counts.map { ($0[0].integer, $0[1].integer ?? 0) })
      for file in parts[rows.id]?.files ?? [] {
        guard let count = found[file.id] else { continue }
        files.append(ErasureReport.File(path: file.path, table: table.name, rows: count))
      }
    }
    return files
  }

  /// Rows that only erased ones referred to, in tables of which none went.
  func unreferred(_ views: [DataView]) async throws -> [ErasureReport.Unreferred] {
    guard let view = views.last(where: { $0.rows.mapValues(\.id) == current.mapValues(\.id) })
    else { return [] }
    let profiles = Set(workspace.audiences.map(\.table))
    var found: [ErasureReport.Unreferred] = []
    for table in workspace.tables where !profiles.contains(table.name) && !table.isDerived {
      let links = view.links.filter { link in
        link.target.table == table.name && link.source.table != table.name
          && view.rows[link.source.table]?.columns[link.source.attribute] != nil
      }
      let erased = links.filter { cascade.isTouched(view.rows[$0.source.table]!) }
      guard let rows = view.rows[table.name], !erased.isEmpty else { continue }
      let wasReferredTo = erased.map { refers($0, view, isErased: true) }.joined(" OR ")
      let isReferredTo = links.map { refers($0, view, isErased: false) }.joined(" OR ")
      let count = try await connection.rows(
        """
        SELECT count(*) FROM \(rows.sql) AS t WHERE (\(wasReferredTo)) AND NOT (\(isReferredTo))
          AND \(identifier: Part.rowColumn) NOT IN (SELECT "row" FROM \(Cascade.marks)
            WHERE rows = \(bind: .integer(rows.id)) AND attribute IS NULL)
        """)
      if let count = count[0][0].integer, count > 0 {
        found.append(ErasureReport.Unreferred(table: table.name, rows: count))
      }
    }
    return found
  }

  /// Whether a row that goes, or one that stays, refers to the row `t`.
  private func refers(_ link: Link, _ view: DataView, isErased: Bool) -> SQLQuery {
    let rows = view.rows[link.source.table]!
    let isMarked = cascade.isMarked(rows)
    return """
      coalesce(t.\(identifier: link.target.attribute) IN (
        SELECT r.\(identifier: link.source.attribute) FROM \(rows.sql) AS r
        WHERE r.\(identifier: link.source.attribute) IS NOT NULL
          AND \(isErased ? isMarked : "NOT \(isMarked)")), false)
      """
  }

  // MARK: Runs and lists

  /// A run of whose members some were erased.
  struct BurntRun {
    var id: Int64
    var file: MembersFile
    /// Those that stay, and how many do not; nil where the file is damaged, and with it of no use to anybody.
    var left: (members: MemberSet, erased: Int)?
  }

  /// Runs with members among the burnt ordinals, and those of which that cannot be said.
  func burntRuns(_ burnt: [String: MemberSet]) throws -> [BurntRun] {
    guard !burnt.isEmpty else { return [] }
    return try service.store.runs(succeeded: true).compactMap { run in
      guard let file = run.result?.members, file.gone == nil, let audience = try audience(of: run),
        let gone = burnt[audience]
      else { return nil }
      guard let members = try? service.members(of: run) else {
        return BurntRun(id: run.id, file: file)
      }
      let erased = members.intersectionCount(gone)
      guard erased > 0 else { return nil }
      return BurntRun(id: run.id, file: file, left: (members.subtracting(gone), erased))
    }
  }

  /// The audience that a run was about: of a definition that names none, the only one of its data version.
  private func audience(of run: RunRecord) throws -> String? {
    guard let version = try service.store.version(of: run) else {
      return nil
    }
    if let name = try service.storedDefinition(version).audience { return name }
    let parts = versions.first { $0.id == run.dataVersion }?.parts.values.compactMap {
      self.parts[$0]?.part
    }
    let audiences = Set(
      (parts ?? []).flatMap(\.routes).filter(\.steps.isEmpty).map(\.audience))
    return audiences.count == 1 ? audiences.first : service.soleAudience
  }

  func lists(naming keys: [String: Set<ProfileKey>]) throws -> [String] {
    let rewriting = ListRewriting(keys: keys, soleAudience: service.soleAudience)
    return Set(
      try service.store.allVersions().filter { try rewriting.definition($0) != nil }
        .map(\.segment)
    ).sorted()
  }
}

/// Manual lists without some keys.
struct ListRewriting {
  /// By audience.
  let keys: [String: Set<ProfileKey>]
  let soleAudience: String

  /// nil where the version is no list, or names none of the keys.
  func definition(_ version: SegmentVersion) throws -> String? {
    if version.isDraft { return try draft(version.document()) }
    guard var definition = try SegmentDefinition.decodeAll(version.definition).first,
      case .keys(let listed) = definition.content,
      let erased = keys[definition.audience ?? soleAudience]
    else { return nil }
    let kept = listed.filter { !erased.contains($0) }
    guard kept.count < listed.count else { return nil }
    definition.content = .keys(kept)
    return definition.json
  }

  /// A draft need not be a definition: its keys may stand in any shape, and of an audience that there is not they may
  /// be of any.
  private func draft(_ written: Document) -> String? {
    guard let listed = written["keys"] else { return nil }
    let erased =
      keys[written["audience"]?.textValue ?? soleAudience]
      ?? keys.values.reduce([]) { $0.union($1) }
    var document = written
    document["keys"] = listed.removing { erased.contains($0) } ?? Document(.list([]))
    return document.json == written.json ? nil : document.json
  }
}

extension Document {
  /// Without the scalars that `isGone` says yes to, at any depth; nil where nothing is left.
  fileprivate func removing(_ isGone: (Scalar) -> Bool) -> Document? {
    switch value {
    case .null: return self
    case .scalar(let scalar): return isGone(scalar) ? nil : self
    case .list(let items): return Document(.list(items.compactMap { $0.removing(isGone) }))
    case .mapping(let entries):
      return Document(
        .mapping(
          entries.compactMap { entry in
            guard !isGone(.text(entry.key)) else { return nil }
            var kept = entry
            guard let value = entry.value.removing(isGone) else { return nil }
            kept.value = value
            return kept
          }))
    }
  }
}

extension Set<ProfileKey> {
  /// Whether it has the key, written as a text or as a number.
  fileprivate func contains(_ scalar: Scalar) -> Bool {
    switch scalar {
    case .text(let text), .number(let text):
      contains(.text(Text(text))) || (Int64(text).map { contains(.integer($0)) } ?? false)
    case .boolean: false
    }
  }
}
