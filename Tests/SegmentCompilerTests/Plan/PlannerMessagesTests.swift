import Testing

@testable import SegmentCompiler

/// What the planner proposes to whoever named something that is not there.
@Suite struct PlannerMessagesTests {
  private static let catalog: Catalog = {
    func table(_ name: String, _ attributes: String...) -> Table {
      Table(
        name: name, key: [attributes[0]],
        attributes: attributes.map { Attribute(name: $0, type: $0 == "Day" ? .date : .integer) })
    }
    func relationship(_ source: String, _ key: String, _ target: String, _ name: String)
      -> Relationship
    {
      Relationship(
        name: RelationshipName(table: source, name: name), foreignKey: key, target: target,
        targetKey: "Id")
    }
    return Catalog(
      workspace: "Shop",
      tables: [
        table("Customer", "Id", "StoreId", "Points"),
        table("Order", "Id", "CustomerId", "Total", "Day"),
        table("Line", "Id", "OrderId", "ProductId"), table("Product", "Id", "Price"),
        table("Store", "Id", "Size"),
      ],
      relationships: [
        relationship("Order", "CustomerId", "Customer", "Customer"),
        relationship("Line", "OrderId", "Order", "Order"),
        relationship("Line", "ProductId", "Product", "Product"),
        relationship("Customer", "StoreId", "Store", "Store"),
      ],
      audiences: [Audience(name: "Customer", table: "Customer", key: "Id")])
  }()

  private func problems(_ definition: String, in catalog: Catalog = catalog) throws -> [Diagnostic]
  {
    let definition = try SegmentDefinition(
      decoding: Document.parse(definition)[0], defaultName: "s")
    let asOf = try #require(Instant("2024-03-31T12:00:00Z"))
    do {
      return try Planner(PlanContext(catalog: catalog, asOf: asOf)).plan(definition).warnings
    } catch let diagnostics as Diagnostics {
      return diagnostics.all
    }
  }

  private func problem(_ definition: String) throws -> Diagnostic {
    let problems = try problems(definition)
    #expect(problems.count == 1, "\(problems)")
    return try #require(problems.first)
  }

  @Test func `a near attribute is proposed`() throws {
    let problem = try problem("{rules: [{match: {attribute: Customer.Pionts, is: empty}}]}")
    #expect(problem.hint == "Did you mean 'Points'?")
  }

  @Test func `an attribute far from any is answered with all there are`() throws {
    let problem = try problem("{rules: [{match: {attribute: Customer.Shoe, is: empty}}]}")
    #expect(problem.message == "The table 'Customer' has no attribute 'Shoe'.")
    #expect(problem.hint == "It has 'Id', 'StoreId', 'Points'.")
  }

  @Test func `an attribute without its table is found on the path`() throws {
    let total = try problem("{rules: [{from: Order, match: {attribute: Total, is: empty}}]}")
    #expect(total.code == "invalidReference" && total.hint == "Did you mean 'Order.Total'?")
    // The place that is nearest to the profile.
    let id = try problem("{rules: [{from: Order, match: {attribute: Id, is: empty}}]}")
    #expect(id.hint == "Did you mean 'Customer.Id'?")
    let nothing = try problem("{rules: [{from: Order, match: {attribute: Shoe, is: empty}}]}")
    #expect(nothing.message == "'Shoe' names no attribute; expected is Table.Attribute.")
    #expect(nothing.hint == nil)
  }

  @Test func `lookups that are not there`() throws {
    func lookup(_ name: String, _ from: String = "Customer") throws -> Diagnostic {
      try problem("{rules: [{from: Line, match: {attribute: \(from).\(name).Id, is: empty}}]}")
    }
    #expect(try lookup("Stor").hint == "Did you mean 'Store'?")
    #expect(try lookup("Country").hint == "It has 'Store'.")
    #expect(try lookup("Shop", "Line").hint == "It has 'Order', 'Product'.")
    let nothing = try problem("{rules: [{match: {attribute: Customer.Store.City.Id, is: empty}}]}")
    #expect(nothing.message == "The table 'Store' has no relationship 'City' to look up.")
    #expect(nothing.hint == nil)
    let many = try lookup("Order")
    #expect(many.code == "lookupNotManyToOne")
    #expect(many.hint == "Use a path or a has condition that starts at 'Order'.")
  }

