import SegmentCompiler
import SegmentService

/// The catalog as programs read it.
struct CatalogBody: Encodable {
  struct Table: Encodable {
    var name: String
    var key: [String]
    var rows: Int64
    var attributes: [Attribute]
  }

  struct Attribute: Encodable {
    var name: String
    var type: String
    var operators: [String]
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
    var paths: [Path]
  }

  struct Path: Encodable {
    var table: String
    var steps: [String]
  }

  struct Operator: Encodable {
    var id: String
    var label: String
    var negatedLabel: String
    var subjects: [String]
    var argument: String
    var takesAttribute: Bool
    var takesIgnoreCase: Bool
    var meaning: String
  }

  struct Output: Encodable {
    struct Attribute: Encodable {
      var name: String
      var type: String
      var isList: Bool
    }

    var name: String
    var segment: String
    var audience: String
    var attributes: [Attribute]
    var rows: Int
    var run: Int64
    var asOf: String
  }

  var workspace: String
  var timeZone: String
  var weekStart: String
  var dataVersion: Int64
  var tables: [Table]
  var relationships: [Relationship]
  var audiences: [Audience]
  var operators: [Operator]
  var outputs: [Output]

  init(_ loaded: LoadedCatalog, outputs tables: [OutputTable]) {
    let catalog = loaded.catalog
    workspace = catalog.workspace
    timeZone = catalog.timeZone
    weekStart = catalog.weekStart.rawValue
    dataVersion = loaded.dataVersion
    self.tables = catalog.tables.map { table in
      Table(
        name: table.name, key: table.key, rows: loaded.rows[table.name] ?? 0,
        attributes: table.attributes.map { attribute in
          Attribute(
            name: attribute.name, type: attribute.type.name,
            operators: SegmentCompiler.Operator.ids(on: attribute.type))
        })
    }
    relationships = catalog.relationships.map {
      Relationship(
        name: $0.name.description, source: $0.source, foreignKey: $0.foreignKey,
        target: $0.target, targetKey: $0.targetKey, kind: $0.kind.rawValue)
    }
    audiences = catalog.audiences.map { audience in
      Audience(
        name: audience.name, table: audience.table, key: audience.key,
        kind: audience.kind.rawValue, hierarchy: audience.hierarchy?.description,
        paths: catalog.shortestPaths(to: audience).map { table, steps in
          Path(table: table, steps: steps.map(\.description))
        })
    }
    operators = SegmentCompiler.Operator.all.map { entry in
      Operator(
        id: entry.id, label: entry.label, negatedLabel: entry.negatedLabel,
        subjects: entry.subjects.map(\.rawValue), argument: entry.argument.rawValue,
        takesAttribute: entry.takesAttribute, takesIgnoreCase: entry.takesIgnoreCase,
        meaning: entry.meaning)
    }
    outputs = tables.map { table in
      Output(
        name: table.name, segment: table.segment, audience: table.audience,
        attributes: table.attributes.map {
          Output.Attribute(name: $0.name, type: $0.type.name, isList: $0.isList)
        }, rows: table.rows, run: table.run, asOf: table.asOf.description)
    }
  }
}
