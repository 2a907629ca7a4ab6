import Foundation

extension WorkspaceDefinition {
  /// Reads the text of a `workspace.yaml`.
  ///
  /// - Throws: ``Diagnostics`` with every problem found.
  public init(yaml: String) throws {
    let documents = try Document.parse(yaml)
    guard documents.count == 1, let document = documents.first else {
      throw Diagnostics([
        Diagnostic(
          code: "wrongShape", place: "",
          message: "A workspace file is one document, not \(documents.count).")
      ])
    }
    try self.init(document)
  }

  /// Reads a parsed workspace file.
  ///
  /// - Throws: ``Diagnostics`` with every problem found.
  public init(_ document: Document) throws {
    let decoder = WorkspaceDecoder()
    let definition = decoder.workspace(document)
    let problems = Diagnostics(decoder.reader.diagnostics)
    guard let definition, problems.errors.isEmpty else { throw problems }
    self = definition
  }
}

/// Decodes a workspace file top-down; the reader collects the problems.
struct WorkspaceDecoder {
  let reader = DocumentReader()

  func workspace(_ document: Document) -> WorkspaceDefinition? {
    let keys = [
      "workspace", "timeZone", "weekStart", "sources", "tables", "relationships", "audiences",
      "retention", "cleanup", "limits",
    ]
    guard let entries = reader.mapping(document, at: "", known: keys) else { return nil }
    let name = entries["workspace"].flatMap { reader.text($0, at: "workspace") } ?? ""
    if entries["workspace"] == nil { reader.missing("workspace", at: "", in: document) }
    let zone = entries["timeZone"].flatMap { timeZone($0, at: "timeZone") } ?? "UTC"
    let weekStart = entries["weekStart"].flatMap {
      reader.word($0, at: "weekStart", as: Weekday.self)
    }
    let sources = entries["sources"].map(sources) ?? []
    guard let tablesEntry = entries["tables"] else {
      reader.missing("tables", at: "", in: document)
      return nil
    }
    let tables = tables(tablesEntry, sources: sources)
    let relationships =
      entries["relationships"].map { self.relationships($0, tables: tables) } ?? []
    let audiences =
      entries["audiences"].map {
        self.audiences($0, tables: tables, relationships: relationships)
      } ?? []
    return WorkspaceDefinition(
      name: name, timeZone: zone, weekStart: weekStart ?? .monday, sources: sources,
      tables: tables, relationships: relationships, audiences: audiences,
      retention: entries["retention"].map(retention) ?? Retention(),
      cleanup: entries["cleanup"].map(cleanup) ?? .standard,
      limits: entries["limits"].map(limits) ?? Limits())
  }

  // MARK: - Sources

  private func sources(_ document: Document) -> [DataSource] {
    named(document, at: "sources").compactMap { name, entry in
      let place = DocumentReader.join("sources", name)
      let keys = ["folder", "format", "timeZone", "dateFormat", "delimiter", "missing"]
      guard let entries = reader.mapping(entry, at: place, known: keys) else { return nil }
      var source = DataSource(name: name)
      if let text = entries["folder"].flatMap({ path($0, at: "\(place).folder") }) {
        source.folder = text
      }
      source.format = entries["format"].flatMap {
        reader.word($0, at: "\(place).format", as: FileFormat.self)
      }
      if let zone = entries["timeZone"].flatMap({ timeZone($0, at: "\(place).timeZone") }) {
        source.timeZone = zone
      }
      source.dateFormat = entries["dateFormat"].flatMap {
        reader.text($0, at: "\(place).dateFormat")
      }
      if let delimiter = entries["delimiter"] {
        source.delimiter = self.delimiter(delimiter, at: "\(place).delimiter") ?? ","
      }
      source.missing = entries["missing"].map { texts($0, at: "\(place).missing") } ?? []
      return source
    }
  }

