import SegmentCompiler
import Testing

/// What a plan reads, and what a preview shows of it unless the definition says otherwise.
@Suite struct UsedAttributesTests {
  private static let catalog: Catalog = {
    func table(_ name: String, _ attributes: String...) -> Table {
      Table(
        name: name, key: ["Id"],
        attributes: attributes.map { Attribute(name: $0, type: .integer) })
    }
    return Catalog(
      workspace: "Shop",
      tables: [
        table("Customer", "Id", "StoreId", "ParentId"),
        Table(
          name: "Order", key: ["Id"],
          attributes: ["Id", "CustomerId", "Total"].map { Attribute(name: $0, type: .integer) }
            + [Attribute(name: "Day", type: .date)]),
        table("Store", "Id", "Size"), table("Unread", "Id"),
      ],
      relationships: [
        Relationship(
          name: RelationshipName(table: "Order", name: "Customer"), foreignKey: "CustomerId",
          target: "Customer", targetKey: "Id"),
        Relationship(
          name: RelationshipName(table: "Customer", name: "Store"), foreignKey: "StoreId",
          target: "Store", targetKey: "Id"),
        Relationship(
          name: RelationshipName(table: "Customer", name: "Parent"), foreignKey: "ParentId",
          target: "Customer", targetKey: "Id"),
      ],
      audiences: [
        Audience(
          name: "Customer", table: "Customer", key: "Id",
          hierarchy: RelationshipName(table: "Customer", name: "Parent"))
      ])
  }()

  @Test(arguments: [
    ("match: {attribute: Customer.Id, is: equalTo, value: 1}", ["Customer"]),
    ("match: {attribute: Customer.Store.Size, is: empty}", ["Customer", "Store"]),
    ("match: {is: childOf, value: 1}", ["Customer"]),
    ("from: Order", ["Customer", "Order"]),
    (
      "from: Order, quantifier: {first: Order.Day}, match: {attribute: Order.Total, is: empty}",
      ["Customer", "Order"]
    ),
    (
      "from: Order, quantifier: {aggregate: sum, of: Customer.Store.Size, is: greaterThan, value: 1}",
      ["Customer", "Order", "Store"]
    ),
    (
      "from: Order, quantifier: {aggregate: count, is: greaterThan, value: 1}",
      ["Customer", "Order"]
    ),
  ])
  func `a plan names the tables that it reads`(rule: String, tables: [String]) throws {
    let definition = try SegmentDefinition.decodeAll("{segment: s, rules: [{\(rule)}]}")[0]
    let asOf = try #require(Instant("2024-03-31T12:00:00Z"))
    let plan = try Planner(PlanContext(catalog: Self.catalog, asOf: asOf)).plan(definition)
    #expect(plan.tables.sorted() == tables)
  }

  @Test func `each attribute is named once, by the way to it, without the key`() throws {
    let definition = try SegmentDefinition.decodeAll(
      """
      segment: s
      rules:
        - match:
            all:
              - {attribute: Customer.Store.Size, is: greaterThan, value: 5}
              - {attribute: Customer.Id, is: greaterThan, value: 1}
        - combine: union
          from: Order
          match:
            all:
              - {attribute: Order.Total, is: greaterThan, value: {attribute: Customer.Store.Size}}
              - {attribute: Order.Total, isNot: empty}
              - {attribute: Order.Id, isNot: empty}
      """)[0]
    let asOf = try #require(Instant("2024-03-31T12:00:00Z"))
    let plan = try Planner(PlanContext(catalog: Self.catalog, asOf: asOf)).plan(definition)
    #expect(
      plan.usedAttributes.map(\.description) == ["Customer.Store.Size", "Order.Total", "Order.Id"])
  }
}
