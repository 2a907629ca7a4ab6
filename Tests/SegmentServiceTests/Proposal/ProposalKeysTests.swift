import SegmentCompiler
import Testing

@testable import SegmentService

/// Primary keys, relationships and audiences.
@Suite struct ProposalKeysTests {
  private func csv(_ header: String, _ rows: Int, _ row: (Int) -> String) -> String {
    ([header] + (1...rows).map(row)).joined(separator: "\n") + "\n"
  }

  // MARK: - Keys

  @Test func `a key is what its name says, not what happens to be unique`() async throws {
    let folder = try await ProposedFolder([
      "purchases.csv": csv("ProductId,PurchaseId,Amount,Note", 30) {
        "P\($0),B\($0),\($0).25,note \($0)"
      },
      "orders.csv": csv("At,Total,order_id", 30) { "2024-01-\(10 + $0 % 20),\($0).5,\($0)" },
      "countries.csv": csv("Name,CountryCode", 30) { "Land \($0),C\($0)" },
      "lines.csv": csv("OrderNo,Pos,Quantity", 30) { "\($0 / 3),\($0 % 3),\($0)" },
      "ratings.csv": csv("stars,weight", 30) { "\($0 % 5),\(Double($0) / 7)" },
    ])
    #expect(try folder.key("purchases") == ["PurchaseId"])
    #expect(try folder.key("orders") == ["order_id"])
    #expect(try folder.key("countries") == ["CountryCode"])
    #expect(try folder.key("lines") == ["OrderNo", "Pos"])
    #expect(try folder.key("ratings") == [])
    #expect(folder.proposal.yaml.contains("# no key: no column is unique"))
    try await folder.load()
  }

