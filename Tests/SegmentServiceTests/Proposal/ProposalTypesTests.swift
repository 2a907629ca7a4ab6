import Testing

@testable import SegmentService

/// Types, date formats and the traps of single columns.
@Suite struct ProposalTypesTests {
  private func column(_ name: String, _ values: [String], rows: Int = 12) -> String {
    let lines = (0..<rows).map { "\($0 + 1),\(values[$0 % values.count])" }
    return "RowId,\(name)\n" + lines.joined(separator: "\n") + "\n"
  }

  @Test func `what inference gets right is not declared`() async throws {
    let folder = try await ProposedFolder([
      "things.csv": """
      ThingId,Name,Price,Made,SeenAt,IsNew,Count
      1,Cup,2.50,2024-01-31,2024-01-31 10:00,true,3
      2,Pot,10.00,2024-02-01,2024-02-01 11:30,false,4

      """
    ])
    #expect(try folder.table("things").attributes == [])
    #expect(folder.proposal.definition.sources == [])
    #expect(folder.proposal.yaml.contains("  things: {files: things.csv, key: ThingId}  # 2 rows"))
    let types = try await folder.load().types("things")
    #expect(types["Price"] == "decimal(18,6)")
    #expect(types["SeenAt"] == "datetime")
  }

  @Test(arguments: [
    (["3/14/2017", "12/1/2018"], "date %m/%d/%Y"), (["14/3/2017", "1/12/2018"], "date %d/%m/%Y"),
    (["31.01.2024", "1.2.2024"], "date %d.%m.%Y"), (["2024/01/31", "2024/2/1"], "date %Y/%m/%d"),
    (["31-Jan-24", "01-Feb-24"], "date %d-%b-%y"),
    (["January 31, 2024", "March 1, 2024"], "date %B %d, %Y"),
    (["31/01/24", "28/02/24"], "date %d/%m/%y"), (["20240131", "20240201"], "date %Y%m%d"),
    (["1/31/2024 14:05", "2/1/2024 9:30"], "datetime %m/%d/%Y %H:%M"),
    (["31.01.2024 14:05:59", "01.02.2024 09:30:00"], "datetime %d.%m.%Y %H:%M:%S"),
    (["1/31/2024 2:05 PM", "2/1/2024 9:30 AM"], "datetime %m/%d/%Y %I:%M %p"),
    (["2024-01-31 00:00:00", "2024-02-01 00:00:00"], "date"),
  ])
  func `the format of dates is found`(_ values: [String], _ declared: String) async throws {
    let folder = try await ProposedFolder(["t.csv": column("OrderDate", values.map { "\"\($0)\"" })]
    )
    #expect(try folder.declared("t", "OrderDate") == declared)
    let loaded = try await folder.load()
    let lost = try await loaded.rows("SELECT count(*) FROM t WHERE OrderDate IS NULL")
    #expect(lost == [["0"]])
  }

  @Test func `days come first unless the other files say months`() async throws {
    let open = column("Closed", ["1/2/2024", "3/4/2024"])
    let alone = try await ProposedFolder(["t.csv": open])
    #expect(try alone.declared("t", "Closed") == "date %d/%m/%Y")
    #expect(
      alone.traps(.ambiguousDate) == [
        "t.Closed: days are taken to come first, but no value is over 12: check, months may come first"
      ])
    #expect(alone.proposal.yaml.contains("# days are taken to come first"))

