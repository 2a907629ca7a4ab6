import ArgumentParser
import SegmentCompiler
import SegmentService

struct CatalogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog",
    abstract: "Show tables, attributes, relationships and audiences: what definitions can speak of."
  )

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Flag(
    help: ArgumentHelp(
      "Write workspace.lock.yaml: the types of all attributes, as they are loaded.",
      discussion: "Commit it, and muster validate needs no data."))
  var lock = false

  func run() throws {
    let service = try options.open(for: "catalog")
    if lock {
      let (path, isChanged) = try service.writeLock()
      Terminal.print(isChanged ? "Wrote \(path)." : "\(path) is up to date.")
      return
    }
    printWarnings(try service.lockDifferences())
    let catalog = try service.catalog()
    let outputs = try service.outputTables()
    if output.json {
      try Terminal.printJSON(CatalogJSON(catalog, outputs))
    } else {
      Terminal.print(catalogText(catalog, outputs))
    }
  }
}

func catalogText(_ catalog: Catalog, _ outputs: [OutputTable] = []) -> String {
  var attributes = TextTable(.left("Table"), .left("Attribute"), .left("Type"), .left("Key"))
  for table in catalog.tables {
    for (index, attribute) in table.attributes.enumerated() {
      attributes.add(
        index == 0 ? table.name : "", attribute.name, attribute.type.name,
        table.key.contains(attribute.name) ? "key" : "")
    }
  }
  var relationships = TextTable(.left("Relationship"), .left("From"), .left("To"), .left("Kind"))
  for relationship in catalog.relationships {
    relationships.add(
      relationship.name.description,
      "\(Reference([relationship.source, relationship.foreignKey]))",
      "\(Reference([relationship.target, relationship.targetKey]))", relationship.kind.rawValue)
  }
  var audiences = TextTable(.left("Audience"), .left("Table"), .left("Key"), .left("Kind"))
  for audience in catalog.audiences {
    audiences.add(audience.name, audience.table, audience.key, audience.kind.rawValue)
  }
  var parts = ["\(catalog.workspace), \(catalog.timeZone)", "\(attributes)"]
  if !catalog.relationships.isEmpty { parts.append("\(relationships)") }
  parts.append("\(audiences)")
  if !outputs.isEmpty { parts.append(outputsText(outputs)) }
  return parts.joined(separator: "\n\n")
}

private struct CatalogJSON: Encodable {
  struct Table: Encodable {
    var name: String
    var key: [String]
    var attributes: [Attribute]
  }
  struct Attribute: Encodable {
    var name: String
    var type: String
  }
  struct Relationship: Encodable {
    var name: String
    var source: String
    var foreignKey: String
    var target: String
    var targetKey: String
    var kind: String
  }
  struct Audience: Encodable {
    var name: String
    var table: String
    var key: String
    var kind: String
    var hierarchy: String?
  }

  var workspace: String
  var timeZone: String
  var weekStart: String
  var tables: [Table]
  var relationships: [Relationship]
  var audiences: [Audience]
  var outputs: [OutputJSON]

  init(_ catalog: Catalog, _ outputs: [OutputTable]) {
    workspace = catalog.workspace
    timeZone = catalog.timeZone
    weekStart = catalog.weekStart.rawValue
    self.outputs = outputs.map(OutputJSON.init)
    tables = catalog.tables.map { table in
      Table(
        name: table.name, key: table.key,
        attributes: table.attributes.map { Attribute(name: $0.name, type: $0.type.name) })
    }
    relationships = catalog.relationships.map {
      Relationship(
        name: $0.name.description, source: $0.source, foreignKey: $0.foreignKey,
        target: $0.target, targetKey: $0.targetKey, kind: $0.kind.rawValue)
    }
    audiences = catalog.audiences.map {
      Audience(
        name: $0.name, table: $0.table, key: $0.key, kind: $0.kind.rawValue,
        hierarchy: $0.hierarchy?.description)
    }
  }
}