  private func delimiter(_ document: Document, at place: String) -> String? {
    guard let text = reader.text(document, at: place) else { return nil }
    guard text.utf8.count == 1, !["\"", "\n", "\r", "\0"].contains(text) else {
      reader.note(
        "wrongShape", at: place, "A delimiter is one ASCII character and no quote.", in: document)
      return nil
    }
    return text
  }

  private func timeZone(_ document: Document, at place: String) -> String? {
    guard let text = reader.text(document, at: place) else { return nil }
    guard text == "UTC" || text.contains("/"), Zone(text) != nil else {
      reader.note(
        "unknownTimeZone", at: place,
        "'\(text)' is no IANA time zone such as Europe/Oslo or UTC.",
        hint: NearNames.hint(text, among: TimeZone.knownTimeZoneIdentifiers), in: document)
      return nil
    }
    return text
  }

  // MARK: - Tables

  private func tables(_ document: Document, sources: [DataSource]) -> [TableDefinition] {
    let tables = named(document, at: "tables").compactMap { name, entry in
      table(
        name, entry, at: DocumentReader.join("tables", Reference.quoted(name)), sources: sources)
    }
    for table in tables {
      guard case .derived(let origin, _) = table.origin else { continue }
      let place = "tables.\(Reference.quoted(table.name)).derivedFrom"
      switch tables.first(where: { $0.name == origin })?.origin {
      case .files: break
      case .derived:
        reader.note(
          "derivedTwice", at: place,
          "'\(origin)' is a derived table itself; name the table whose files hold the values.")
      case nil: unknownTable(origin, at: place, tables: tables)
      }
    }
    return tables
  }

  private func table(
    _ name: String, _ document: Document, at place: String, sources: [DataSource]
  ) -> TableDefinition? {
    let keys = [
      "source", "files", "key", "attributes", "calculated", "ignore", "derivedFrom", "onError",
      "mayBeEmpty",
    ]
    guard let entries = reader.mapping(document, at: place, known: keys) else { return nil }
    let key = entries["key"].map { texts($0, at: "\(place).key") } ?? []
    let origin =
      entries["derivedFrom"] == nil
      ? files(entries, in: document, at: place, sources: sources)
      : derived(entries, at: place, key: key, document)
    let attributes = entries["attributes"].map { self.attributes($0, at: "\(place).attributes") }
    let calculated = entries["calculated"].map { self.calculated($0, at: "\(place).calculated") }
    checkNames(
      (attributes ?? []).map(\.name) + (calculated ?? []).map(\.name), of: "attributes", at: place)
    guard let origin else { return nil }
    return TableDefinition(
      name: name, origin: origin, key: key, attributes: attributes ?? [],
      calculated: calculated ?? [],
      ignore: entries["ignore"].map { texts($0, at: "\(place).ignore") } ?? [],
      onError: entries["onError"].flatMap {
        reader.word($0, at: "\(place).onError", as: TableDefinition.ErrorRule.self)
      } ?? .fail,
      mayBeEmpty: entries["mayBeEmpty"].flatMap { reader.boolean($0, at: "\(place).mayBeEmpty") }
        ?? false)
  }

  private func files(
    _ entries: [String: Document], in document: Document, at place: String, sources: [DataSource]
  ) -> TableDefinition.Origin? {
    guard let files = entries["files"] else {
      reader.note(
        "missingKey", at: place, "The key 'files' (or 'derivedFrom') is missing here.",
        in: document)
      return nil
    }
    let globs: [String] =
      if case .list(let items) = files.value {
        items.enumerated().compactMap { path($1, at: "\(place).files[\($0)]") }
      } else {
        path(files, at: "\(place).files").map { [$0] } ?? []
      }
    guard let source = source(entries["source"], at: place, sources: sources, document) else {
      return nil
    }
    return .files(source, globs: globs)
  }

