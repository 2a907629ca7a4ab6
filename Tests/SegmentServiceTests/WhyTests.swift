import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Why a profile is a member, or is not.
@Suite struct WhyTests {
  private static let workspace = """
    workspace: Company
    tables:
      Customer:
        files: Customer.csv
        key: Id
        attributes: {Id: integer, City: text, Points: integer, ParentId: integer, StoreId: integer}
      Store: {files: Store.csv, key: StoreId, attributes: {StoreId: integer, Country: text}}
      Order:
        files: Order.csv
        key: Nr
        attributes: {Nr: integer, CustomerId: integer, Day: date, Status: text}
      Line:
        files: Line.csv
        attributes: {OrderNr: integer, Product: text, Price: "decimal(10,2)", Weight: double}
    relationships:
      - Customer.StoreId -> Store.StoreId
      - Customer.ParentId -> Customer.Id as Parent
      - Order.CustomerId -> Customer.Id
      - Line.OrderNr -> Order.Nr
    audiences: {Customer: {table: Customer, hierarchy: Customer.Parent}}
    """

  private static let data = [
    "workspace.yaml": workspace,
    "Customer.csv": """
    Id,City,Points,ParentId,StoreId
    1,Oslo,10,,1
    2,Oslo,20,1,2
    3,Bergen,30,1,
    4,,,2,1
    5,"",50,,9
    6,Oslo,20,4,2

    """,
    "Store.csv": "StoreId,Country\n1,Norway\n2,Sweden\n",
    "Order.csv": """
    Nr,CustomerId,Day,Status
    11,1,2024-03-01,paid
    12,1,2024-03-05,open
    13,2,2024-03-05,paid
    14,2,2024-03-05,open
    15,3,,paid
    16,6,2024-01-01,paid
    17,99,2024-01-01,paid

    """,
    "Line.csv": """
    OrderNr,Product,Price,Weight
    11,tea,2.50,0.1
    11,coffee,7.50,0.2
    12,tea,1.00,
    13,coffee,9.99,0.3
    15,,,
    16,tea,100,0.3

    """,
  ]

