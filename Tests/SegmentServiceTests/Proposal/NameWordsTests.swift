import Testing

@testable import SegmentService

@Suite struct NameWordsTests {
  @Test(arguments: [
    ("BillToAddresses", ["bill", "to", "address"]), ("customer_names", ["customer", "name"]),
    ("POSPurchases", ["pos", "purchase"]), ("E-Mail", ["email"]), ("EMail", ["email"]),
    ("Loyalty Tier", ["loyalty", "tier"]), ("Categories", ["category"]),
    ("address2", ["address", "2"]),
    ("status", ["status"]), ("People", ["person"]), ("", []),
    ("Kunden-Nr", ["customer", "number"]),
  ])
  func `names are cut into words, in lower case and singular`(_ name: String, _ words: [String]) {
    #expect(NameWords(name).words == words)
  }

  @Test(arguments: [
    ("CustomerId", "customer", ColumnName.Strength.strong), ("id", "", .strong),
    ("customerid", "customer", .strong), ("id_customer", "customer", .strong),
    ("InvoiceNo", "invoice", .weak), ("CountryRegionCode", "country region", .weak),
    ("PhoneNumber", "phone", .none), ("PostalCode", "postal", .none),
    ("number_of_cds", "number of cds", .none), ("paid", "paid", .none), ("City", "city", .none),
  ])
  func `a column says whether it identifies, and what`(
    _ name: String, _ base: String, _ strength: ColumnName.Strength
  ) {
    let column = ColumnName(name)
    #expect(column.base.words.joined(separator: " ") == base)
    #expect(column.strength == strength)
  }

  @Test(arguments: [
    ("SupportRepId", "SupportRep"), ("manager_staff_id", "manager_staff"),
    ("ReportsTo", "ReportsTo"),
    ("parent_account_no", "parent_account"), ("id", "id"), ("BillToAddressID", "BillToAddress"),
  ])
  func `a role is the column without its id`(_ name: String, _ stem: String) {
    #expect(ColumnName(name).stem == stem)
  }

  @Test func `what a table is about leaves out what all tables share`() {
    let entities = TableDraft.entities(of: [
      "cdnow_master", "cdnow_sample", "cdnow_sample_customers",
    ])
    #expect(
      entities.map { $0.words.joined(separator: " ") } == ["master", "sample", "sample customer"])
    #expect(
      TableDraft.entities(of: ["dim_customer", "fact_order"]).map(\.words) == [
        ["customer"], ["order"],
      ])
    #expect(TableDraft.entities(of: ["orders"]).map(\.words) == [["order"]])
  }

  @Test func `a sales person is staff`() {
    #expect(EntityKind(NameWords("SalesPerson")) == .staff)
    #expect(EntityKind(NameWords("Person")) == .consumer)
    #expect(EntityKind(NameWords("OrderLine")) == nil)
  }
}