  @Test func `a key that is not quite unique is named with its count`() async throws {
    let folder = try await ProposedFolder([
      "customers.csv": csv("CustomerId,City", 50) { "\($0 == 50 ? 49 : $0),Oslo" },
      "exact.csv": csv("a,b", 10) { "\($0 % 4),x" },
    ])
    #expect(try folder.key("customers") == [])
    #expect(
      folder.traps(.nearlyUnique) == [
        "customers.CustomerId: would be the key, but 1 row repeat one of another row"
      ])
    #expect(
      folder.proposal.tables.last?.keyReason.contains("6 rows are exact copies of others") ?? false)
    try await folder.load()
  }

  @Test func `a row number without a name can be loaded, and is no name`() async throws {
    let folder = try await ProposedFolder([
      "t.csv": csv(",age,job", 20) { "\($0 - 1),\(20 + $0 % 5),x" }
    ])
    #expect(try folder.table("t").ignore == [""])
    #expect(try folder.key("t") == [])
    try await folder.load()
  }

  @Test func `a linking table has all its foreign keys as its key`() async throws {
    let folder = try await ProposedFolder([
      "employees.csv": csv("EmployeeId,Name", 9) { "\($0),E\($0)" },
      "territories.csv": csv("TerritoryId,Name", 40) { "\(10_000 + $0 * 7),T\($0)" },
      "employee_territories.csv": csv("EmployeeId,TerritoryId,last_update", 35) {
        "\($0 % 9 + 1),\(10_000 + $0 * 7),2024-01-01 10:00"
      },
    ])
    #expect(try folder.key("employee_territories") == ["EmployeeId", "TerritoryId"])
    #expect(folder.relationships.count == 2)
    #expect(
      folder.proposal.yaml.contains("TerritoryId alone is unique in all 35 rows, perhaps by chance")
    )
    try await folder.load()
  }

  // MARK: - Relationships

  @Test func `relationships are found by names and values, with their evidence`() async throws {
    let folder = try await ProposedFolder([
      "customers.csv": csv("id,name,parent_id", 50) {
        "\($0),C\($0),\($0 > 10 ? String($0 % 10 + 1) : "")"
      },
      "employees.csv": csv("EmployeeId,ReportsTo", 8) { "\($0),\($0 > 1 ? "1" : "")" },
      "addresses.csv": csv("AddressId,Street", 60) { "\($0),S\($0)" },
      "orders.csv": csv(
        "order_id,customer_id,bill_to_address_id,ship_to_address_id,support_rep_id,quantity,rating",
        200
      ) {
        "\(1000 + $0),\($0 <= 10 ? 900 + $0 : $0 % 50 + 1),\($0 % 60 + 1),\($0 % 30 + 1),\($0 % 3 + 3),\($0 % 8 + 1),\($0 % 5 + 1)"
      },
    ])
    #expect(
      Set(folder.relationships) == [
        "customers.parent_id -> customers.id", "employees.ReportsTo -> employees.EmployeeId",
        "orders.customer_id -> customers.id", "orders.bill_to_address_id -> addresses.AddressId",
        "orders.ship_to_address_id -> addresses.AddressId",
        "orders.support_rep_id -> employees.EmployeeId",
      ])
    let buyer = try folder.relationship("orders", "customer_id")
    #expect(buyer.evidence.orphans == 10)
    #expect(buyer.evidence.summary == "95.0 % of 200 rows match, 10 orphans (10 values)")
    let names = folder.proposal.definition.relationships.map(\.name.name)
    #expect(names.contains("bill_to_address") && names.contains("ship_to_address"))
    #expect(folder.proposal.yaml.contains("orders.customer_id -> customers.id"))
    #expect(folder.audiences == ["Customer: customers, consumer"])
    #expect(folder.proposal.definition.audiences[0].hierarchy?.name == "parent")
    try await folder.load()
  }

  @Test func `small numbers that any id contains make no relationship`() async throws {
    let folder = try await ProposedFolder([
      "products.csv": csv("product_id,stock,level,group_id", 80) {
        "\($0),\($0 % 40),\($0 % 3 + 1),\($0 % 9 + 1)"
      },
      "stores.csv": csv("store_id,rooms", 80) { "\($0),\($0 % 12 + 1)" },
      "visits.csv": csv("visit_id,visit_number,persons,flag,rental_duration", 300) {
        "\($0),\($0 % 28 + 1),\($0 % 6 + 1),\($0 % 2),\($0 % 7 + 1)"
      },
      "rentals.csv": csv("rental_id,amount", 80) { "\($0),\($0)" },
    ])
    #expect(folder.relationships == [])
    #expect(folder.proposal.yaml.contains("# No table was recognised as one of persons"))
    try await folder.load()
  }

  @Test func `customers are an audience by their name alone`() async throws {
    let folder = try await ProposedFolder([
      "customers.csv": csv("CustomerID,Name", 60) { "0000\($0 + 1),N\($0)" },
      "sales.csv": csv("SaleID,CustomerID", 80) { "\($0),\($0 % 60 + 1).0" },
    ])
    #expect(folder.audiences == ["Customer: customers, consumer"])
    try await folder.load()
  }

  @Test func `a table that might be an audience and is none is named with the reason`() async throws
  {
    let folder = try await ProposedFolder([
      "leads.csv": csv("LeadID,Score", 60) { "L\($0),\($0)" },
      "rooms.csv": csv("RoomID,Beds", 60) { "R\($0),\($0 % 3)" },
    ])
    #expect(folder.audiences == [])
    #expect(
      folder.proposal.yaml.contains(
        "#   leads: no table leads to it, and it has no personal columns"),
      "\(folder.proposal.yaml)")
    try await folder.load()
  }

  @Test func `distinctive values need no name`() async throws {
    let folder = try await ProposedFolder([
      "contacts.csv": csv("ContactId,Email", 60) { "CNT-\($0),a\($0)@x.no" },
      "reviews.csv": csv("ReviewId,AuthorId", 100) { "R\($0),CNT-\($0 % 60 + 1)" },
      "purchases.csv": csv("PurchaseId,ProductId", 100) { "B\($0),PR\($0)" },
      "wishes.csv": csv("WishId,ProductId", 100) { "W\($0),PR\($0 % 40 + 1)" },
    ])
    // Products have no table: that the ids of purchases are unique too makes them no products.
    #expect(folder.relationships == ["reviews.AuthorId -> contacts.ContactId"])
    #expect(folder.audiences == ["Contact: contacts, consumer"])
    try await folder.load()
  }

  @Test func `tables that share a key go to the nearest one`() async throws {
    let folder = try await ProposedFolder([
      "Person.csv": csv("EntityID,FirstName,LastName,City", 90) { "\($0),F,L,C" },
      "PersonPhone.csv": csv("EntityID,Phone", 90) { "\($0),+47 \($0)" },
      "Employee.csv": csv("EntityID,Job", 30) { "\($0),J" },
      "SalesPerson.csv": csv("EntityID,Quota", 10) { "\($0 + 10),5" },
      "Store.csv": csv("EntityID,Name", 20) { "\($0 + 500),S\($0)" },
      "Visit.csv": csv("VisitID,PersonID,EntityID", 60) {
        "V\($0),\($0 % 90 + 1),\($0 % 20 + 501)"
      },
    ])
    #expect(
      Set(folder.relationships) == [
        "PersonPhone.EntityID -> Person.EntityID", "Employee.EntityID -> Person.EntityID",
        "SalesPerson.EntityID -> Employee.EntityID", "Visit.PersonID -> Person.EntityID",
        "Visit.EntityID -> Store.EntityID",
      ])
    #expect(try folder.relationship("Employee", "EntityID").relationship.kind == .oneToOne)
    #expect(try folder.relationship("Visit", "PersonID").relationship.kind == .manyToOne)
    try await folder.load()
  }

  // MARK: - Types of keys

  @Test func `keys written with a point match whole numbers`() async throws {
    let folder = try await ProposedFolder([
      "customers.csv": csv("CustomerID,Email", 40) { "\(17_000 + $0 * 3),a\($0)@x.no" },
      "lines.csv": csv("LineNo,CustomerID", 100) {
        "\($0),\($0 % 5 == 0 ? "" : "\(17_000 + ($0 % 40 + 1) * 3).0")"
      },
    ])
    #expect(try folder.declared("lines", "CustomerID") == "integer")
    #expect(folder.traps(.decimalKey).count == 1)
    #expect(folder.relationships == ["lines.CustomerID -> customers.CustomerID"])
    #expect(try folder.relationship("lines", "CustomerID").evidence.missing == 20)
    try await folder.load()
  }

  @Test func `leading zeros of keys stay, those of foreign keys to plain numbers go`() async throws
  {
    let padded = { (number: Int) in
      String(repeating: "0", count: 5 - String(number).count) + "\(number)"
    }
    let folder = try await ProposedFolder([
      "members.csv": csv("MemberId,Email", 30) { "\(padded($0)),a\($0)@x.no" },
      "visits.csv": csv("VisitId,MemberId", 50) { "V\($0),\(padded($0 % 30 + 1))" },
      "points.csv": csv("PointsId,MemberId", 50) { "P\($0),\($0 % 30 + 1)" },
      "shops.csv": csv("ShopId,City", 30) { "\($0 + 100),Oslo" },
      "sales.csv": csv("SaleId,ShopId", 50) { "S\($0),00\($0 % 30 + 101)" },
    ])
    #expect(
      folder.relationships == [
        "sales.ShopId -> shops.ShopId", "visits.MemberId -> members.MemberId",
      ])
    #expect(try folder.declared("sales", "ShopId") == "integer")
    #expect(
      folder.traps(.unmatched) == [
        "points.MemberId: matches members.MemberId in 100 % of rows, but only as numbers: there the keys have leading zeros"
      ])
    let loaded = try await folder.load()
    #expect(try loaded.types("members")["MemberId"] == "text")
    #expect(try await loaded.rows("SELECT min(MemberId) FROM members") == [["00001"]])
  }

  @Test func `a foreign key that holds only numbers is text like its key`() async throws {
    let folder = try await ProposedFolder([
      "invoices.csv": csv("InvoiceNo,Total", 40) { "\($0 > 35 ? "C" : "")\(5000 + $0),1" },
      "payments.csv": csv("PaymentId,InvoiceNo", 40) { "P\($0),\(5000 + $0 % 30 + 1)" },
    ])
    #expect(folder.relationships == ["payments.InvoiceNo -> invoices.InvoiceNo"])
    #expect(try folder.declared("payments", "InvoiceNo") == "text")
    try await folder.load()
  }

  @Test func `keys that match only without blanks are named`() async throws {
    let folder = try await ProposedFolder([
      "customers.csv": csv("CustomerId,City", 30) { "ABC\($0),Oslo" },
      "orders.csv": csv("OrderId,CustomerId", 40) { "\($0),\"abc\($0 % 30 + 1) \"" },
      "returns.csv": csv("ReturnId,OrderId", 40) { "\($0),\($0 + 20_000)" },
    ])
    #expect(folder.relationships == [])
    let traps = folder.traps(.unmatched)
    #expect(
      traps.contains {
        $0.hasPrefix(
          "orders.CustomerId: matches customers.CustomerId in 100 % of rows, but only without blanks"
        )
      })
    #expect(
      traps.contains(
        "returns.OrderId: by its name refers to orders.OrderId, but only 0 of 40 rows match"))
    try await folder.load()
  }

  // MARK: - Audiences

  @Test func `customers that are only named in transactions get a table`() async throws {
    let folder = try await ProposedFolder([
      "transactions.csv": csv("CustomerID,Amount,At", 100) {
        "\($0 % 20 == 0 ? "" : "\($0 % 17 + 1).0"),\($0).5,2024-01-01 10:0\($0 % 10)"
      },
      "calls.csv": csv("CallId,customer_id", 20) { "K\($0),\($0 % 17 + 1).0" },
    ])
    let derived = try folder.table("Customer")
    #expect(derived.origin == .derived(table: "transactions", attribute: "CustomerID"))
    #expect(derived.key == ["CustomerID"])
    #expect(
      Set(folder.relationships) == [
        "transactions.CustomerID -> Customer.CustomerID",
        "calls.customer_id -> Customer.CustomerID",
      ])
    #expect(folder.audiences == ["Customer: Customer, consumer"])
    #expect(try await folder.load().types("Customer")["CustomerID"] == "integer")
  }

  @Test func `companies are accounts, and people of companies contacts`() async throws {
    let folder = try await ProposedFolder([
      "accounts.csv": csv("account_no,name,parent_account_no", 60) {
        "ACC-\($0),Firm \($0),\($0 > 9 ? "ACC-\($0 % 9 + 1)" : "")"
      },
      "contacts.csv": csv("id,acct,first_name,email", 80) {
        "\($0),ACC-\($0 % 60 + 1),F,a\($0)@x.no"
      },
      "deals.csv": csv("deal_id,contact,owner", 90) { "D\($0),\($0 % 80 + 1),\($0 % 5 + 1)" },
      "users.csv": csv("user_id,name,manager_id", 5) { "\($0),U,\($0 > 1 ? "1" : "")" },
    ])
    #expect(folder.audiences == ["Account: accounts, account", "Contact: contacts, contact"])
    #expect(folder.proposal.definition.audiences[0].hierarchy?.name == "parent_account")
    #expect(folder.relationships.contains("deals.owner -> users.user_id"))
    #expect(folder.relationships.contains("users.manager_id -> users.user_id"))
    try await folder.load()
  }
}
