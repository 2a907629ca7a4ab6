import SegmentCompiler
import Testing

/// The types of attributes where there is no data.
@Suite struct CatalogLockTests {
  private static let yaml = """
    workspace: Shop
    tables:
      Customer:
        files: c.csv
        key: Id
        attributes: {Income: "decimal(12,2)", Points: number}
        calculated: {Double: Points * 2, Rest: Income - Spent}
      Order: {files: o.csv, key: Nr}
      Shopper: {derivedFrom: Order.Who, key: Who}
    relationships: [Order.CustomerId -> Customer.Id]
    audiences: {Customer: {table: Customer}, Shopper: {table: Shopper}}
    """

  private static let lock = CatalogLock(tables: [
    "Customer": [
      Attribute(name: "Id", type: .integer), Attribute(name: "Income", type: .integer),
      Attribute(name: "Points", type: .integer), Attribute(name: "Spent", type: .double),
      Attribute(name: "odd: name", type: .text),
    ],
    "Order": [
      Attribute(name: "Nr", type: .integer), Attribute(name: "CustomerId", type: .integer),
      Attribute(name: "Who", type: .text), Attribute(name: "At", type: .datetime),
    ],
  ])

  @Test func `a lock file is read as it was written`() throws {
    let workspace = try WorkspaceDefinition(yaml: Self.yaml)
    let text = Self.lock.yaml(in: workspace)
    #expect(try CatalogLock(yaml: text) == Self.lock)
    #expect(text.hasPrefix("# The attributes of each table"))
    #expect(text.contains("  Order:\n    Nr: integer\n    CustomerId: integer\n"))
  }

  @Test func `with the lock file everything is known, and declared types go first`() throws {
    let catalog = try WorkspaceDefinition(yaml: Self.yaml).catalog(lock: Self.lock)
    let customer = try #require(catalog.table("Customer"))
    #expect(customer.attribute("Income")?.type == .decimal(precision: 12, scale: 2))
    #expect(customer.attribute("Double")?.type.isNumber == true)
    #expect(customer.attribute("Rest") != nil)
    #expect(catalog.table("Shopper")?.attribute("Who")?.type == .text)
    #expect(catalog.tables.allSatisfy { !$0.isPartial })
  }

  @Test func `without it only what is declared is known`() throws {
    let catalog = try WorkspaceDefinition(yaml: Self.yaml).catalog(lock: nil)
    let customer = try #require(catalog.table("Customer"))
    #expect(customer.attributes.map(\.name) == ["Income", "Points", "Double"])
    #expect(catalog.tables.allSatisfy { $0.isPartial })
    #expect(catalog.relationships.count == 1)
  }

  @Test func `a derived table takes the type of a calculated attribute where that is known`() throws
  {
    let yaml = """
      workspace: Shop
      tables:
        Customer:
          files: c.csv
          attributes: {Points: integer}
          calculated: {Twice: Points * 2, Rest: Income - Spent}
        Level: {derivedFrom: Customer.Twice, key: Level}
      """
    let catalog = try WorkspaceDefinition(yaml: yaml).catalog(lock: nil)
    #expect(catalog.table("Customer")?.attributes.map(\.name) == ["Points", "Twice"])
    #expect(catalog.table("Level")?.attribute("Level")?.type.isNumber == true)
  }

  @Test func `numbers of a kind that only the data says may be keys of each other`() throws {
    func problems(_ customer: String, _ order: String) -> [String] {
      do {
        _ = try WorkspaceDefinition(
          yaml: """
            workspace: W
            tables:
              Customer: {files: c.csv, attributes: {Id: \(customer)}}
              Order: {files: o.csv, attributes: {Customer: \(order)}}
            relationships: [Order.Customer -> Customer.Id]
            """
        ).catalog(lock: nil)
        return []
      } catch let diagnostics as Diagnostics {
        return diagnostics.all.map(\.code)
      } catch {
        return ["\(error)"]
      }
    }
    #expect(problems("integer", "number").isEmpty)
    #expect(problems("integer", "text") == ["keyTypes"])
    #expect(problems("text", "number") == ["keyTypes"])
  }

  @Test func `a mistake in a calculation is found without data`() throws {
    let yaml = Self.yaml.replacing("Points * 2", with: "Points * ")
    #expect(throws: Diagnostics.self) { try WorkspaceDefinition(yaml: yaml).catalog(lock: nil) }
  }

  @Test func `disagreements are named, both ways`() throws {
    var other = Self.lock
    other.tables["Order"] = nil
    other.tables["Customer"]?[0].type = .text
    other.tables["Customer"]?.removeLast()
    let messages = Self.lock.differences(from: other).map(\.message)
    #expect(
      messages == [
        "Customer.Id is text in the loaded data, and integer here.",
        "Customer.odd: name is here, but not in the loaded data.",
        "The table 'Order' is here, but not in the loaded data.",
      ])
    #expect(
      other.differences(from: Self.lock).map(\.message) == [
        "Customer.Id is integer in the loaded data, and text here.",
        "Customer.odd: name is in the loaded data, but not here.",
        "The table 'Order' is in the loaded data, but not here.",
      ])
    #expect(Self.lock.differences(from: Self.lock).isEmpty)
    #expect(
      Self.lock.differences(from: try WorkspaceDefinition(yaml: Self.yaml)).map(\.message)
        == ["Customer.Income is decimal(12,2) in the workspace file, and integer here."])
  }

  @Test(arguments: [
    "version: 2\ntables: {}", "tables: {}", "version: 1\ntables: [a]",
    "version: 1\ntables: {A: {b: colour}}", "version: 1\nwhat: 2", "",
    "version: 1\ntables: {A: {b: 7}}", "version: 1\ntables: {A: [b]}",
  ])
  func `what is no lock file is refused`(_ yaml: String) {
    #expect(throws: Diagnostics.self) { try CatalogLock(yaml: yaml) }
  }
}