    let other = column("Opened", ["1/31/2024", "3/4/2024"])
    let both = try await ProposedFolder(["t.csv": open, "u.csv": other])
    #expect(try both.declared("t", "Closed") == "date %m/%d/%Y")
    #expect(both.traps(.ambiguousDate).count == 1)
    try await both.load()
  }

  @Test func `dates in several notations stay text and are named`() async throws {
    let folder = try await ProposedFolder([
      "t.csv": column("Day", ["31/01/2024", "28/02/2024", "2024-03-01"])
    ])
    #expect(try folder.declared("t", "Day") == nil)
    #expect(
      folder.traps(.mixedFormats) == [
        "t.Day: dates in several notations, so text: 8 rows as %d/%m/%Y, 4 rows as ISO 8601 of 12 rows"
      ])
    #expect(try await folder.load().types("t")["Day"] == "text")
  }

  @Test func `eight digits are a date only where the name says so`() async throws {
    let folder = try await ProposedFolder(["t.csv": column("Serial", ["20240131", "20240201"])])
    #expect(try folder.declared("t", "Serial") == nil)
  }

  @Test func `spellings of missing values are found where a type needs them`() async throws {
    let folder = try await ProposedFolder([
      "a.csv": column("Amount", ["1.50", "N/A", "2.25"]),
      "b.csv": column("Day", ["31.01.2024", "-", "28.02.2024"]),
      "c.csv": column("Note", ["fine", "NULL", "good"]), "d.csv": column("Plain", ["1", "2"]),
    ])
    #expect(try folder.source("a").missing == ["N/A"])
    #expect(try folder.source("b").missing == ["-"])
    #expect(try folder.source("c").missing == ["NULL"])
    #expect(try folder.source("d").missing == [])
    #expect(folder.traps(.missingSpelling).contains("a.Amount: 'N/A' in 4 rows: read as missing"))
    let loaded = try await folder.load()
    #expect(try loaded.types("a")["Amount"] == "decimal(18,6)")
    #expect(try loaded.types("b")["Day"] == "date")
    #expect(try await loaded.rows("SELECT count(Day) FROM b") == [["8"]])
  }

  @Test func `a word that other columns mean is not read as missing`() async throws {
    let folder = try await ProposedFolder([
      "t.csv": "Id,Country,Score\n1,NA,5\n2,DE,NA\n3,NO,7\n4,SE,8\n"
    ])
    #expect(try folder.source("t").missing == [])
    #expect(folder.traps(.mixedValues).map { $0.contains("'NA' in 1 row") } == [true])
    #expect(try await folder.load().types("t")["Score"] == "text")
  }

  @Test func `numbers and dates that stand for nothing are named`() async throws {
    let contacted = (1...30).map {
      "\($0),\($0 % 3 == 0 ? $0 : 999),\($0 % 4 == 0 ? "9999-12-31" : "2024-01-\(10 + $0 % 9)"),\($0 % 5 == 0 ? -1 : $0),\(-1)"
    }
    let folder = try await ProposedFolder([
      "t.csv": "Id,DaysSince,EndsOn,Grade,Quantity\n" + contacted.joined(separator: "\n") + "\n",
      "ids.csv": "ProductId\n1\n2\n999\n",
    ])
    #expect(
      folder.traps(.sentinel) == [
        "t.DaysSince: '999' in 20 rows may stand for no value",
        "t.EndsOn: '9999-12-31' in 7 rows may stand for no value",
        "t.Grade: '-1' in 6 rows may stand for no value",
      ])
    try await folder.load()
  }

  @Test func `blanks do not keep numbers from being numbers`() async throws {
    let folder = try await ProposedFolder([
      "t.csv": column("Total", ["29.85", "\" \"", "\" 3.10\""]),
      "u.csv": column("Code", ["\"CM \"", "G"]),
    ])
    #expect(try folder.declared("t", "Total") == "decimal(18,6)")
    #expect(folder.proposal.yaml.contains("Total: decimal"))
    #expect(folder.traps(.blanks).contains("u.Code: blanks around values in 6 rows"))
    #expect(try await folder.load().rows("SELECT count(Total) FROM t") == [["8"]])
  }

  @Test func `digits that are no numbers stay text`() async throws {
    let folder = try await ProposedFolder([
      "t.csv":
        "Id,PostalCode,Phone,Gender,Letter,Big\n1,12345,4711,F,00123,12345678901234567890\n2,54321,4712,F,123,1\n"
    ])
    #expect(try folder.declared("t", "PostalCode") == "text")
    #expect(try folder.declared("t", "Phone") == "text")
    #expect(try folder.declared("t", "Gender") == "text")
    let loaded = try await folder.load()
    #expect(
      try await loaded.rows("SELECT PostalCode, Gender, Letter, Big FROM t ORDER BY Id")
        == [["12345", "F", "00123", "12345678901234567890"], ["54321", "F", "123", "1"]])
  }

  @Test func `columns that say nothing are named together`() async throws {
    let rows = (1...40).map { "\($0),same,,\($0 == 1 ? "x" : "")" }.joined(separator: "\n")
    let folder = try await ProposedFolder(["t.csv": "Id,Constant,Empty,Rare\n\(rows)\n"])
    let yaml = folder.proposal.yaml
    #expect(yaml.contains("# one value in every row: Constant"))
    #expect(yaml.contains("# empty in every row: Empty"))
    #expect(yaml.contains("# missing in 95 % of rows or more: Rare"))
    try await folder.load()
  }

  @Test func `numbers with commas and currencies are named`() async throws {
    let folder = try await ProposedFolder([
      "t.csv": column("Price", ["\"1,50\"", "\"$ 3.20\"", "12"])
    ])
    #expect(folder.traps(.writtenNumber).count == 1)
    try await folder.load()
  }
}
