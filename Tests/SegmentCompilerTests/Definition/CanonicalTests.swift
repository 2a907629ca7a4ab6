import SegmentCompiler
import Testing

/// Definitions as they are saved.
@Suite struct CanonicalTests {
  private static let catalog = Catalog(
    workspace: "Shop",
    tables: ["Customer", "Order", "Store"].map { Table(name: $0, key: ["Id"], attributes: []) },
    relationships: [
      Relationship(
        name: RelationshipName(table: "Order", name: "Buyer"), foreignKey: "CustomerId",
        target: "Customer", targetKey: "Id")
    ],
    audiences: [Audience(name: "Shopper", table: "Customer", key: "Id")])

  private func canonical(_ yaml: String, in catalog: Catalog = catalog) throws -> SegmentDefinition
  {
    try SegmentDefinition(decoding: Document.parse(yaml)[0], defaultName: "s")
      .canonical(in: catalog)
  }

  @Test func `paths are named wherever they stand`() throws {
    let saved = try canonical(
      """
      rules:
        - {from: Order}
        - combine: union
          group:
            - {match: {any: [{has: {from: Order}}, {has: {from: Customer, match: {all: [{is: memberOf, value: vip}]}}}]}}
      """)
    #expect(saved.audience == "Shopper")
    #expect(
      saved.json
        == #"{"segment":"s","audience":"Shopper","rules":[{"path":["Order.Buyer"]},{"combine":"union","group":[{"match":{"any":[{"has":{"path":["Order.Buyer"]}},{"has":{"match":{"all":[{"is":"memberOf","value":"vip"}]}}}]}}]}]}"#
    )
  }

  @Test func `a path that leads nowhere is a problem of its place`() {
    let error = #expect(throws: Diagnostics.self) {
      try canonical("rules: [{match: {all: [{has: {from: Store}}]}}]")
    }
    #expect(error?.all.map(\.code) == ["noPath"])
  }

  @Test func `keys stand once, in one spelling`() throws {
    #expect(
      try canonical("keys: [7, 1, 7, -0, 0]").content
        == .keys([.number("7"), .number("1"), .number("0")]))
    #expect(
      try canonical("keys: [a, \"a\", \"7\"]").content == .keys([.text("a"), .text("7")]))
    #expect(ProfileKey(Scalar.number("1.5")) == nil)
    #expect(ProfileKey(Scalar.boolean(true)) == nil)
    #expect(ProfileKey(Scalar.text("7")) == .text(Text("7")))
  }

  @Test func `a file of keys keeps its column`() throws {
    let yaml = "{audience: Shopper, keysFile: {path: vip.csv, column: Id}}"
    let saved = try canonical(yaml)
    #expect(saved.content == .keysFile(KeysFile(path: "vip.csv", column: "Id")))
    #expect(try canonical(saved.yaml) == saved)
  }

  @Test func `whose segment it is has to be known`() throws {
    var catalog = Self.catalog
    catalog.audiences.append(Audience(name: "Order", table: "Order", key: "Id"))
    for yaml in ["rules: [{from: Order}]", "{audience: Nobody, rules: [{from: Order}]}"] {
      let definition = try SegmentDefinition(decoding: Document.parse(yaml)[0], defaultName: "s")
      #expect(try definition.canonical(in: catalog) == definition)
    }
    #expect(try canonical("{audience: Order, keys: [1]}", in: catalog).audience == "Order")
  }

  @Test func `another name takes the place of one that is referred to, and of no other`() throws {
    let definition = try SegmentDefinition.decodeAll(
      """
      segment: s
      rules:
        - match: {any: [{is: memberOf, value: old}, {is: memberOf, value: other}]}
        - combine: except
          group: [{match: {isNot: memberOf, value: old}}, {combine: union, match: {has: {from: Order, where: {row: Customer, is: memberOf, value: old}}}}]
      """)[0]
    #expect(definition.references == ["old", "other"])
    let renamed = definition.referring(to: "new", insteadOf: "old")
    #expect(renamed.references == ["new", "other"])
    #expect(renamed.referring(to: "old", insteadOf: "new") == definition)
    #expect(definition.referring(to: "x", insteadOf: "nobody") == definition)
  }
}
