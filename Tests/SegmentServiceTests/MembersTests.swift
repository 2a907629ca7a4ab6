import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Lists of members as bytes, and which members of which run they are.
@Suite struct MembersTests {
  /// Texts that are awkward to write, by key; missing where nil.
  private static let names: [(key: Int, name: String?)] = [
    (1, "plain"), (2, "a,b"), (3, "say \"hi\""), (4, "two\nlines"), (5, "two\r\nlines"),
    (6, nil), (7, ""), (8, "é e\u{301} 東京 😀"), (9, "\"\u{301}"), (10, " blank "),
  ]

  private static let formulas: [(key: Int, name: String?)] = [
    (1, "=1+1"), (2, "+1"), (3, "-1"), (4, "@cell"), (5, "\tx"), (6, "\rx"), (7, "=\"a\",b"),
    (8, "a=1"), (9, " =1"), (10, "'=1"),
  ]

  /// A segment of everybody, with names and points shown.
  private func workspace(_ names: [(key: Int, name: String?)]) async throws -> Shop {
    let shop = try await Shop(
      yaml: Shop.yaml.replacing("Customer.csv", with: "Customer.ndjson")
        .replacing("City: text, Points: integer", with: "Name: text, Points: integer"),
      customers: "",
      prepare: { folder in
        let lines = names.map { key, name in
          let name = name.map { Document.quotedJSON($0) } ?? "null"
          return "{\"Id\": \(key), \"Name\": \(name), \"Points\": \(-key), \"Joined\": null}\n"
        }
        try Data(lines.joined().utf8).write(to: folder.appending(path: "Customer.ndjson"))
      },
      segments: """
        segment: everybody
        rules: [{match: {attribute: Customer.Id, isNot: empty}}]
        project: [Customer.Name, Customer.Points]
        """)
    try await shop.result("everybody")
    return shop
  }

  // MARK: CSV

  @Test func `CSV is RFC 4180 to the byte`() async throws {
    let shop = try await workspace(Self.names)
    let text = try await shop.text(MemberSelection(segment: "everybody"), as: .csv(raw: false))
    let lines = [
      "Id,Customer.Name,Customer.Points", "1,plain,-1", "2,\"a,b\",-2", "3,\"say \"\"hi\"\"\",-3",
      "4,\"two\nlines\",-4", "5,\"two\r\nlines\",-5", "6,,-6", "7,\"\",-7",
      "8,é e\u{301} 東京 😀,-8", "9,\"\"\"\u{301}\",-9", "10,\" blank \",-10",
    ]
    #expect(Text(text) == Text(lines.map { $0 + "\r\n" }.joined()))
  }

  @Test func `texts that a spreadsheet would run get an apostrophe, numbers do not`() async throws {
    let shop = try await workspace(Self.formulas)
    let text = try await shop.text(MemberSelection(segment: "everybody"), as: .csv(raw: false))
    let lines = [
      "Id,Customer.Name,Customer.Points", "1,'=1+1,-1", "2,'+1,-2", "3,'-1,-3", "4,'@cell,-4",
      "5,'\tx,-5", "6,\"'\rx\",-6", "7,\"'=\"\"a\"\",b\",-7", "8,a=1,-8", "9,\" =1\",-9",
      "10,'=1,-10",
    ]
    #expect(Text(text) == Text(lines.map { $0 + "\r\n" }.joined()))
  }

  @Test func `raw leaves such texts as they are`() async throws {
    let shop = try await workspace(Self.formulas)
    let text = try await shop.text(MemberSelection(segment: "everybody"), as: .csv(raw: true))
    let lines = [
      "Id,Customer.Name,Customer.Points", "1,=1+1,-1", "2,+1,-2", "3,-1,-3", "4,@cell,-4",
      "5,\tx,-5", "6,\"\rx\",-6", "7,\"=\"\"a\"\",b\",-7", "8,a=1,-8", "9,\" =1\",-9", "10,'=1,-10",
    ]
    #expect(Text(text) == Text(lines.map { $0 + "\r\n" }.joined()))
  }

