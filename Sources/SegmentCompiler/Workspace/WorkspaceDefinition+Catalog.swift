extension WorkspaceDefinition {
  /// The catalog, once the types of what was loaded are known.
  ///
  /// - Parameter stored: loaded attributes by table, in the order of the columns, calculated ones and
  ///   derived tables left out.
  /// - Throws: ``Diagnostics`` with every problem found.
  public func catalog(stored: [String: [Attribute]]) throws -> Catalog {
    try catalog(stored: stored, partial: [])
  }

  /// The catalog as far as it is known where no data is loaded: the attributes of the lock file, with the
  /// types that the workspace file declares in their place. A table that is not in the lock file is partial.
  ///
  /// - Throws: ``Diagnostics`` with every problem found.
  public func catalog(lock: CatalogLock?) throws -> Catalog {
    var known: [String: [Attribute]] = [:]
    var partial: Set<String> = []
    for table in tables where !table.isDerived {
      let locked = lock?.tables[table.name]
      if locked == nil { partial.insert(table.name) }
      known[table.name] = table.known(locked: locked ?? [])
    }
    for table in tables {
      if case .derived(let origin, _) = table.origin, partial.contains(origin) {
        partial.insert(table.name)
      }
    }
    return try catalog(stored: known, partial: partial)
  }

  private func catalog(stored: [String: [Attribute]], partial: Set<String>) throws -> Catalog {
    var checker = CatalogChecker(workspace: self, stored: stored, partial: partial)
    let catalog = checker.catalog()
    let problems = Diagnostics(checker.problems)
    guard problems.errors.isEmpty else { throw problems }
    return catalog
  }

  /// All attributes of a table, the calculated ones after its stored ones.
  public func attributes(
    of table: TableDefinition, stored: [Attribute]
  ) throws -> [Attribute] {
    try stored
      + calculations(of: table, stored: stored).map {
        Attribute(name: $0.name, type: $0.calculation.type)
      }
  }

  /// All calculated attributes of a table over its stored ones: name, type and SQL, in order.
  public func calculations(
    of table: TableDefinition, stored: [Attribute]
  ) throws -> [(name: String, calculation: Calculation)] {
    let (calculations, problems) = calculations(checking: table, stored: stored)
    guard problems.isEmpty else { throw Diagnostics(problems) }
    return calculations
  }

  fileprivate func calculations(
    checking table: TableDefinition, stored: [Attribute]
  ) -> ([(name: String, calculation: Calculation)], problems: [Diagnostic]) {
    var known = stored
    var problems: [Diagnostic] = []
    let result = table.calculated.compactMap { calculated -> (String, Calculation)? in
      let place =
        "tables.\(Reference.quoted(table.name)).calculated.\(Reference.quoted(calculated.name))"
      do throws(Diagnostics) {
        let calculation = try Calculation(
          calculated.expression, attributes: known, timeZone: timeZone, at: place)
        known.append(Attribute(name: calculated.name, type: calculation.type))
        return (calculated.name, calculation)
      } catch {
        problems += error.all
        return nil
      }
    }
    return (result, problems)
  }
}

extension TableDefinition {
  /// What is declared goes before what is locked.
  fileprivate func known(locked: [Attribute]) -> [Attribute] {
    var known = locked
    for attribute in attributes {
      let index = known.firstIndex { $0.name == attribute.name }
      if let index, let type = attribute.exactType {
        known[index].type = type
      } else if index == nil, attribute.type != nil {
        // A `number` of whatever kind: they all take the same operators, and keys are integers.
        let number = key.contains(attribute.name) ? AttributeType.integer : .double
        known.append(Attribute(name: attribute.name, type: attribute.exactType ?? number))
      }
    }
    return known
  }
}

private struct CatalogChecker {
  let workspace: WorkspaceDefinition
  let stored: [String: [Attribute]]
  /// Tables that may have attributes nobody knows of.
  let partial: Set<String>
  var problems: [Diagnostic] = []

  mutating func catalog() -> Catalog {
    let tables = workspace.tables.map { table($0) }
    for (index, relationship) in workspace.relationships.enumerated() {
      check(relationship, at: "relationships[\(index)]", tables)
    }
    let audiences = workspace.audiences.map { audience($0, tables) }
    return Catalog(
      workspace: workspace.name, timeZone: workspace.timeZone, weekStart: workspace.weekStart,
      tables: tables, relationships: workspace.relationships, audiences: audiences)
  }

