import SegmentCompiler
import Testing

@Suite struct WorkspaceDefinitionTests {
  private func problems(_ yaml: String) -> [Diagnostic] {
    do {
      _ = try WorkspaceDefinition(yaml: yaml)
      return []
    } catch let diagnostics as Diagnostics {
      return diagnostics.all
    } catch {
      Issue.record(error)
      return []
    }
  }

  @Test func `everything that a workspace file can say`() throws {
    let workspace = try WorkspaceDefinition(
      yaml: """
        workspace: Contoso
        timeZone: Europe/Oslo
        weekStart: sunday
        sources:
          shop: {folder: data, format: csv, timeZone: America/New_York, dateFormat: "%m/%d/%Y", delimiter: ";", missing: ["NULL"]}
        tables:
          Customer:
            source: shop
            files: Customer*.csv
            key: CustomerId
            attributes:
              CustomerId: integer
              Born: {type: date, format: "%d.%m.%Y"}
              Income: {type: decimal, column: "Yearly income"}
              Fee: {type: "decimal(12,2)"}
              Points: number
            ignore: [Notes]
          Line:
            files: [a.csv, b.csv]
            key: [OrderId, Number]
            onError: missing
            calculated: {Revenue: Price * 2, Two: 2}
          Shopper: {derivedFrom: Line.CustomerId, key: CustomerId}
        relationships:
          - Line.CustomerId -> Customer.CustomerId
          - Line.BillTo -> Customer.CustomerId as "Bill.To"
          - {from: Customer.ReferrerId, to: Customer.CustomerId, name: Referrer, kind: one-to-one, onErasure: missing}
          - Line.A -> Shopper.CustomerId
          - Line.B -> Shopper.CustomerId
        audiences:
          Customer: {table: Customer, kind: account, hierarchy: Customer.Referrer}
        """)
    let shop = DataSource(
      name: "shop", folder: "data", format: .csv, timeZone: "America/New_York",
      dateFormat: "%m/%d/%Y", delimiter: ";", missing: ["NULL"])
    #expect(workspace.sources == [shop])
    #expect(workspace.weekStart == .sunday && workspace.timeZone == "Europe/Oslo")
    let customer = try #require(workspace.table("Customer"))
    #expect(customer.origin == .files(shop, globs: ["Customer*.csv"]))
    #expect(customer.ignore == ["Notes"] && customer.key == ["CustomerId"])
    #expect(
      customer.attributes == [
        AttributeDefinition(name: "CustomerId", type: .exactly(.integer)),
        AttributeDefinition(name: "Born", type: .exactly(.date), format: "%d.%m.%Y"),
        AttributeDefinition(name: "Income", type: .exactly(.plainDecimal), column: "Yearly income"),
        AttributeDefinition(name: "Fee", type: .exactly(.decimal(precision: 12, scale: 2))),
        AttributeDefinition(name: "Points", type: .number),
      ])
    let line = try #require(workspace.table("Line"))
    #expect(line.onError == .missing && line.key == ["OrderId", "Number"])
    #expect(line.calculated.map(\.expression) == ["Price * 2", "2"])
    #expect(workspace.table("Shopper")?.origin == .derived(table: "Line", attribute: "CustomerId"))
    #expect(
      workspace.relationships.map(\.name.description) == [
        "Line.Customer", "Line.\"Bill.To\"", "Customer.Referrer", "Line.A", "Line.B",
      ])
    #expect(
      workspace.relationships.map { $0.kind == .oneToOne } == [false, false, true, false, false])
    #expect(
      workspace.relationships.map { $0.onErasure == .missing } == [
        false, false, true, false, false,
      ])
    #expect(
      workspace.audiences[0].hierarchy == RelationshipName(table: "Customer", name: "Referrer"))
  }

  @Test func `all problems are found at once, with their places`() {
    let found = problems(
      """
      workspace: T
      timeZone: Mars/Olympus
      sources: {s: {folder: ../secret}, t: {formt: csv}}
      tables:
        Customer: {source: x, files: a.csv, key: Id}
        Order:
          source: s
          files: b.csv
          attributes: {City: txt, Name: {type: text, format: "%Y"}, name: text, _muster_x: text}
        Empty: {key: Id}
        Derived: {derivedFrom: Ordr.Id, key: Id, files: c.csv}
        Derived2: {derivedFrom: Derived.Id, key: Id}
      relationships:
        - Order.CustomerId = Customer.Id
        - {from: Order.CustomerId}
      audiences:
        A: {table: Ordre}
        B: {table: Order, hierarchy: Order.Parent}
      """)
    let places = Set(found.map { "\($0.place) \($0.code)" })
    #expect(
      places.isSuperset(of: [
        "timeZone unknownTimeZone", "sources.s.folder badPath", "sources.t.formt unknownKey",
        "tables.Customer.source unknownSource", "tables.Order.attributes.City unknownType",
        "tables.Order.attributes.Name.format misplacedKey",
        "tables.Order.attributes duplicateName", "tables.Order.attributes._muster_x badName",
        "tables.Empty missingKey", "tables.Derived.files misplacedKey",
        "tables.Derived.derivedFrom unknownTable", "tables.Derived2.derivedFrom derivedTwice",
        "relationships[0] wrongShape", "relationships[1] missingKey",
        "audiences.A.table unknownTable", "audiences.B.table audienceKey",
        "audiences.B.hierarchy hierarchy",
      ]), "\(found)")
    #expect(
      found.first { $0.place == "tables.Order.attributes.City" }?.hint == "Did you mean 'text'?")
    #expect(found.first { $0.place == "sources.t.formt" }?.hint == "Did you mean 'format'?")
  }

  @Test func `types make the catalog, calculated attributes included`() throws {
    let workspace = try WorkspaceDefinition(
      yaml: """
        workspace: T
        tables:
          C: {files: c.csv, key: Id}
          O: {files: o.csv, calculated: {Net: Total - 1, Half: Net / 2}}
          D: {derivedFrom: O.Cid, key: K}
        relationships: [O.Cid -> C.Id]
        audiences: {C: {table: C}, D: {table: D}}
        """)
    let id = Attribute(name: "Id", type: .integer)
    let order = [
      Attribute(name: "Cid", type: .integer), Attribute(name: "Total", type: .plainDecimal),
    ]
    let catalog = try workspace.catalog(stored: ["C": [id], "O": order])
    #expect(
      catalog.table("O")?.attributes == order + [
        Attribute(name: "Net", type: .decimal(precision: 19, scale: 6)),
        Attribute(name: "Half", type: .double),
      ])
    #expect(catalog.table("D")?.attributes == [Attribute(name: "K", type: .integer)])
    #expect(catalog.audience("D")?.key == "K")
  }

  @Test func `types that do not go together are problems of the catalog`() throws {
    let workspace = try WorkspaceDefinition(
      yaml: """
        workspace: T
        tables:
          C: {files: c.csv, key: Id, calculated: {id: 1, Bad: Nam}}
          O: {files: o.csv}
        relationships: [O.Cid -> C.Id, O.Nothing -> C.Idd]
        audiences: {C: {table: C}}
        """)
    let stored = [
      "C": [Attribute(name: "Id", type: .double), Attribute(name: "Name", type: .text)],
      "O": [Attribute(name: "Cid", type: .text)],
    ]
    let diagnostics = #expect(throws: Diagnostics.self) { try workspace.catalog(stored: stored) }
    #expect(
      Set((diagnostics?.all ?? []).map { "\($0.place) \($0.code)" }) == [
        "tables.C duplicateName", "tables.C.calculated.Bad unknownAttribute",
        "relationships[0] keyTypes", "relationships[1] unknownAttribute", "audiences.C audienceKey",
      ])
    let hint = diagnostics?.all.first { $0.code == "keyTypes" }?.hint
    #expect(hint == "Declare C.Id as text in the workspace file.")
  }

  @Test func `a wrong calculation is named once, whoever depends on its table`() throws {
    let workspace = try WorkspaceDefinition(
      yaml: """
        workspace: T
        tables:
          O: {files: o.csv, calculated: {Bad: Nothing + 1}}
          D: {derivedFrom: O.Id, key: Id}
        """)
    let stored = [Attribute(name: "Id", type: .integer)]
    let problems = #expect(throws: Diagnostics.self) {
      try workspace.catalog(stored: ["O": stored])
    }
    #expect(problems?.all.count { $0.place == "tables.O.calculated.Bad" } == 1)
    let table = try #require(workspace.table("O"))
    #expect(throws: Diagnostics.self) { try workspace.attributes(of: table, stored: stored) }
  }

  @Test func `a workspace that speaks of tables that are not there has a catalog without them`()
    throws
  {
    let workspace = WorkspaceDefinition(
      name: "W",
      tables: [TableDefinition(name: "D", origin: .derived(table: "Gone", attribute: "Id"))],
      relationships: [
        Relationship(
          name: RelationshipName(table: "D", name: "Gone"), foreignKey: "Id", target: "Gone",
          targetKey: "Id")
      ],
      audiences: [AudienceDefinition(name: "Gone", table: "Gone")])
    let catalog = try workspace.catalog(stored: [:])
    #expect(catalog.table("D")?.attributes == [])
    #expect(catalog.audience("Gone")?.key == "")
  }

  @Test(arguments: [
    ("", Cleanup.standard, 1_000), ("cleanup: {unusedFor: off}", .off, 1_000),
    ("cleanup: {}\nlimits: {activeSegments: 20}", .standard, 20),
    (
      "cleanup: {unusedFor: 2 months}\nlimits: {}",
      .after(CalendarDuration("2 months")!), 1_000
    ),
  ]) func `cleanup and limits are 45 days and 1,000 unless set`(
    text: String, cleanup: Cleanup, limit: Int
  ) throws {
    let workspace = try WorkspaceDefinition(yaml: "workspace: W\ntables: {}\n" + text)
    #expect(workspace.cleanup == cleanup && workspace.limits.activeSegments == limit)
  }
}