  @Test func `nobody is a header and nothing more`() async throws {
    let shop = try await Shop(segments: Shop.oslo.replacing("Oslo", with: "Paris"))
    try await shop.result("oslo")
    #expect(
      try await shop.text(MemberSelection(segment: "oslo"), as: .csv(raw: false)) == "Id\r\n")
    #expect(try await shop.text(MemberSelection(segment: "oslo"), as: .ndjson) == "")
  }

  // MARK: NDJSON and Parquet

  @Test func `NDJSON is an object per member`() async throws {
    let shop = try await workspace(Self.names)
    let text = try await shop.text(MemberSelection(segment: "everybody"), as: .ndjson)
    let names = [
      "\"plain\"", "\"a,b\"", #""say \"hi\"""#, #""two\nlines""#, #""two\r\nlines""#, "null",
      "\"\"", "\"é e\u{301} 東京 😀\"", "\"\\\"\u{301}\"", "\" blank \"",
    ]
    let lines = names.enumerated().map { index, name in
      "{\"Id\":\(index + 1),\"Customer.Name\":\(name),\"Customer.Points\":-\(index + 1)}\n"
    }
    #expect(Text(text) == Text(lines.joined()))
  }

  /// Members with the weights and days of their coffee.
  private static let drinkers = """
    segment: drinkers
    rules:
      - {from: Order, match: {attribute: Order.Product, is: equalTo, value: coffee}}
      - {combine: union, match: {attribute: Customer.City, is: equalTo, value: Oslo}}
    project: [Customer.City, Order.Weight, Order.Day]
    """
  private static let twoCoffees = Shop.orders + "5,1,coffee,2024-03-11,\n6,1,coffee,2024-03-12,9\n"

  @Test func `lists are in key order, JSON in a CSV cell, missing values skipped`() async throws {
    let shop = try await Shop(orders: Self.twoCoffees, segments: Self.drinkers)
    try await shop.result("drinkers")
    let selection = MemberSelection(segment: "drinkers")
    #expect(
      try await shop.text(selection, as: .csv(raw: false)) == """
        Id,Customer.City,Order.Weight,Order.Day\r
        1,Oslo,"[2,9]","[""2024-03-10"",""2024-03-11"",""2024-03-12""]"\r
        2,Oslo,[3],"[""2024-02-10""]"\r

        """)
    #expect(
      try await shop.text(selection, as: .ndjson) == """
        {"Id":1,"Customer.City":"Oslo","Order.Weight":[2,9],"Order.Day":["2024-03-10","2024-03-11","2024-03-12"]}
        {"Id":2,"Customer.City":"Oslo","Order.Weight":[3],"Order.Day":["2024-02-10"]}

        """)
  }

  @Test func `Parquet holds the same, lists as lists`() async throws {
    let shop = try await Shop(orders: Self.twoCoffees, segments: Self.drinkers)
    try await shop.result("drinkers")
    let file = shop.workspace.root.appending(path: "it's.parquet").path
    let count = try await shop.service.writeMembersAsParquet(
      MemberSelection(segment: "drinkers"), to: file)
    #expect(count == 2)
    let rows = try await shop.service.database.connect().rows(
      "SELECT Id, \"Customer.City\", len(\"Order.Weight\"), \"Order.Weight\"[2], \"Order.Day\" FROM read_parquet(\(bind: .text(file)))"
    )
    let days = ["2024-03-10", "2024-03-11", "2024-03-12"].map { day in
      DuckDBValue.date(Int32(CivilDate(day)!.days))
    }
    #expect(
      rows == [
        [.integer(1), .text("Oslo"), .integer(2), .decimal("9"), .list(days)],
        [
          .integer(2), .text("Oslo"), .integer(1), .null,
          .list([.date(Int32(CivilDate("2024-02-10")!.days))]),
        ],
      ])
  }

  // MARK: Which run

  @Test func `people who vanished are listed as they were`() async throws {
    let shop = try await Shop(
      segments: """
        segment: oslo
        rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}]
        project: [Customer.Points]
        """)
    try await shop.result("oslo")
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n2,Bergen,21,\n6,Oslo,60,\n")
    let result = try await shop.result("oslo")
    #expect(result.entered == 1 && result.exited == 2)
    let exited = MemberSelection(segment: "oslo", part: .exited)
    #expect(
      try await shop.text(exited, as: .csv(raw: false))
        == "Id,Customer.Points\r\n1,10\r\n2,20\r\n")
    let entered = MemberSelection(segment: "oslo", part: .entered)
    #expect(
      try await shop.text(entered, as: .csv(raw: false)) == "Id,Customer.Points\r\n6,60\r\n")
  }

  @Test func `an old run is listed with its own data, definition and references`() async throws {
    let shop = try await Shop(
      segments: Shop.oslo,
      """
      segment: friends
      rules: [{from: Order, match: {is: memberOf, value: oslo}}]
      project: [Customer.Points, Order.Nr]
      """)
    let first = try #require(try await shop.refresh()["friends"])
    let old = "Id,Customer.Points,Order.Nr\r\n1,10,\"[1,2]\"\r\n2,20,[3]\r\n"
    let selection = MemberSelection(segment: "friends", run: first.id)
    #expect(try await shop.text(selection, as: .csv(raw: false)) == old)

    try await shop.load(
      "Customer.csv",
      Shop.customers.replacing("1,Oslo,10", with: "1,Oslo,11").replacing("2,Oslo", with: "2,Rome"))
    try await shop.load("Order.csv", Shop.orders.replacing("1,1,tea", with: "9,1,tea"))
    try shop.save(
      "{segment: friends, rules: [{from: Order, match: {is: memberOf, value: oslo}}], project: [Order.Nr]}"
    )
    let second = try #require(try await shop.refresh()["friends"])
    #expect(
      try await shop.text(MemberSelection(segment: "friends"), as: .csv(raw: false))
        == "Id,Order.Nr\r\n1,\"[2,9]\"\r\n")
    #expect(try await shop.text(selection, as: .csv(raw: false)) == old)
    #expect(try await shop.keys("friends", .exited, run: second.id) == ["2"])
    #expect(try await shop.keys("friends", .entered, run: first.id) == ["1", "2"])
  }

  @Test func `an old run is listed although its references have turned around since`() async throws
  {
    let refersToOslo = "{segment: friends, rules: [{match: {is: memberOf, value: oslo}}]}"
    let shop = try await Shop(segments: Shop.oslo, refersToOslo)
    let run = try #require(try await shop.refresh()["friends"])
    try shop.save(Shop.coffee.replacing("segment: coffee", with: "segment: friends"))
    try shop.save("{segment: oslo, rules: [{match: {is: memberOf, value: friends}}]}")
    try await shop.refresh()
    #expect(try await shop.keys("friends", run: run.id) == ["1", "2"])
    let why = try await shop.service.why(segment: "friends", key: "3", run: run.id)
    #expect(!why.isMember && why.findings.count == 1)
  }

  @Test func `the number of members written is returned`() async throws {
    let shop = try await Shop(segments: Shop.oslo)
    try await shop.result("oslo")
    let count = try await shop.service.writeMembers(
      MemberSelection(segment: "oslo"), as: .ndjson, to: { _ in })
    #expect(count == 2)
  }

  // MARK: Refusals

  @Test func `what cannot be listed is said in words`() async throws {
    let shop = try await Shop(segments: Shop.oslo, Shop.coffee, Shop.heavy)
    func refusal(_ name: String, run: Int64? = nil) async -> String {
      do {
        _ = try await shop.keys(name, run: run)
        return "no refusal"
      } catch {
        return "\(error)"
      }
    }
    #expect(await refusal("nobody") == "There is no segment 'nobody'.")
    #expect(await refusal("cofee") == "There is no segment 'cofee'. Did you mean 'coffee'?")
    #expect(
      await refusal("oslo")
        == "The segment 'oslo' was never refreshed. Run 'muster refresh oslo'.")

    try await shop.load("Order.csv", Shop.orders + Shop.tooHeavy)
    let runs = try await shop.refresh()
    let coffee = try #require(runs["coffee"]?.id)
    let failed = try #require(runs["heavy"]?.id)
    #expect(
      await refusal("oslo", run: coffee) == "The segment 'oslo' has no published run \(coffee).")
    #expect(
      await refusal("heavy", run: failed) == "The segment 'heavy' has no published run \(failed).")
    #expect(await refusal("oslo", run: 9_999) == "The segment 'oslo' has no published run 9999.")
  }

  @Test func `lists of a run whose data is gone are refused with the reason`() async throws {
    let shop = try await Shop(
      yaml: Shop.yaml + "\nretention: {dataVersions: 1}", segments: Shop.oslo)
    let first = try #require(try await shop.refresh()["oslo"])
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n1,Oslo,,\n")
    let second = try #require(try await shop.refresh()["oslo"])
    try await shop.load("Customer.csv", "Id,City,Points,Joined\n1,Oslo,,\n3,Oslo,,\n")
    #expect(try await shop.keys("oslo", run: first.id) == ["1", "2"])
    try await shop.refresh()
    await #expect(throws: WorkspaceError.dataGone(run: first.id)) {
      try await shop.keys("oslo", run: first.id)
    }
    await #expect(throws: WorkspaceError.dataGone(run: first.id)) {
      try await shop.service.why(segment: "oslo", key: "1", run: first.id)
    }
    // Who exited is listed as they were in the run before.
    #expect(try await shop.keys("oslo", run: second.id) == ["1"])
    await #expect(throws: WorkspaceError.dataGone(run: first.id)) {
      try await shop.keys("oslo", .exited, run: second.id)
    }
    #expect(try await shop.keys("oslo", .entered) == ["3"])
  }
}