  private mutating func table(_ definition: TableDefinition) -> Table {
    let place = "tables.\(Reference.quoted(definition.name))"
    var attributes = loaded(definition, at: place)
    attributes += calculated(definition, stored: attributes)
    for (first, second) in NameRule.clashes(attributes.map(\.name)) {
      note(
        "duplicateName", at: place,
        "The attributes '\(first)' and '\(second)' differ by no more than upper and lower case.")
    }
    for key in definition.key where !attributes.contains(where: { $0.name == key }) {
      unknown(key, in: attributes, of: definition.name, at: "\(place).key")
    }
    return Table(
      name: definition.name, key: definition.key, attributes: attributes,
      isPartial: partial.contains(definition.name))
  }

  private mutating func calculated(_ definition: TableDefinition, stored: [Attribute])
    -> [Attribute]
  {
    let (calculations, found) = workspace.calculations(checking: definition, stored: stored)
    // What is calculated from attributes that nobody knows of is not known either.
    problems += found.filter {
      !partial.contains(definition.name) || $0.code != "unknownAttribute"
    }
    return calculations.map { Attribute(name: $0.name, type: $0.calculation.type) }
  }

  private mutating func loaded(_ definition: TableDefinition, at place: String) -> [Attribute] {
    guard case .derived(let origin, let name) = definition.origin else {
      return stored[definition.name] ?? []
    }
    guard let table = workspace.table(origin) else { return [] }
    // Wrong calculations are noted where the table itself is checked.
    let known = stored[origin] ?? []
    let (calculations, problems) = workspace.calculations(checking: table, stored: known)
    guard problems.isEmpty || partial.contains(origin) else { return [] }
    let attributes =
      known + calculations.map { Attribute(name: $0.name, type: $0.calculation.type) }
    guard let attribute = attributes.first(where: { $0.name == name }) else {
      unknown(name, in: attributes, of: origin, at: "\(place).derivedFrom")
      return []
    }
    return definition.key.prefix(1).map { Attribute(name: $0, type: attribute.type) }
  }

  private mutating func check(_ relationship: Relationship, at place: String, _ tables: [Table]) {
    let source = tables.first { $0.name == relationship.source }
    let target = tables.first { $0.name == relationship.target }
    guard let source, let target else { return }
    let foreignKey = source.attribute(relationship.foreignKey)
    let key = target.attribute(relationship.targetKey)
    if foreignKey == nil {
      unknown(relationship.foreignKey, in: source.attributes, of: source.name, at: place)
    }
    if key == nil {
      unknown(relationship.targetKey, in: target.attributes, of: target.name, at: place)
    }
    guard let foreignKey, let key, foreignKey.type != key.type else { return }
    // Numbers of a kind that only the data says.
    let isSettled = partial.isDisjoint(with: [source.name, target.name])
    guard isSettled || !(foreignKey.type.isNumber && key.type.isNumber) else { return }
    let names = [
      Reference([source.name, foreignKey.name]).description,
      Reference([target.name, key.name]).description,
    ]
    // The side that is no text may have lost leading zeros, so text is what both can be.
    let shared: AttributeType =
      foreignKey.type.isNumber && key.type.isNumber ? .integer : .text
    let changed = foreignKey.type == shared ? 1 : 0
    note(
      "keyTypes", at: place,
      "The keys differ in type: \(names[0]) is \(foreignKey.type.name), \(names[1]) is \(key.type.name).",
      hint: "Declare \(names[changed]) as \(shared.name) in the workspace file.")
  }

  private mutating func audience(
    _ definition: AudienceDefinition, _ tables: [Table]
  ) -> Audience {
    let table = tables.first { $0.name == definition.table }
    let key = table?.key.first ?? ""
    if let attribute = table?.attribute(key), attribute.type != .text, attribute.type != .integer {
      note(
        "audienceKey", at: "audiences.\(Reference.quoted(definition.name))",
        "The key of an audience is text or integer; \(Reference([definition.table, key])) is \(attribute.type.name).",
        hint: "Declare it as text or integer in the workspace file.")
    }
    return Audience(
      name: definition.name, table: definition.table, key: key, kind: definition.kind,
      hierarchy: definition.hierarchy)
  }

  private mutating func unknown(
    _ name: String, in attributes: [Attribute], of table: String, at place: String
  ) {
    guard !partial.contains(table) else { return }
    note(
      "unknownAttribute", at: place, "The table '\(table)' has no attribute '\(name)'.",
      hint: NearNames.hint(name, among: attributes.map(\.name)))
  }

  private mutating func note(
    _ code: String, at place: String, _ message: String, hint: String? = nil
  ) {
    problems.append(Diagnostic(code: code, place: place, message: message, hint: hint))
  }
}