  /// Every construct: text of the rules, by name.
  private static let definitions: [(name: String, body: String)] = [
    (
      "text",
      "rules: [{match: {attribute: Customer.City, is: equalTo, value: oslo, ignoreCase: true}}]"
    ),
    ("missing", "rules: [{match: {attribute: Customer.City, isNot: equalTo, value: Oslo}}]"),
    ("lookup", "rules: [{match: {attribute: Customer.Store.Country, is: equalTo, value: Norway}}]"),
    (
      "no lookup",
      "rules: [{match: {attribute: Customer.Store.Country, isNot: anyOf, value: [Norway]}}]"
    ),
    (
      "self",
      "rules: [{match: {attribute: Customer.Points, is: greaterThan, value: {attribute: Customer.Parent.Points}}}]"
    ),
    ("child", "rules: [{match: {is: childOf, value: 1, levels: all}}]"),
    ("parent", "rules: [{match: {isNot: parentOf, value: 4}}]"),
    ("split", "rules: [{match: {is: inRandomSplit, value: {salt: s, of: 2, bucket: 0}}}]"),
    (
      "any",
      "rules: [{from: Line, match: {all: [{attribute: Line.Product, is: equalTo, value: tea}, {attribute: Order.Status, is: equalTo, value: open}]}}]"
    ),
    ("any row", "rules: [{from: Line}]"),
    (
      "where",
      "rules: [{from: Order, where: {attribute: Order.Status, is: equalTo, value: paid}, match: {attribute: Order.Day, is: before, value: 2024-02-01}}]"
    ),
    (
      "none",
      "rules: [{from: Line, quantifier: none, match: {attribute: Line.Product, is: equalTo, value: tea}}]"
    ),
    (
      "every",
      "rules: [{from: Order, quantifier: every, match: {attribute: Order.Status, is: equalTo, value: paid}}]"
    ),
    (
      "every of",
      "rules: [{from: Order, quantifier: every, where: {attribute: Order.Status, is: equalTo, value: open}, match: {attribute: Order.Day, is: after, value: 2024-03-04}}]"
    ),
    (
      "first",
      "rules: [{from: Order, quantifier: {first: Order.Day}, match: {attribute: Order.Status, is: equalTo, value: paid}}]"
    ),
    (
      "last",
      "rules: [{from: Order, quantifier: {last: Order.Day}, match: {attribute: Order.Status, isNot: equalTo, value: paid}}]"
    ),
    (
      "few",
      "rules: [{from: Order, quantifier: {aggregate: count, is: lessThan, value: 1}, match: {attribute: Order.Status, is: equalTo, value: paid}}]"
    ),
    (
      "many",
      "rules: [{from: Line, quantifier: {aggregate: count, of: Order, is: equalTo, value: 1}}]"
    ),
    (
      "distinct",
      "rules: [{from: Line, quantifier: {aggregate: countDistinct, of: Line.Product, isNot: greaterThan, value: 0}}]"
    ),
    (
      "sum",
      "rules: [{from: Line, quantifier: {aggregate: sum, of: Line.Price, is: between, value: [10, 11]}}]"
    ),
    (
      "no sum",
      "rules: [{from: Line, quantifier: {aggregate: sum, of: Line.Price, isNot: greaterThan, value: 10}}]"
    ),
    (
      "average",
      "rules: [{from: Line, quantifier: {aggregate: average, of: Line.Price, is: lessThan, value: 3.67}}]"
    ),
    (
      "mean weight",
      "rules: [{from: Line, quantifier: {aggregate: average, of: Line.Weight, is: lessThanOrEqualTo, value: 0.15}}]"
    ),
    (
      "minimum",
      "rules: [{from: Order, quantifier: {aggregate: minimum, of: Order.Day, is: onOrAfter, value: 2024-03-01}}]"
    ),
    (
      "empty maximum",
      "rules: [{from: Order, quantifier: {aggregate: maximum, of: Order.Day, is: empty}}]"
    ),
    (
      "tree",
      """
      rules:
        - match:
            any:
              - all:
                  - {has: {from: Order, match: {attribute: Order.Status, is: equalTo, value: open}}}
                  - {attribute: Customer.Points, is: lessThan, value: 15}
              - {has: {from: Line, quantifier: none}}
              - {is: memberOf, value: text}
      """
    ),
    (
      "not",
      "rules: [{quantifier: none, match: {any: [{is: memberOf, value: any}, {attribute: Customer.City, is: empty}]}}]"
    ),
    ("stranger", "rules: [{match: {isNot: memberOf, value: text}}]"),
    (
      "in rows",
      "rules: [{from: Order, match: {all: [{is: memberOf, value: text}, {attribute: Order.Status, is: equalTo, value: open}]}}]"
    ),
    ("child of member", "rules: [{match: {row: Customer.Parent, is: memberOf, value: text}}]"),
    (
      "chain",
      """
      rules:
        - {match: {attribute: Customer.Points, is: greaterThan, value: 15}}
        - {combine: exclusive, from: Order}
        - {combine: union, match: {attribute: Customer.City, is: empty}}
        - combine: except
          group:
            - {match: {attribute: Customer.Id, is: greaterThan, value: 2}}
            - {combine: intersect, match: {attribute: Customer.City, is: equalTo, value: Oslo}}
      """
    ),
    (
      "top",
      "rules: [{match: {attribute: Customer.Points, is: greaterThan, value: 5}}]\nlimit: {top: 2, by: Customer.Points}"
    ),
    (
      "random",
      "rules: [{match: {attribute: Customer.Points, is: greaterThan, value: 5}}]\nlimit: {random: 3, salt: x}"
    ),
    ("manual", "keys: [2, 4, 77]"),
  ]

  private func company() async throws -> Shop {
    let shop = try await Shop(
      prepare: { folder in
        for (name, text) in Self.data {
          try Data(text.utf8).write(to: folder.appending(path: name))
        }
      })
    try shop.save(
      Self.definitions.map { "segment: \($0.name)\n\($0.body)" }.joined(separator: "\n---\n"))
    let failed = try await shop.refresh().values.filter { $0.status != .succeeded }
    try #require(failed.isEmpty, "\(failed)")
    return shop
  }

