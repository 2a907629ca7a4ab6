import Testing

@testable import SegmentService

@Suite struct FileGroupingTests {
  private func groups(_ files: [(String, [String])], others: [String] = []) -> [FileGroup] {
    let sniffed = files.map { path, columns in
      SniffedFile(
        file: FolderFile(path: path, bytes: 1), options: ReadingOptions(),
        columns: columns.map { FileReading.Column(name: $0) })
    }
    return FileGroup.groups(of: sniffed, among: files.map(\.0) + others)
  }

  @Test(arguments: [
    (["orders-2023.csv", "orders-2024.csv"], "orders", "orders-*.csv"),
    (["orders.csv", "orders-november.csv"], "orders", "orders*.csv"),
    (["sales_2024_01.csv", "sales_2024_02.csv"], "sales", "sales_2024_*.csv"),
    (["events-q1.csv", "events-q2.csv", "events-q3.csv"], "events", "events-q*.csv"),
    (["year=2023/orders.csv", "year=2024/orders.csv"], "orders", "year=*/orders.csv"),
    (["orders/2023-01.csv", "orders/2023-02.csv"], "orders", "orders/2023-*.csv"),
    (["log1.csv.gz", "log2.csv.gz"], "log", "log*.csv.gz"),
  ])
  func `files whose names differ by numbers and times are one table`(
    _ paths: [String], _ name: String, _ glob: String
  ) {
    let found = groups(paths.map { ($0, ["Id", "At"]) })
    #expect(found.map(\.name) == [name])
    #expect(found.first?.globs == [glob])
    #expect(found.first?.files.count == paths.count)
  }

  @Test func `a glob matches no other file`() {
    let columns = ["Id", "At"]
    let found = groups(
      [("orders-2023.csv", columns), ("orders-2024.csv", columns), ("orders-archive.csv", ["X"])])
    #expect(found.map(\.name) == ["orders", "orders-archive"].map(FileGroup.tableName))
    #expect(found[0].globs == ["orders-[0-9][0-9][0-9][0-9].csv"])
    let unlike = groups([("o-1.csv", columns), ("o-23.csv", columns)], others: ["o-x.csv"])
    #expect(unlike[0].globs == ["o-1.csv", "o-23.csv"])
  }

  @Test func `files with other columns or other names are other tables`() {
    #expect(groups([("a-1.csv", ["Id", "X"]), ("a-2.csv", ["Code", "Y", "Z"])]).count == 2)
    #expect(groups([("customers.csv", ["Id"]), ("suppliers.csv", ["Id"])]).count == 2)
  }

  @Test func `the same file compressed is no second part`() {
    let found = groups([("a.csv", ["Id"]), ("a.csv.gz", ["Id"])])
    #expect(found.count == 2)
  }

  @Test func `a column that comes later is one of the table`() {
    let found = groups([("o-2023.csv", ["Id", "At"]), ("o-2024.csv", ["Id", "At", "Channel"])])
    #expect(found.count == 1)
    #expect(found[0].columns == ["Id", "At", "Channel"])
  }

  @Test(arguments: [
    ("Telco-Customer-Churn", "Telco_Customer_Churn"), ("Order Details", "Order_Details"),
    ("2024", "Data_2024"),
    ("größe", "größe"), ("--", "Data"),
  ])
  func `names of tables need no quotes`(_ text: String, _ name: String) {
    #expect(FileGroup.tableName(text) == name)
  }

  @Test func `equal names get their folders`() {
    var found = groups([("north/orders.csv", ["Id"]), ("south/orders.csv", ["Id"])])
    FileGroup.giveEachItsName(&found)
    #expect(found.map(\.name) == ["orders", "south_orders"])
  }
}
