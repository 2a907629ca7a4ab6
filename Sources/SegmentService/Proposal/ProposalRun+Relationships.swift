import SegmentCompiler
import SegmentEngines

/// A table of the distinct values of an attribute, for an entity that has no files of its own.
struct DerivedDraft {
  var name: String
  var key: String
  var origin: DraftColumn
  /// Foreign keys to it, the origin first.
  var sources: [(column: DraftColumn, match: KeyMatch)]
}

extension ProposalRun {
  private var matcher: KeyMatcher { KeyMatcher(connection: connection) }

  // MARK: - Between tables

  mutating func findRelationships() async throws {
    var candidates: [RelationshipDraft] = []
    for source in tables.indices {
      tell(tables[source].name, 0.9 + 0.1 * Double(source) / Double(tables.count))
      for column in tables[source].names where mayRefer(column, in: tables[source]) {
        var found: [RelationshipDraft] = []
        for target in tables.indices {
          if let draft = try await candidate(column, of: source, to: target) { found.append(draft) }
        }
        noteUnmatched(column, of: source, found)
        candidates += found.filter { $0.match.reading != .loosely && isReadable($0) }
      }
    }
    relationships = RelationshipChoice(tables: tables, candidates: candidates).chosen()
    notePaddedTwins()
  }

  private func mayRefer(_ column: ColumnName, in table: TableDraft) -> Bool {
    guard let profile = table.profile.column(column.name), !profile.isEmpty,
      profile.unsupported == nil
    else { return false }
    switch profile.inferred {
    case .integer, .text: return profile.longest <= 100
    case .decimal, .double: return profile.isWhole
    case .date, .datetime, .boolean: return false
    }
  }

  private func candidate(
    _ column: ColumnName, of source: Int, to target: Int
  ) async throws -> RelationshipDraft? {
    guard let key = tables[target].singleKey, let own = tables[source].profile.column(column.name),
      let keys = tables[target].profile.column(key.name)
    else { return nil }
    let isSelf = source == target
    if isSelf, key == column { return nil }
    let name = NameMatch(column, of: tables[source], to: tables[target], isSelf: isSelf)
    // Without a hint by the name only values speak that cannot be those of a key by chance.
    if name == .none {
      guard column.strength != .none, !isSelf, own.distinct >= 20, !column.isPlainID else {
        return nil
      }
      let isText =
        own.inferred == .text && keys.inferred == .text && own.count(.other) * 2 > own.present
      if !isText {
        guard own.isWhole, keys.isWhole, own.distinct <= keys.distinct, keys.density <= 0.1 else {
          return nil
        }
      }
      // The id of a row of one table is no foreign key just because another table numbers alike.
      if namesAnotherTable(column, than: target) { return nil }
    }
    guard
      let match = try await matcher.match(
        tables[source].profile, own, with: tables[target].profile, keys)
    else { return nil }
    return RelationshipDraft(
      source: DraftColumn(table: source, column: column.name), target: target, nameMatch: name,
      match: match)
  }

  private func namesAnotherTable(_ column: ColumnName, than target: Int) -> Bool {
    tables.indices.contains { $0 != target && tables[$0].entity == column.base }
  }

  /// A load compares keys of one type: numbers written with a point become integers, but a key with leading zeros
  /// stays text.
  private func isReadable(_ draft: RelationshipDraft) -> Bool {
    guard draft.match.reading == .asNumbers, let key = tables[draft.target].singleKey,
      let keys = tables[draft.target].profile.column(key.name)
    else { return true }
    return keys.count(.leadingZero) == 0
  }

  // MARK: - What does not match

