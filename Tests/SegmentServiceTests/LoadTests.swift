import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

@Suite struct LoadTests {
  private static let shop = """
    workspace: Shop
    tables:
      Customer: {files: Customer*.csv, key: Id}
      Order:
        files: Order*.csv
        key: OrderId
        calculated:
          Total: Price * Quantity
          Double: Total * 2
      Line: {files: Line.csv, key: [OrderId, Number]}
    relationships:
      - Order.CustomerId -> Customer.Id
      - Line.OrderId -> Order.OrderId
    audiences:
      Customer: {table: Customer}
    """

  private func shop() throws -> LoadedWorkspace {
    try LoadedWorkspace(
      LoadTests.shop,
      files: [
        "Customer.csv": "Id,City\nb,Oslo\na,Bergen\nc,\n",
        "Order-1.csv":
          "OrderId,CustomerId,Price,Quantity\n1,a,2.50,2\n2,b,1,1\n3,nobody,1,1\n4,,1,1\n",
        "Line.csv": "OrderId,Number\n1,1\n1,2\n3,1\n2,1\n",
      ])
  }

  @Test func `rows carry the ordinals of the profiles they lead to, clustered by them`()
    async throws
  {
    let workspace = try shop()
    let report = try await workspace.load()
    #expect(try await workspace.ordinals("Customer") == ["a": 0, "b": 1, "c": 2])
    #expect(
      try await workspace.rows("Order", "OrderId, _muster_profile_0, Total, \"Double\"") == [
        ["1", "0", "5.000000", "10.000000"], ["2", "1", "1.000000", "2.000000"],
        ["3", "∅", "1.000000", "2.000000"], ["4", "∅", "1.000000", "2.000000"],
      ])
    #expect(
      try await workspace.rows("Line", "OrderId, Number, _muster_profile_0", order: "rowid") == [
        ["1", "1", "0"], ["1", "2", "0"], ["2", "1", "1"], ["3", "1", "∅"],
      ])
    let version = try #require(try workspace.store.currentDataVersion())
    #expect(
      version.parts["Line"]?.routes == [
        Route(
          audience: "Customer",
          steps: [.init(table: "Line", name: "Order"), .init(table: "Order", name: "Customer")],
          column: "_muster_profile_0")
      ])
    #expect(report.isNew && report.dataVersion == version.id)
    #expect(report.tables.map(\.rows) == [3, 4, 4])
    #expect(
      report.tables[1].orphans == [
        OrphanCount(relationship: .init(table: "Order", name: "Customer"), rows: 1)
      ])
  }

  @Test func `nothing changed: the same data version and parts`() async throws {
    let workspace = try shop()
    let first = try await workspace.load()
    let second = try await workspace.load()
    #expect(!second.isNew && second.dataVersion == first.dataVersion)
    #expect(second.tables.allSatisfy { $0.outcome == .unchanged })
    // Touched, but the same content.
    try workspace.write("Customer.csv", "Id,City\nb,Oslo\na,Bergen\nc,\n")
    #expect(try await workspace.load().dataVersion == first.dataVersion)
  }

  @Test func `ordinals stay, new keys get the next ones, parts that depend on nothing new stay`()
    async throws
  {
    let workspace = try shop()
    try await workspace.load()
    let before = try #require(try workspace.store.currentDataVersion())
    try workspace.write("Order-2.csv", "OrderId,CustomerId,Price,Quantity\n9,c,1,1\n")
    let second = try await workspace.load()
    let after = try #require(try workspace.store.currentDataVersion())
    #expect(after.parts["Customer"] == before.parts["Customer"])
    #expect(after.parts["Order"] != before.parts["Order"])
    #expect(after.parts["Line"] != before.parts["Line"])
    #expect(second.tables[1].files == FileCounts(new: 1, unchanged: 1))
    #expect(try await workspace.rows("Order", "count(*), sum(Total)") == [["5", "9.000000"]])

    try workspace.write("Customer-0.csv", "Id,City\naa,Bodø\n")
    try workspace.write("Customer.csv", "Id,City\nc,Moss\na,Bergen\n")
    let third = try await workspace.load()
    #expect(third.tables[0].files == FileCounts(new: 1, changed: 1))
    #expect(try await workspace.ordinals("Customer") == ["a": 0, "b": 1, "c": 2, "aa": 3])
    #expect(
      try await workspace.rows("Order", "OrderId, _muster_profile_0") == [
        ["1", "0"], ["2", "∅"], ["3", "∅"], ["4", "∅"], ["9", "2"],
      ])

    try workspace.remove("Order-1.csv")
    let fourth = try await workspace.load()
    #expect(fourth.tables[1].files == FileCounts(vanished: 1, unchanged: 1))
    #expect(try await workspace.rows("Order", "OrderId") == [["9"]])
  }

  @Test func `rows of unchanged files keep their ids, those of changed ones get new ones`()
    async throws
  {
    let workspace = try shop()
    try workspace.write("Order-2.csv", "OrderId,CustomerId,Price,Quantity\n9,c,1,1\n")
    try await workspace.load()
    let before = try await workspace.rows("Order", "OrderId, _muster_row")
    try workspace.write("Order-2.csv", "OrderId,CustomerId,Price,Quantity\n8,c,1,1\n9,c,1,1\n")
    try await workspace.load()
    let after = try await workspace.rows("Order", "OrderId, _muster_row")
    #expect(Array(after.prefix(4)) == Array(before.prefix(4)))
    #expect(after.last != before.last && Set(after.map { $0[1] }).count == 6)
  }

  @Test func `values of a wrong type fail the table, which keeps its last part`() async throws {
    let workspace = try shop()
    try await workspace.load()
    let before = try #require(try workspace.store.currentDataVersion())
    try workspace.write(
      "Order-2.csv", "OrderId,CustomerId,Price,Quantity\n8,c,cheap,1\nnine,c,1,x\n")
    try workspace.write("Customer.csv", "Id,City\nb,Oslo\na,Bergen\n")
    let report = try await workspace.load()
    #expect(report.isNew)
    #expect(report.tables.map(\.outcome) == [.loaded, .failed, .loaded])
    #expect(
      report.tables[1].problems.first
        == LoadProblem(
          message:
            "1 value of 'OrderId' is no integer. An earlier load found this type; declare another to change it.",
          count: 1,
          examples: [.init(file: "Order-2.csv", row: 2, value: "nine")]))
    #expect(report.tables[1].problems.count == 3)
    #expect(try await workspace.rows("Order", "count(*)") == [["4"]])
    #expect(try workspace.store.currentDataVersion() != before)

    try workspace.write("Order-2.csv", "OrderId,CustomerId,Price,Quantity\n8,a,1,1\n")
    #expect(try await workspace.load().tables[1].outcome == .loaded)
    #expect(try await workspace.rows("Order", "count(*)") == [["5"]])
  }

  @Test func `wrong values can be missing instead`() async throws {
    let workspace = try LoadedWorkspace(
      "{workspace: T, tables: {T: {files: t.csv, key: id, onError: missing, attributes: {n: integer}}}}",
      files: ["t.csv": "id,n\n1,x\n2,3\n3,1.5\n"])
    let report = try await workspace.load()
    #expect(try await workspace.rows("T", "id, n") == [["1", "∅"], ["2", "3"], ["3", "∅"]])
    #expect(report.tables[0].outcome == .loaded)
    #expect(
      report.tables[0].problems == [
        LoadProblem(
          isFatal: false, message: "2 values of 'n' are no integer.", count: 2,
          examples: [
            .init(file: "t.csv", row: 1, value: "x"), .init(file: "t.csv", row: 3, value: "1.5"),
          ])
      ])
  }

  @Test func `missing and duplicate keys fail the table, and a first load publishes nothing then`()
    async throws
  {
    let workspace = try shop()
    try workspace.write("Customer.csv", "Id,City\na,x\n,y\na,z\nb,\n")
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    let problems = failure?.report.tables[0].problems ?? []
    #expect(
      problems.map(\.examples) == [
        [.init(file: "Customer.csv", row: 2, value: "missing")],
        [
          .init(file: "Customer.csv", row: 1, value: "a"),
          .init(file: "Customer.csv", row: 3, value: "a"),
        ],
      ])
    #expect(try workspace.store.currentDataVersion() == nil)
    #expect(failure?.description.contains("not unique") == true)
  }

  @Test
  func `a table that fails under a changed definition keeps the whole data version before it`()
    async throws
  {
    let workspace = try shop()
    let first = try await workspace.load()
    // Cities become keys, which they cannot be: linking to them would multiply rows.
    try workspace.write("Customer.csv", "Id,City\nb,Oslo\na,Oslo\nc,\n")
    try await workspace.load()
    let before = try workspace.store.currentDataVersion()
    workspace.define(
      LoadTests.shop.replacing(
        "relationships:", with: "relationships:\n  - Order.CustomerId -> Customer.City as Town"))
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    #expect(failure?.report.failed.map(\.table) == ["Customer"])
    #expect(try workspace.store.currentDataVersion() == before && first.dataVersion != before?.id)
  }

  @Test func `a one-to-one foreign key must be unique`() async throws {
    let workspace = try shop()
    workspace.define(
      LoadTests.shop.replacing(
        "- Line.OrderId -> Order.OrderId",
        with: "- {from: Line.OrderId, to: Order.OrderId, kind: one-to-one}"))
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    #expect(failure?.report.failed.map(\.table) == ["Line"])
  }

  @Test func `several audiences, chains that share tables, and cycles of relationships`()
    async throws
  {
    let workspace = try LoadedWorkspace(
      """
      workspace: T
      tables:
        Contact: {files: contact.csv, key: id}
        Account: {files: account.csv, key: id}
        Visit: {files: visit.csv}
      relationships:
        - Contact.account -> Account.id
        - Account.main -> Contact.id as Main
        - Account.parent -> Account.id as Parent
        - Visit.contact -> Contact.id
        - Visit.host -> Contact.id as Host
      audiences:
        Contact: {table: Contact, kind: contact}
        Account: {table: Account, kind: account, hierarchy: Account.Parent}
      """,
      files: [
        "contact.csv": "id,account\n1,x\n2,y\n3,\n",
        "account.csv": "id,main,parent\nx,2,\ny,,x\n",
        "visit.csv": "n,contact,host\n1,1,2\n2,3,9\n",
      ])
    try await workspace.load()
    let parts = try #require(try workspace.store.currentDataVersion()).parts
    let step = { (table: String, name: String) in RelationshipName(table: table, name: name) }
    #expect(
      parts["Visit"]?.routes.map { "\($0.audience): \($0.steps)" } == [
        "Contact: [Visit.Contact]", "Contact: [Visit.Host]",
        "Account: [Visit.Contact, Contact.Account]", "Account: [Visit.Host, Contact.Account]",
      ])
    #expect(
      parts["Contact"]?.route(audience: "Account", steps: [step("Contact", "Account")]) != nil)
    #expect(parts["Account"]?.routes.count == 2)
    let columns = (0..<4).map { "_muster_profile_\($0)" }.joined(separator: ", ")
    #expect(
      try await workspace.rows("Visit", "n, " + columns) == [
        ["1", "0", "1", "0", "1"], ["2", "2", "∅", "∅", "∅"],
      ])
  }

  @Test func `composite keys must be unique as a whole`() async throws {
    let workspace = try shop()
    try workspace.write("Line.csv", "OrderId,Number\n1,1\n1,2\n1,2\n")
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    #expect(failure?.report.tables[2].problems.map(\.count) == [2])
  }

  @Test func `types are fixed by the first load`() async throws {
    let workspace = try LoadedWorkspace(
      "{workspace: T, tables: {T: {files: t*.csv, key: id}}}", files: ["t1.csv": "id,n\n1,5\n"])
    try await workspace.load()
    try workspace.write("t2.csv", "id,n,extra\n2,2.5,x\n")
    #expect(try await workspace.load().tables[0].outcome == .failed)
    try workspace.write("t2.csv", "id,n,extra\n2,7,x\n")
    #expect(try await workspace.load().tables[0].outcome == .loaded)
    #expect(try await workspace.rows("T", "id, n, extra") == [["1", "5", "∅"], ["2", "7", "x"]])
    workspace.define(
      "{workspace: T, tables: {T: {files: t*.csv, key: id, attributes: {n: decimal}}}}")
    try workspace.write("t2.csv", "id,n,extra\n2,2.5,x\n")
    try await workspace.load()
    #expect(try await workspace.rows("T", "id, n") == [["1", "5.000000"], ["2", "2.500000"]])
  }

  @Test func `a relationship between keys of different types proposes one`() async throws {
    let workspace = try shop()
    try workspace.write("Line.csv", "OrderId,Number\n01,1\n")
    let problems = await #expect(throws: Diagnostics.self) { try await workspace.load() }
    #expect(problems?.all.first?.code == "keyTypes")
    #expect(problems?.all.first?.hint == "Declare Order.OrderId as text in the workspace file.")
  }

  @Test func `a file that is no CSV says which and where`() async throws {
    let workspace = try shop()
    try workspace.write("Line.csv", "OrderId,Number\n1,1\n2,2,2\n")
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    let message = failure?.report.tables[2].problems.first?.message ?? ""
    #expect(
      message
        == "Line.csv, line 3: more cells than the 2 of the header. The line: 2,2,2", "\(message)")
  }

  @Test func `columns and files that are not there are named`() async throws {
    let workspace = try LoadedWorkspace(
      "{workspace: T, tables: {T: {files: t.csv, key: id, attributes: {Citty: text}}, U: {files: u.csv}}}",
      files: ["t.csv": "id,City\n1,x\n"])
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    let messages = failure?.report.tables.flatMap(\.problems).map(\.message)
    #expect(
      messages == [
        "No file has a column 'Citty'. Did you mean 'City'?", "No file in '.' matches u.csv.",
      ])
  }

  @Test func `parts without a data version are swept`() async throws {
    let workspace = try shop()
    try await workspace.load()
    try await workspace.database.connect().execute("CREATE TABLE \"Order@999\" (n INTEGER)")
    try workspace.write("Order-2.csv", "OrderId,CustomerId,Price,Quantity\n9,c,1,1\n")
    try await workspace.load()
    _ = try workspace.store.expire(
      by: RetentionRules(dataVersions: .last(1), members: .all, runs: .all), lent: [], at: 0)
    try await workspace.loader().sweep()
    let tables = try await workspace.database.connect().rows(
      "SELECT table_name FROM duckdb_tables() ORDER BY table_name")
    let live = try workspace.store.liveParts().map(\.storedName)
    #expect(live.count == 3)
    #expect(
      Set(tables.compactMap { $0[0].string }) == Set(live + ["_muster_ordinals@Customer"]))
    #expect(try await workspace.rows("Order", "count(*)") == [["5"]])
  }

  @Test(.timeLimit(.minutes(30)))
  func `a cancelled load publishes nothing and the next one works`() async throws {
    let workspace = try shop()
    let loader = try workspace.loader()
    let loading = Task { try await loader.load(at: 0) }
    loading.cancel()
    await #expect(throws: CancellationError.self) { try await loading.value }
    #expect(try workspace.store.currentDataVersion() == nil)
    try await workspace.load()
  }
}