  private func source(
    _ entry: Document?, at place: String, sources: [DataSource], _ table: Document
  ) -> DataSource? {
    guard let entry else {
      if sources.count <= 1 { return sources.first ?? DataSource() }
      reader.note(
        "missingKey", at: place,
        "The key 'source' is missing here; the workspace has \(sources.map(\.name).joined(separator: ", ")).",
        in: table)
      return nil
    }
    guard let name = reader.text(entry, at: "\(place).source") else { return nil }
    if let source = sources.first(where: { $0.name == name }) { return source }
    reader.note(
      "unknownSource", at: "\(place).source", "There is no source '\(name)'.",
      hint: NearNames.hint(name, among: sources.map(\.name)), in: entry)
    return nil
  }

  private func derived(
    _ entries: [String: Document], at place: String, key: [String], _ document: Document
  ) -> TableDefinition.Origin? {
    for extra in ["files", "source", "attributes", "ignore", "onError"] where entries[extra] != nil
    {
      reader.note(
        "misplacedKey", at: "\(place).\(extra)", "A derived table has no '\(extra)'.",
        in: entries[extra])
    }
    if key.count != 1 {
      reader.note(
        "missingKey", at: place, "A derived table has a 'key': the name of its one attribute.",
        in: document)
    }
    guard let text = reader.text(entries["derivedFrom"]!, at: "\(place).derivedFrom") else {
      return nil
    }
    guard let reference = Reference(text), reference.parts.count == 2 else {
      reader.note(
        "wrongShape", at: "\(place).derivedFrom",
        "'\(text)' is no attribute such as Transaction.CustomerId.", in: entries["derivedFrom"])
      return nil
    }
    return .derived(table: reference.parts[0], attribute: reference.parts[1])
  }

  private func attributes(_ document: Document, at place: String) -> [AttributeDefinition] {
    named(document, at: place).map { name, entry in
      let place = DocumentReader.join(place, Reference.quoted(name))
      if case .mapping(let entries) = entry.value {
        let entries = reader.fields(entries, at: place, known: ["type", "format", "column"])
        let attribute = AttributeDefinition(
          name: name, type: entries["type"].flatMap { type($0, at: "\(place).type") },
          format: entries["format"].flatMap { reader.text($0, at: "\(place).format") },
          column: entries["column"].flatMap { reader.text($0, at: "\(place).column") })
        checkFormat(attribute, at: place, entry)
        return attribute
      }
      return AttributeDefinition(name: name, type: type(entry, at: place))
    }
  }

  private func checkFormat(_ attribute: AttributeDefinition, at place: String, _ entry: Document) {
    guard attribute.format != nil else { return }
    switch attribute.type {
    case .exactly(.date), .exactly(.datetime): break
    default:
      reader.note(
        "misplacedKey", at: "\(place).format", "Only a date or datetime has a 'format'.", in: entry)
    }
  }

  private func type(_ document: Document, at place: String) -> DeclaredType? {
    let known = ["text", "integer", "decimal", "double", "number", "date", "datetime", "boolean"]
    guard let text = reader.text(document, at: place, expected: "a type") else { return nil }
    guard let type = DeclaredType(text) else {
      reader.note(
        "unknownType", at: place,
        "'\(text)' is none of \(known.joined(separator: ", ")) or decimal(12,2) with at most 38 digits.",
        hint: NearNames.hint(text, among: known), in: document)
      return nil
    }
    return type
  }

  private func calculated(_ document: Document, at place: String) -> [CalculatedAttribute] {
    named(document, at: place).compactMap { name, entry in
      let place = DocumentReader.join(place, Reference.quoted(name))
      switch entry.value {
      case .scalar(.number(let text)): return CalculatedAttribute(name: name, expression: text)
      case .scalar(.boolean(let value)):
        return CalculatedAttribute(name: name, expression: String(value))
      default:
        return reader.text(entry, at: place, expected: "an expression").map {
          CalculatedAttribute(name: name, expression: $0)
        }
      }
    }
  }
}