  private mutating func noteUnmatched(
    _ column: ColumnName, of source: Int, _ found: [RelationshipDraft]
  ) {
    guard
      let best = found.filter({ $0.nameMatch >= .qualified }).max(by: {
        ($0.match.rowShare, $0.nameMatch.rawValue) < ($1.match.rowShare, $1.nameMatch.rawValue)
      }), let key = tables[best.target].singleKey
    else { return }
    let target = "\(Reference([tables[best.target].name, key.name]))"
    let share = percentText(best.match.matchedRows, of: best.match.rows)
    var message: String?
    if best.nameMatch.accepts(best.match) {
      if best.match.reading == .loosely {
        message =
          "matches \(target) in \(share) of rows, but only without blanks around values and whatever their case: calculate an attribute such as lower(trim(…)) on both sides"
      } else if !isReadable(best) {
        message =
          "matches \(target) in \(share) of rows, but only as numbers: there the keys have leading zeros"
      }
    } else if best.nameMatch == .exact, column.strength == .strong || best.match.rowShare >= 0.1,
      found.allSatisfy({ !$0.nameMatch.accepts($0.match) })
    {
      message =
        "by its name refers to \(target), but only \(best.match.matchedRows.grouped) of \(best.match.rows.rowsText) match"
    }
    if let message {
      tables[source].traps.append(Trap(kind: .unmatched, attribute: column.name, message: message))
    }
  }

  /// Keys that are the same numbers, in one table with leading zeros: whoever wrote the files lost them.
  private mutating func notePaddedTwins() {
    let keys = tables.indices.compactMap { index -> (table: Int, column: ColumnProfile)? in
      guard let key = tables[index].singleKey, let column = tables[index].profile.column(key.name),
        column.isWhole, column.distinct >= 20
      else { return nil }
      return (index, column)
    }
    for plain in keys where plain.column.count(.leadingZero) == 0 {
      for padded in keys
      where padded.column.count(.leadingZero) > 0 && padded.column.distinct == plain.column.distinct
        && padded.column.greatest == plain.column.greatest
      {
        let other = "\(Reference([tables[padded.table].name, padded.column.name]))"
        tables[plain.table].traps.append(
          Trap(
            kind: .unmatched, attribute: plain.column.name,
            message:
              "the same count and greatest value as \(other), which has leading zeros: perhaps the same key, written as numbers"
          ))
      }
    }
  }

  /// A name that refers to a table, in a column without values.
  func emptyReference(_ column: ColumnName, of source: Int) -> String? {
    let targets = tables.indices.filter { target in
      NameMatch(column, of: tables[source], to: tables[target], isSelf: source == target)
        >= .qualified
    }
    guard targets.count == 1, let key = tables[targets[0]].singleKey else { return nil }
    return "\(Reference([tables[targets[0]].name, key.name]))"
  }

  // MARK: - Keys again

  /// A table of nothing but foreign keys links others: its key is all of them, also where one happens to be unique.
  mutating func keyLinkingTables() {
    for index in tables.indices {
      let draft = tables[index]
      let foreign = relationships.filter { $0.source.table == index }.map(\.source.column)
      let isReferredTo = relationships.contains { $0.target == index }
      let others = draft.profile.columns.filter { !foreign.contains($0.name) && !isBookkeeping($0) }
      guard foreign.count > 1, others.isEmpty, !isReferredTo, draft.key.count == 1 else { continue }
      let key = draft.profile.columns.map(\.name).filter(foreign.contains)
      let complete = key.allSatisfy { draft.profile.column($0)?.missing == 0 }
      guard complete else { continue }
      tables[index].keyReason =
        "links tables; \(draft.key[0]) alone is unique in all \(draft.profile.rows.rowsText), perhaps by chance"
      tables[index].key = key
    }
  }

  private func isBookkeeping(_ column: ColumnProfile) -> Bool {
    let words = NameWords(column.name)
    return column.distinct <= 1
      || [.date, .datetime].contains(column.inferred)
        && words.contains(["update", "updated", "modified", "created", "changed", "loaded"])
      || words.words == ["rowguid"]
  }

