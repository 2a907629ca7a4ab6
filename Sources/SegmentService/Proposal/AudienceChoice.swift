import SegmentCompiler

/// Whom segments can be about: the tables of persons and companies.
struct AudienceChoice {
  let tables: [TableDraft]
  let relationships: [RelationshipDraft]
  let derived: [DerivedDraft]

  struct Draft {
    var name: String
    var table: String
    var kind: Audience.Kind
    var reason: String
    /// A foreign key of the table to itself.
    var hierarchy: DraftColumn?
  }

  private struct Score: Comparable {
    /// Named as customers are; these come first.
    var isCustomer: Bool
    var weight: Double

    static func < (left: Score, right: Score) -> Bool {
      left.isCustomer != right.isCustomer ? right.isCustomer : left.weight < right.weight
    }
  }

  /// The likeliest first.
  func chosen() -> [Draft] {
    var scored: [(score: Score, draft: Draft, table: Int?)] = []
    for index in tables.indices {
      if let found = audience(index) { scored.append((found.score, found.draft, index)) }
    }
    for draft in derived {
      let tables = Set(draft.sources.map(\.column.table)).count
      scored.append(
        (
          Score(isCustomer: isCustomer(NameWords(draft.name)), weight: 4 + Double(tables)),
          Draft(
            name: draft.name, table: draft.name, kind: kind(NameWords(draft.name)),
            reason: "named in \(tables) \(tables == 1 ? "table" : "tables")"), nil
        ))
    }
    let sorted = scored.sorted { $0.score > $1.score }
    var taken: Set<String> = []
    var chosen: [Draft] = []
    for (index, one) in sorted.enumerated() {
      // Where there are customers, users are those who serve them.
      if index > 0, let table = one.table, tables[table].entity.last == "user" { continue }
      guard !isOnlyAnExtension(one.table, of: sorted[..<index].map(\.table)) else { continue }
      var draft = one.draft
      if taken.contains(draft.name.lowercased()) { draft.name = draft.table }
      taken.insert(draft.name.lowercased())
      chosen.append(draft)
    }
    return chosen
  }

  /// Tables named as persons or companies are, where nothing else speaks for any table; with why they are no audience.
  func rejected() -> [String] {
    tables.indices.compactMap { index in
      let table = tables[index]
      guard let kind = EntityKind(table.entity) ?? table.singleKey.flatMap({ EntityKind($0.base) }),
        kind != .staff, audience(index) == nil
      else { return nil }
      let reason: String
      if let key = table.singleKey, let type = table.loadedType(key.name) {
        reason =
          type == .text || type == .integer
          ? "no table leads to it, and it has no personal columns"
          : "its key \(key.name) is neither text nor whole numbers"
      } else {
        reason = table.key.isEmpty ? "it has no key" : "its key has \(table.key.count) attributes"
      }
      return "\(table.name): \(reason)"
    }
  }

  // MARK: - One table

  private func audience(_ index: Int) -> (score: Score, draft: Draft)? {
    let table = tables[index]
    guard let key = table.singleKey, let type = table.loadedType(key.name),
      type == .text || type == .integer
    else { return nil }
    let byKey = EntityKind(key.base)
    let kind = EntityKind(table.entity) ?? byKey
    let signals = table.personalColumns
    let business = table.names.count { isBusiness($0) }
    guard kind != .staff, byKey != .staff else { return nil }
    guard kind != nil || signals >= 4 || business >= 3 && signals == 0 else { return nil }
    // Products of suppliers and shops are no customers.
    guard !table.entity.contains(AudienceChoice.suppliers) else { return nil }
    let leading = leading(to: index)
    let isNamed = isCustomer(table.entity)
    guard
      kind != nil && (isNamed || signals > 0 || leading > 0 || tables.count == 1)
        || kind == nil && leading > 0
    else { return nil }
    var reasons: [String] = []
    if isNamed && leading + signals == 0 { reasons.append("by its name") }
    if leading > 0 {
      reasons.append("\(leading) \(leading == 1 ? "table leads" : "tables lead") to it")
    }
    if signals > 0 { reasons.append("\(signals) personal \(signals == 1 ? "column" : "columns")") }
    let hierarchy = relationships.first { draft in
      draft.source.table == index && draft.target == index
        && (table.columnName(draft.source.column)?.words.contains(AudienceChoice.above) ?? false)
    }?.source
    let audienceKind = self.kind(table, kind)
    let score = Score(
      isCustomer: isCustomer(table.entity) || isCustomer(key.base),
      weight: (kind == nil ? 0 : 3) + Double(min(leading, 8)) + 0.3 * Double(min(signals, 5)))
    return (
      score,
      Draft(
        name: name(table, key), table: table.name, kind: audienceKind,
        reason: reasons.joined(separator: ", "), hierarchy: hierarchy)
    )
  }