  @Test func `relationships that are not there`() throws {
    func step(_ step: String) throws -> Diagnostic { try problem("{rules: [{path: [\(step)]}]}") }
    #expect(try step("Order.Customr").hint == "Did you mean 'Order.Customer'?")
    #expect(try step("Order.Buyer").hint == "'Order' has Order.Customer.")
    #expect(try step("Line.Warehouse").hint == "'Line' has Line.Order, Line.Product.")
    #expect(try step("Store.Customer").hint == nil)
    let unknown = try step("Ordr.Customer")
    #expect(unknown.code == "unknownTable" && unknown.hint == "Did you mean 'Order'?")
  }

  @Test func `a step that has to be turned`() throws {
    let problem = try problem("{rules: [{path: [Line.Order, ~Order.Customer]}]}")
    #expect(
      problem.message == "The path has reached 'Order', but ~Order.Customer starts at 'Customer'.")
    #expect(problem.hint == "To walk it the other way, write Order.Customer.")
    let other = try self.problem("{rules: [{path: [Line.Order, Customer.Store]}]}")
    #expect(
      other.message == "The path has reached 'Order', but Customer.Store starts at 'Customer'.")
    #expect(other.hint == nil)
  }

  @Test func `a path that was written from the profile outward`() throws {
    let problem = try problem("{rules: [{path: [~Order.Customer, ~Line.Order]}]}")
    #expect(problem.message == "The path ends at 'Line', not at the profile table 'Customer'.")
    #expect(
      problem.hint
        == "Paths start at the far table and end at the profile table: [Line.Order, Order.Customer]."
    )
    let short = try self.problem("{rules: [{path: [Line.Order]}]}")
    #expect(short.message == "The path ends at 'Order', not at the profile table 'Customer'.")
    #expect(short.hint == nil)
  }

  @Test func `no steps are the profile itself`() throws {
    let resolver = PathResolver(catalog: Self.catalog, audience: Self.catalog.audiences[0])
    let reader = DocumentReader()
    #expect(resolver.resolve(.steps([]), at: "", reader: reader) == resolver.profilePath)
    #expect(reader.diagnostics.isEmpty)
  }

  @Test func `paths that are equally short are all named`() throws {
    var catalog = Self.catalog
    catalog.relationships.append(
      Relationship(
        name: RelationshipName(table: "Order", name: "Payer"), foreignKey: "Id", target: "Customer",
        targetKey: "Id"))
    let problem = try #require(try problems("{rules: [{from: Line}]}", in: catalog).first)
    #expect(problem.code == "ambiguousPath")
    #expect(
      problem.message
        == "There are 2 equally short paths from 'Line' to 'Customer': path: [Line.Order, Order.Customer]; path: [Line.Order, Order.Payer]."
    )
  }

  @Test func `a table that may be reached is said to be off the path`() throws {
    let problem = try problem("{rules: [{match: {attribute: Order.Total, is: empty}}]}")
    #expect(problem.message == "The table 'Order' is not on the path; on it are 'Customer'.")
  }

  @Test func `wrong values say what was found`() throws {
    func message(_ match: String) throws -> String {
      try problem("{rules: [{match: \(match)}]}").message
    }
    #expect(
      try message("{attribute: Customer.Points, is: equalTo, value: [1, 2]}")
        == "Expected is a number, not a list.")
    #expect(
      try message("{attribute: Customer.Points, is: equalTo, value: {of: 2, bucket: 1}}")
        == "Expected is a number, not a mapping.")
    #expect(
      try message("{attribute: Customer.Points, is: anyOf, value: {of: 2, bucket: 1}}")
        == "Expected is a list of values, not a mapping.")
  }

  @Test func `keys and days in quotes where they are missing`() throws {
    #expect(
      try problem("{rules: [{from: Order, match: {attribute: Order.Day, is: on, value: 2024}}]}")
        .hint
        == "Write the value in quotes to make it a text.")
    #expect(try problem("{keys: [\"1\"]}").hint == nil)
    #expect(
      try problem("{keys: [\"1\"]}").message
        == "The keys of 'Customer' are of type integer; this one is not.")
    var catalog = Self.catalog
    catalog.tables[0].attributes[0].type = .text
    #expect(try problems("{keys: [1]}", in: catalog).map(\.hint) == ["Write the key in quotes."])
  }

  @Test func `an aggregate says what it takes`() throws {
    func message(_ function: String, _ attribute: String) throws -> String {
      var catalog = Self.catalog
      catalog.tables[1].attributes[2].type = .boolean
      let rule = "{from: Order, quantifier: {aggregate: \(function), of: \(attribute), is: empty}}"
      return try #require(try problems("{rules: [\(rule)]}", in: catalog).first).message
    }
    #expect(try message("sum", "Order.Day") == "'sum' needs a number; 'Day' is a date.")
    #expect(
      try message("average", "Order.Total") == "'average' needs a number; 'Total' is a boolean.")
    #expect(
      try message("maximum", "Order.Total")
        == "'maximum' needs a number or a date; 'Total' is a boolean.")
  }

  @Test func `a range cannot be one attribute`() throws {
    let value = "{attribute: Customer.StoreId}"
    #expect(
      try problem(
        "{rules: [{match: {attribute: Customer.Points, is: between, value: \(value)}}]}"
      ).message == "Expected is a list of two values, [low, high], not an attribute.")
  }

  @Test func `a condition that always holds leaves no other of its alternatives`() throws {
    let definition = try SegmentDefinition.decodeAll(
      """
      segment: s
      rules:
        - match:
            any:
              - {attribute: Customer.Points, isNot: equalTo, value: 1.5}
              - {attribute: Customer.StoreId, is: empty}
      """)[0]
    let asOf = try #require(Instant("2024-03-31T12:00:00Z"))
    let plan = try Planner(PlanContext(catalog: Self.catalog, asOf: asOf)).plan(definition)
    #expect(plan.leaves == [.profile(audience: "Customer", table: "Customer", .always(true))])
  }

  @Test func `without data, what is not declared is not known`() throws {
    var catalog = Self.catalog
    catalog.tables[0] = Table(
      name: "Customer", key: ["Id"], attributes: [Attribute(name: "Points", type: .integer)],
      isPartial: true)
    func hint(_ definition: String) throws -> String {
      let found = try problems(definition, in: catalog)
      #expect(found.map(\.code) == ["undeclaredAttribute"], "\(definition)")
      return found.first?.hint ?? ""
    }
    #expect(
      try hint("{rules: [{match: {attribute: Customer.Pionts, is: empty}}]}")
        == "Did you mean 'Points'?")
    for rest in [
      "rules: [{match: {attribute: Customer.Shoe, is: empty}}]", "keys: [1]",
      "rules: [{match: {is: inRandomSplit, value: {of: 2, bucket: 0}}}]",
      "rules: [{match: {is: childOf, value: 7}}]",
    ] {
      #expect(try hint("{\(rest)}").hasPrefix("Declare it, or run 'muster catalog --lock'"))
    }
  }

  @Test func `a count that is never a fraction is so without rows, too`() throws {
    let definition = try SegmentDefinition.decodeAll(
      """
      segment: s
      rules: [{from: Order, quantifier: {aggregate: count, isNot: equalTo, value: 1.5}}]
      """)[0]
    let asOf = try #require(Instant("2024-03-31T12:00:00Z"))
    let plan = try Planner(PlanContext(catalog: Self.catalog, asOf: asOf)).plan(definition)
    guard case .rules(let items) = plan.content, case .rule(.has(let planned)) = items[0].content,
      case .aggregate(let aggregate) = planned.has.quantifier
    else {
      Issue.record("\(plan)")
      return
    }
    // Everybody, less those whose count is a fraction.
    #expect(planned.complemented && aggregate.test == .always(false))
  }

  @Test func `a circle is named beside a segment that is not there`() throws {
    func facts(_ references: String...) -> SegmentFacts {
      SegmentFacts(audience: "Customer", references: references, isAvailable: true)
    }
    let definition = try SegmentDefinition.decodeAll(
      """
      segment: a
      rules: [{match: {all: [{is: memberOf, value: gone}, {is: memberOf, value: b}]}}]
      """)[0]
    let asOf = try #require(Instant("2024-03-31T12:00:00Z"))
    let context = PlanContext(
      catalog: Self.catalog, asOf: asOf, segments: ["a": facts("gone", "b"), "b": facts("a")])
    let error = #expect(throws: Diagnostics.self) { try Planner(context).plan(definition) }
    #expect(error?.all.map(\.code) == ["unknownSegment", "referenceCycle"])
  }
}