  /// One-to-one where a key refers to a key, or where a person's rows in two tables would not all differ by chance.
  mutating func settleKinds() {
    for index in relationships.indices {
      let draft = relationships[index]
      let source = tables[draft.source.table]
      guard let column = source.profile.column(draft.source.column),
        column.distinct == column.present
      else { continue }
      let isKey = source.key == [column.name]
      // Of m values drawn from t keys, all differ with a chance of about exp(-m²/2t).
      let (m, t) = (Double(draft.match.values), Double(max(1, draft.match.targets)))
      let isOnPurpose = m >= 100 && m * m / (2 * t) > 20 && !source.key.contains(column.name)
      let arePersons = source.isAboutPersons && tables[draft.target].isAboutPersons
      if isKey || isOnPurpose && arePersons { relationships[index].kind = .oneToOne }
    }
  }

  // MARK: - Derived tables

  /// Customers and the like that are only named in other tables.
  mutating func deriveTables() async throws {
    var open = tables.indices.flatMap { table in
      tables[table].names.filter { isOpenPerson($0, of: table) }
        .map { DraftColumn(table: table, column: $0.name) }
    }
    while let origin = open.filter(mayBeOrigin).max(by: { size($0) < size($1) }) {
      let name = tables[origin.table].columnName(origin.column)!
      var draft = DerivedDraft(
        name: derivedName(name), key: origin.column, origin: origin, sources: [])
      let keys = tables[origin.table].profile.column(origin.column)!
      for column in [origin] + open.filter({ $0 != origin }) {
        let other = tables[column.table].columnName(column.column)!
        guard other.base.last == name.base.last else { continue }
        let own = tables[column.table].profile
        guard
          let match = try await matcher.match(
            own, own.column(column.column)!, with: tables[origin.table].profile, keys),
          match.reading == .asWritten, match.rowShare >= 0.9
        else { continue }
        draft.sources.append((column, match))
      }
      derived.append(draft)
      open.removeAll { column in
        column == origin || draft.sources.contains { $0.column == column }
          || tables[column.table].columnName(column.column)?.base.last == name.base.last
      }
    }
  }

  /// The id of a person or company that no table is about.
  private func isOpenPerson(_ column: ColumnName, of table: Int) -> Bool {
    guard column.strength != .none, let kind = EntityKind(column.base), kind != .staff,
      let profile = tables[table].profile.column(column.name), mayRefer(column, in: tables[table]),
      profile.distinct > 1, tables[table].key != [column.name], column.base != tables[table].entity
    else { return false }
    // By its name it refers to a table; where its values do not, that is said.
    let isNamed = tables.indices.contains { target in
      NameMatch(column, of: tables[table], to: tables[target], isSelf: table == target)
        >= .qualified
    }
    let isForeign = relationships.contains {
      $0.source == DraftColumn(table: table, column: column.name)
    }
    return !isNamed && !isForeign
  }

  /// Values repeat, and nothing else of the table leads to a person or company.
  private func mayBeOrigin(_ column: DraftColumn) -> Bool {
    guard let profile = tables[column.table].profile.column(column.column) else { return false }
    let leads = relationships.contains { draft in
      draft.source.table == column.table
        && EntityKind(tables[draft.target].entity).map { $0 != .staff } ?? false
    }
    return profile.distinct < profile.present && !leads
  }

  private func size(_ column: DraftColumn) -> (values: Int, rows: Int) {
    let profile = tables[column.table].profile.column(column.column)
    return (profile?.distinct ?? 0, profile?.present ?? 0)
  }

  private func derivedName(_ column: ColumnName) -> String {
    // In the language of the files.
    let word = column.base.last.flatMap { column.name.lowercased().contains($0) ? $0 : nil }
    let stem = word ?? column.stem
    var name = stem.prefix(1).uppercased() + stem.dropFirst()
    while (tables.map(\.name) + derived.map(\.name)).contains(where: {
      $0.lowercased() == name.lowercased()
    }) {
      name += "s"
    }
    return name
  }
}