  private func isCustomer(_ words: NameWords) -> Bool {
    words.last.map { AudienceChoice.customers.contains($0) } ?? false
  }

  /// `Customer`, as its key or its name says; else the table's name.
  private func name(_ table: TableDraft, _ key: ColumnName) -> String {
    let words = [table.entity, key.base].first { EntityKind($0) != nil && $0.words.count == 1 }
    // In the language of the files.
    guard let word = words?.last, (table.name + key.name).lowercased().contains(word) else {
      return table.name
    }
    return word.prefix(1).uppercased() + word.dropFirst()
  }

  private func kind(_ words: NameWords) -> Audience.Kind {
    switch EntityKind(words) {
    case .account: .account
    case .contact: .contact
    default: .consumer
    }
  }

  /// Companies are accounts; contacts are contacts where they belong to one, else consumers.
  private func kind(_ table: TableDraft, _ entity: EntityKind?) -> Audience.Kind {
    let isPerson = table.names.contains {
      Set($0.words.words).isSuperset(of: ["first", "name"])
        || $0.words.contains(["birthday", "gender"])
    }
    let companies = table.names.filter {
      ["company", "organization"].contains($0.words.words.first)
    }
    let isCompany = companies.contains { name in
      (table.profile.column(name.name)?.present ?? 0) * 10 >= table.profile.rows * 9
    }
    switch entity {
    case .account: return .account
    case .contact:
      let index = tables.firstIndex { $0.name == table.name }
      let belongs = relationships.contains {
        $0.source.table == index && EntityKind(tables[$0.target].entity) == .account
      }
      return belongs ? .contact : .consumer
    case nil where !isPerson: return .account
    default: return isCompany && !isPerson ? .account : .consumer
    }
  }

  /// Tables from which relationships lead to a table, over others too.
  private func leading(to index: Int) -> Int {
    var found: Set<Int> = []
    var open = [index]
    while let target = open.popLast() {
      for draft in relationships where draft.target == target && draft.source.table != index {
        if found.insert(draft.source.table).inserted { open.append(draft.source.table) }
      }
    }
    return found.count
  }

  /// A table that adds to a likelier audience, nil standing for a derived one, and has nothing personal.
  private func isOnlyAnExtension(_ index: Int?, of audiences: [Int?]) -> Bool {
    guard let index else { return false }
    let signals = tables[index].personalColumns
    let addsToDerived = derived.contains { draft in
      draft.sources.contains { $0.column.table == index }
    }
    let addsToTable = relationships.contains {
      $0.source.table == index && $0.target != index && $0.kind == .oneToOne
        && audiences.contains($0.target)
    }
    return signals < 2 && (addsToDerived && audiences.contains(nil) || addsToTable)
  }

  private func isBusiness(_ name: ColumnName) -> Bool {
    name.words.contains(["revenue", "industry", "sector", "duns", "company"])
      || Set(name.words.words).isSuperset(of: ["number", "employee"])
      || Set(name.words.words).isSuperset(of: ["business", "type"])
      || Set(name.words.words).isSuperset(of: ["annual", "sale"])
  }

  private static let above: Set = [
    "parent", "superior", "manager", "supervisor", "report", "reports", "boss", "head",
  ]
  private static let customers: Set = [
    "customer", "client", "consumer", "shopper", "subscriber", "member", "patient", "guest",
    "donor",
  ]
  private static let suppliers: Set = [
    "supplier", "vendor", "shipper", "carrier", "product", "order", "invoice",
  ]
}