  @Test func `findings agree with membership, for every construct and profile`() async throws {
    let shop = try await company()
    for (name, _) in Self.definitions {
      let members = Set(try await shop.keys(name))
      for key in ["1", "2", "3", "4", "5", "6"] {
        let why = try await shop.service.why(segment: name, key: key)
        #expect(why.isMember == members.contains(key), "\(name) of \(key)")
        #expect(
          why.findings.folded == why.isMember,
          "\(name) of \(key): \(why.findings.outline.joined(separator: "\n"))")
        #expect(why.findings.contradictions.isEmpty, "\(name) of \(key)")
      }
      // Half of the proof is missing where everybody or nobody is a member.
      let selective = !members.isEmpty && members.count < 6
      #expect(selective, "\(name): \(members)")
    }
  }

  @Test func `what decided is shown`() async throws {
    let shop = try await company()
    func outline(_ name: String, _ key: String) async throws -> [String] {
      try await shop.service.why(segment: name, key: key).findings.outline
    }
    #expect(
      try await outline("text", "2") == [
        "+ Customer.City is equal to 'oslo' (ignoring case) | Customer.City Oslo"
      ])
    #expect(
      try await outline("lookup", "3") == [
        "- Customer.Store.Country is equal to 'Norway' | Customer.Store.Country missing"
      ])
    #expect(
      try await outline("any", "1") == [
        "+ has any Line where Line.Product is equal to 'tea' and Order.Status is equal to 'open' | 1 of 3 rows; first: Line.Product tea, Order.Status open",
        "  + Line.Product is equal to 'tea' | 2 of 3 rows",
        "  + Order.Status is equal to 'open' | 1 of 3 rows",
      ])
    #expect(
      try await outline("any", "6") == [
        "- has any Line where Line.Product is equal to 'tea' and Order.Status is equal to 'open' | none of 1 row",
        "  + Line.Product is equal to 'tea' | 1 of 1 row",
        "  - Order.Status is equal to 'open' | 0 of 1 row",
      ])
    #expect(
      try await outline("every", "1")[0]
        == "- for every Order, Order.Status is equal to 'paid' | not so: Order.Nr 12, Order.Status open"
    )
    #expect(
      try await outline("every", "4")[0]
        == "- for every Order, Order.Status is equal to 'paid' | no rows")
    #expect(
      try await outline("first", "1")[0]
        == "+ for the first Order by Order.Day, Order.Status is equal to 'paid' | Order.Nr 11, Order.Status paid, Order.Day 2024-03-01"
    )
    // Two orders of one day: either of them decides.
    #expect(
      try await outline("last", "2")[0]
        == "+ for the last Order by Order.Day, Order.Status is not equal to 'paid' (or has no value) | Order.Nr 14, Order.Status open, Order.Day 2024-03-05"
    )
    #expect(
      try await outline("few", "4")[0]
        == "+ the number of Order rows (where Order.Status is equal to 'paid') is less than 1 | count is 0 (no rows)"
    )
    #expect(
      try await outline("sum", "1")[0]
        == "+ the sum of Line.Price is between 10 and 11 | sum is 11 (3 rows)")
    #expect(
      try await outline("average", "1")[0]
        == "+ the average of Line.Price is less than 3.67 | average of sum 11 over 3 (3 rows)")
  }

  @Test func `a reference names the run that was read`() async throws {
    let shop = try await company()
    let run = try shop.service.publishedRun(nil, of: "text").id
    let why = try await shop.service.why(segment: "stranger", key: "3")
    #expect(
      why.findings.outline == ["+ is not a member of 'text' | run \(run) of 'text'"])
  }

  @Test func `a limit is the last word`() async throws {
    let shop = try await company()
    let out = try await shop.service.why(segment: "top", key: "1")
    #expect(
      out.findings.outline == [
        "+ Customer.Points is greater than 5 | Customer.Points 10",
        "- intersect is among the 2 with the highest Points",
      ])
    let never = try await shop.service.why(segment: "top", key: "4")
    #expect(
      never.findings.outline == ["- Customer.Points is greater than 5 | Customer.Points missing"])
    let manual = try await shop.service.why(segment: "manual", key: "2")
    #expect(manual.findings.outline == ["+ is listed by hand"])
  }

  @Test func `an old run is explained with its own data and definition`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    let first = try #require(try await shop.refresh()["oslo"])
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n1,Rome,,\n7,Paris,,\n")
    try shop.save(Shop.oslo.replacing("Oslo", with: "Paris"))
    let later = try #require(Instant("2024-05-01T00:00:00Z"))
    let second = try #require(try await shop.refresh(asOf: later)["oslo"])

    let before = try await shop.service.why(segment: "oslo", key: "1", run: first.id)
    #expect(before.isMember && before.asOf == Shop.asOf && before.dataVersion == first.dataVersion)
    #expect(
      before.findings.outline == ["+ Customer.City is equal to 'Oslo' | Customer.City Oslo"])
    let now = try await shop.service.why(segment: "oslo", key: "1")
    #expect(!now.isMember && now.asOf == later && now.run == second.id)
    #expect(
      now.findings.outline == ["- Customer.City is equal to 'Paris' | Customer.City Rome"])
    // A profile of one run need not be one of the other.
    await #expect(throws: WorkspaceError.noProfile(key: "2", audience: "Customer")) {
      try await shop.service.why(segment: "oslo", key: "2")
    }
    #expect(try await shop.service.why(segment: "oslo", key: "2", run: first.id).isMember)
  }

  @Test func `keys that are none are refused in words`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    func refusal(_ key: String) async -> String {
      do {
        _ = try await shop.service.why(segment: "oslo", key: key)
        return "no refusal"
      } catch {
        return "\(error)"
      }
    }
    #expect(await refusal("1").contains("was never refreshed"))
    try await shop.result("oslo")
    #expect(await refusal("77") == "There is no Customer with the key 77.")
    for key in ["x", "", "1.0", "99999999999999999999"] {
      #expect(
        await refusal(key) == "The keys of Customer are whole numbers; '\(key)' is none.")
    }
  }
}
