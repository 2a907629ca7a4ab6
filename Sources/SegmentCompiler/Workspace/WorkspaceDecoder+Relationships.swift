extension WorkspaceDecoder {
  /// A relationship before its full name is known.
  private struct Draft {
    var source: String
    var foreignKey: String
    var target: String
    var targetKey: String
    var name: String?
    var kind = Relationship.Kind.manyToOne
    var onErasure = Relationship.ErasureRule.remove
    var place: String
    var document: Document
  }

  func relationships(_ document: Document, tables: [TableDefinition]) -> [Relationship] {
    let items = reader.list(document, at: "relationships") ?? []
    let drafts = items.enumerated().compactMap { draft($1, at: "relationships[\($0)]") }
    var taken: Set<RelationshipName> = []
    return drafts.compactMap { draft in
      for table in [draft.source, draft.target] where !tables.contains(where: { $0.name == table })
      {
        unknownTable(table, at: draft.place, tables: tables, in: draft.document)
        return nil
      }
      let alone =
        drafts.count {
          $0.name == nil && $0.source == draft.source && $0.target == draft.target
        } == 1
      let name = RelationshipName(
        table: draft.source, name: draft.name ?? (alone ? draft.target : draft.foreignKey))
      if !taken.insert(name).inserted {
        reader.note(
          "duplicateName", at: draft.place, "There is a relationship \(name) already.",
          hint: "Give it a name: … as Name.", in: draft.document)
      }
      return Relationship(
        name: name, foreignKey: draft.foreignKey, target: draft.target,
        targetKey: draft.targetKey, kind: draft.kind, onErasure: draft.onErasure)
    }
  }

  private func draft(_ document: Document, at place: String) -> Draft? {
    if case .scalar(.text(let text)) = document.value {
      guard var draft = parse(text, at: place, document) else { return nil }
      draft.name = draft.name.flatMap { checkedName($0, at: place, in: document) }
      return draft
    }
    let known = ["from", "to", "name", "kind", "onErasure"]
    guard let entries = reader.mapping(document, at: place, known: known) else { return nil }
    guard let from = end("from", of: entries, at: place, document),
      let to = end("to", of: entries, at: place, document)
    else { return nil }
    return Draft(
      source: from[0], foreignKey: from[1], target: to[0], targetKey: to[1],
      name: entries["name"].flatMap { reader.text($0, at: "\(place).name") }
        .flatMap { checkedName($0, at: "\(place).name", in: document) },
      kind: entries["kind"].flatMap {
        reader.word($0, at: "\(place).kind", as: Relationship.Kind.self)
      } ?? .manyToOne,
      onErasure: entries["onErasure"].flatMap {
        reader.word($0, at: "\(place).onErasure", as: Relationship.ErasureRule.self)
      } ?? .remove, place: place, document: document)
  }

  private func end(
    _ key: String, of entries: [String: Document], at place: String, _ document: Document
  ) -> [String]? {
    guard let entry = entries[key] else {
      reader.missing(key, at: place, in: document)
      return nil
    }
    guard let text = reader.text(entry, at: "\(place).\(key)") else { return nil }
    guard let reference = Reference(text), reference.parts.count == 2 else {
      reader.note(
        "wrongShape", at: "\(place).\(key)",
        "'\(text)' is no attribute such as Order.CustomerId.", in: entry)
      return nil
    }
    return reference.parts
  }

  /// `Order.BillTo -> Address.AddressId as BillToAddress`, names in double quotes where they must be.
  private func parse(_ text: String, at place: String, _ document: Document) -> Draft? {
    let halves = split(text, at: "->")
    let ends = halves.count == 2 ? split(halves[1], at: " as ") : []
    guard halves.count == 2, ends.count <= 2,
      let from = Reference(trimmed(halves[0])), from.parts.count == 2,
      let to = Reference(trimmed(ends[0])), to.parts.count == 2
    else {
      reader.note(
        "wrongShape", at: place,
        "'\(text)' is no relationship such as Order.CustomerId -> Customer.CustomerId as Buyer.",
        in: document)
      return nil
    }
    var name: String?
    if ends.count == 2 {
      let written = Reference(trimmed(ends[1]))
      guard let written, written.parts.count == 1 else {
        reader.note(
          "wrongShape", at: place, "'\(trimmed(ends[1]))' is no name.",
          hint: "Write a name that holds a dot in double quotes.", in: document)
        return nil
      }
      name = written.parts[0]
    }
    return Draft(
      source: from.parts[0], foreignKey: from.parts[1], target: to.parts[0],
      targetKey: to.parts[1], name: name, place: place, document: document)
  }

  /// The parts between `separator`, wherever it stands outside of double quotes.
  private func split(_ text: String, at separator: String) -> [String] {
    var parts = [""]
    var quoted = false
    var rest = Substring(text)
    while let character = rest.first {
      if !quoted, rest.hasPrefix(separator) {
        parts.append("")
        rest = rest.dropFirst(separator.count)
      } else {
        if character == "\"" { quoted.toggle() }
        parts[parts.count - 1].append(character)
        rest.removeFirst()
      }
    }
    return parts
  }

  private func trimmed(_ text: String) -> String {
    var rest = Substring(text)
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }

  // MARK: - Audiences

  func audiences(
    _ document: Document, tables: [TableDefinition], relationships: [Relationship]
  ) -> [AudienceDefinition] {
    named(document, at: "audiences").compactMap { name, entry in
      let place = DocumentReader.join("audiences", Reference.quoted(name))
      let known = ["table", "kind", "hierarchy"]
      guard let entries = reader.mapping(entry, at: place, known: known) else { return nil }
      guard let tableEntry = entries["table"] else {
        reader.missing("table", at: place, in: entry)
        return nil
      }
      guard let tableName = reader.text(tableEntry, at: "\(place).table") else { return nil }
      guard let table = tables.first(where: { $0.name == tableName }) else {
        unknownTable(tableName, at: "\(place).table", tables: tables, in: tableEntry)
        return nil
      }
      if table.key.count != 1 {
        reader.note(
          "audienceKey", at: "\(place).table",
          "The table '\(tableName)' of an audience needs a key of one attribute.", in: tableEntry)
      }
      return AudienceDefinition(
        name: name, table: tableName,
        kind: entries["kind"].flatMap {
          reader.word($0, at: "\(place).kind", as: Audience.Kind.self)
        } ?? .consumer,
        hierarchy: entries["hierarchy"].flatMap {
          hierarchy($0, at: "\(place).hierarchy", of: tableName, relationships)
        })
    }
  }

  private func hierarchy(
    _ document: Document, at place: String, of table: String, _ relationships: [Relationship]
  ) -> RelationshipName? {
    guard let text = reader.text(document, at: place) else { return nil }
    let candidates = relationships.filter { $0.source == table && $0.target == table }
    let match = candidates.first {
      Reference(text)?.parts == [$0.name.table, $0.name.name]
    }
    if match == nil {
      let names = candidates.map(\.name.description)
      reader.note(
        "hierarchy", at: place,
        "'\(text)' is no relationship from '\(table)' to itself"
          + (names.isEmpty ? "; it has none." : "; it has \(names.joined(separator: ", "))."),
        hint: NearNames.hint(text, among: names), in: document)
    }
    return match?.name
  }
}
