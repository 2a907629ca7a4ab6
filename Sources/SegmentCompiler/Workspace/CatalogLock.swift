/// The stored attributes of each table and their types, as the last load left them: `workspace.lock.yaml`.
///
/// Committed beside the workspace file, it lets definitions be checked where the data is not.
public struct CatalogLock: Sendable, Equatable {
  /// By table, in the order of the columns; calculated attributes and derived tables left out.
  public var tables: [String: [Attribute]]

  public init(tables: [String: [Attribute]]) { self.tables = tables }

  public static let fileName = "workspace.lock.yaml"

  // MARK: The file

  /// The file's text: tables in the order of the workspace file.
  public func yaml(in workspace: WorkspaceDefinition) -> String {
    let tables = workspace.tables.compactMap { table -> (String, Document?)? in
      self.tables[table.name].map { attributes in
        (table.name, .mapping(attributes.map { ($0.name, .text($0.type.name)) }))
      }
    }
    return """
      # The attributes of each table and their types, as they were loaded. Written by 'muster catalog --lock';
      # commit it, and 'muster validate' knows them where there is no data.
      \(Document.mapping([("version", .number(1)), ("tables", .mapping(tables))]).yaml)
      """
  }

  /// - Throws: ``Diagnostics`` with every problem found.
  public init(yaml: String) throws {
    let reader = DocumentReader()
    let documents = try Document.parse(yaml)
    let document = documents.first ?? Document(.null)
    tables = [:]
    let fields = reader.mapping(document, at: "", known: ["version", "tables"])
    if let fields {
      if let version = fields["version"] {
        _ = reader.wholeNumber(version, at: "version", in: 1...1)
      } else {
        reader.missing("version", at: "", in: document)
      }
      for table in fields["tables"].map({ reader.entries($0, at: "tables") }) ?? [] {
        let place = "tables.\(Reference.quoted(table.key))"
        tables[table.key] = reader.entries(table.value, at: place).compactMap { entry in
          CatalogLock.attribute(entry, at: place, reader: reader)
        }
      }
    }
    guard reader.diagnostics.isEmpty else { throw Diagnostics(reader.diagnostics) }
  }

  private static func attribute(_ entry: Document.Entry, at place: String, reader: DocumentReader)
    -> Attribute?
  {
    let place = "\(place).\(Reference.quoted(entry.key))"
    guard let name = reader.text(entry.value, at: place, expected: "a type") else { return nil }
    guard let type = AttributeType(name: name) else {
      reader.note("wrongShape", at: place, "'\(name)' is no type.", in: entry.value)
      return nil
    }
    return Attribute(name: entry.key, type: type)
  }

  // MARK: Comparing

  /// How it differs from what is loaded.
  public func differences(from loaded: CatalogLock) -> [Diagnostic] {
    compared(with: loaded.tables, what: "the loaded data", isWhole: true)
  }

  /// How it differs from what a workspace file declares; what is not declared cannot differ.
  public func differences(from workspace: WorkspaceDefinition) -> [Diagnostic] {
    var declared: [String: [Attribute]] = [:]
    for table in workspace.tables where !table.isDerived {
      declared[table.name] = table.attributes.compactMap { attribute in
        attribute.exactType.map { Attribute(name: attribute.name, type: $0) }
      }
    }
    return compared(with: declared, what: "the workspace file", isWhole: false)
  }

  private func compared(with others: [String: [Attribute]], what: String, isWhole: Bool)
    -> [Diagnostic]
  {
    var problems: [Diagnostic] = []
    func note(_ table: String, _ message: String) {
      problems.append(
        Diagnostic(
          severity: .warning, code: "lockOutdated", place: "tables.\(Reference.quoted(table))",
          message: message, hint: "Run 'muster load' and 'muster catalog --lock'.",
          file: CatalogLock.fileName))
    }
    for (table, attributes) in others.sorted(by: { Text($0.key) < Text($1.key) }) {
      guard let locked = tables[table] else {
        note(table, "The table '\(table)' is in \(what), but not here.")
        continue
      }
      for attribute in attributes {
        let reference = Reference([table, attribute.name])
        guard let known = locked.first(where: { $0.name == attribute.name }) else {
          note(table, "\(reference) is in \(what), but not here.")
          continue
        }
        if known.type != attribute.type {
          note(
            table,
            "\(reference) is \(attribute.type.name) in \(what), and \(known.type.name) here.")
        }
      }
      guard isWhole else { continue }
      for attribute in locked where !attributes.contains(where: { $0.name == attribute.name }) {
        note(table, "\(Reference([table, attribute.name])) is here, but not in \(what).")
      }
    }
    guard isWhole else { return problems }
    for table in tables.keys.sorted() where others[table] == nil {
      note(table, "The table '\(table)' is here, but not in \(what).")
    }
    return problems
  }
}

extension DocumentReader {
  /// The entries of a mapping whose keys are names.
  fileprivate func entries(_ document: Document, at place: String) -> [Document.Entry] {
    guard case .mapping(let entries) = document.value else {
      note(
        "wrongShape", at: place, "A mapping is expected here, not \(document.kind).", in: document)
      return []
    }
    return entries
  }
}

extension AttributeDefinition {
  /// nil where it is inferred from the values.
  var exactType: AttributeType? {
    if case .exactly(let type) = type { type } else { nil }
  }
}

extension TableDefinition {
  /// Its rows come from another table instead of files.
  var isDerived: Bool { if case .derived = origin { true } else { false } }
}
