import SegmentCompiler

/// A foreign key that was found, with what speaks for it.
struct RelationshipDraft {
  var source: DraftColumn
  /// An index of a draft, or of a derived table behind them.
  var target: Int
  var nameMatch: NameMatch
  var match: KeyMatch
  var kind = Relationship.Kind.manyToOne
}

extension NameMatch {
  /// Whether values that match so far make a relationship of a name like this: the less the name says, the more
  /// the values have to.
  func accepts(_ match: KeyMatch) -> Bool {
    switch self {
    case .exact: match.rowShare >= 0.5 || match.valueShare >= 0.5
    case .sameKey: match.rowShare >= 0.7
    case .qualified, .qualifiedKey: match.rowShare >= 0.9
    case .shorter: match.rowShare >= 0.9 && match.coverage >= 0.1
    case .role: match.rowShare >= 0.95
    case .similar: match.rowShare >= 0.995
    case .none: match.rowShare >= 0.9 && match.valueShare >= 0.9 && match.values >= 20
    }
  }
}

/// Chooses among the tables that each column may refer to.
struct RelationshipChoice {
  let tables: [TableDraft]
  let candidates: [RelationshipDraft]

  /// At most one relationship for each column; none both ways between two keys.
  func chosen() -> [RelationshipDraft] {
    let accepted = withoutWaysBack(candidates.filter { $0.nameMatch.accepts($0.match) })
    // Tables whose keys are all another one's: what refers to both refers to that one.
    let satellites = Set(accepted.filter { isBetweenKeys($0) && isSameSet($0) }.map(\.source.table))
    var chosen: [DraftColumn: RelationshipDraft] = [:]
    for candidate in accepted where !satellites.contains(candidate.target) {
      if let other = chosen[candidate.source], !isBetter(candidate, than: other) { continue }
      chosen[candidate.source] = candidate
    }
    return accepted.filter { chosen[$0.source]?.target == $0.target }
  }

  private func isBetter(_ one: RelationshipDraft, than other: RelationshipDraft) -> Bool {
    if one.nameMatch != other.nameMatch { return one.nameMatch > other.nameMatch }
    let (a, b) = (one.match.rowShare, other.match.rowShare)
    if abs(a - b) > 0.001 { return a > b }
    // The nearest table that has all the values: a sales person is an employee first, and then a person.
    return one.match.targets < other.match.targets
  }

  // MARK: - Between keys

  private func isBetweenKeys(_ draft: RelationshipDraft) -> Bool {
    tables[draft.source.table].key == [draft.source.column]
  }

  private func isSameSet(_ draft: RelationshipDraft) -> Bool {
    draft.match.valueShare >= 0.99 && draft.match.coverage >= 0.99
  }

  /// Two tables that share a key refer to each other: the one that is less of its own goes to the other.
  private func withoutWaysBack(_ drafts: [RelationshipDraft]) -> [RelationshipDraft] {
    drafts.filter { draft in
      let back = drafts.first {
        $0.source.table == draft.target && $0.target == draft.source.table && isBetweenKeys($0)
      }
      guard isBetweenKeys(draft), let back else { return true }
      if back.nameMatch != draft.nameMatch { return draft.nameMatch > back.nameMatch }
      return isMore(draft.target, than: draft.source.table, drafts)
    }
  }

  /// Whether a table is what the other one only adds to: more columns of other names refer to it, its name is in
  /// the other's, it has more columns.
  private func isMore(_ one: Int, than other: Int, _ drafts: [RelationshipDraft]) -> Bool {
    let references = { (table: Int) in
      Set(drafts.filter { $0.target == table && $0.nameMatch == .exact }.map(\.source)).count
    }
    let words = { (table: Int) in tables[table].entity.words }
    let isWithin = { (a: Int, b: Int) in Set(words(a)).isStrictSubset(of: words(b)) }
    let columns = { (table: Int) in tables[table].profile.columns.count }
    if references(one) != references(other) { return references(one) > references(other) }
    if isWithin(one, other) != isWithin(other, one) { return isWithin(one, other) }
    return columns(one) != columns(other) ? columns(one) > columns(other) : one < other
  }
}
