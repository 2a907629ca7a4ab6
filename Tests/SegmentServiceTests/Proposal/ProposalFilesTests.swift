import Foundation
import SegmentCompiler
import SegmentEngines
import Testing

@testable import SegmentService

/// Which files become tables, how they are read, and what is left out.
@Suite struct ProposalFilesTests {
  @Test func `delimiters, endings and folders are found out`() async throws {
    let folder = try await ProposedFolder([
      "data/customers.csv": "CustomerId,Name\n1,\"Ada, the first\"\n2,Bo\n",
      "data/orders.csv": "OrderId;CustomerId\n10;1\n11;2\n12;2\n",
      "data/visits.tsv": "VisitId\tCustomerId\n1\t1\n2\t1\n3\t2\n",
      "data/calls.ndjson":
        "{\"CallId\": 1, \"CustomerId\": 1}\n{\"CallId\": 2, \"CustomerId\": 2}\n",
    ])
    #expect(try folder.source("customers").folder == "data")
    #expect(try folder.globs("customers") == ["customers.csv"])
    #expect(try folder.source("orders").delimiter == ";")
    #expect(try folder.source("visits").delimiter == "\t")
    #expect(try folder.source("visits").format == .csv)
    #expect(folder.relationships.count == 3)
    try await folder.load()
  }

  @Test func `Parquet brings its types, and a column of lists is not loaded`() async throws {
    let folder = try await ProposedFolder { root in
      let path = root.appending(path: "customers.parquet").path
      try await DuckDBDatabase(path: nil).connect().execute(
        """
        COPY (SELECT range AS CustomerId, DATE '2024-01-01' AS Since, [1, 2] AS Tags, 1.5::DECIMAL(6,2) AS Fee
          FROM range(30)) TO \(.literal(path)) (FORMAT parquet)
        """)
    }
    #expect(try folder.key("customers") == ["CustomerId"])
    #expect(try folder.table("customers").ignore == ["Tags"])
    #expect(try await folder.load().types("customers")["Fee"] == "decimal(6,2)")
  }

  @Test func `files of one kind are one table`() async throws {
    let folder = try await ProposedFolder([
      "orders-2023.csv": "OrderId,Total\n1,5\n2,6\n",
      "orders-2024.csv": "OrderId,Total,Channel\n3,7,web\n",
    ])
    #expect(folder.tables == ["orders"])
    #expect(try folder.globs("orders") == ["orders-*.csv"])
    #expect(try folder.key("orders") == ["OrderId"])
    try await folder.load()
  }

  @Test func `of several exports of the same rows the last is taken`() async throws {
    let customers = { (last: Int) in
      "CustomerId,City\n" + (1...last).map { "\($0),Oslo\n" }.joined()
    }
    let folder = try await ProposedFolder([
      "customers_2024-01.csv": customers(50), "customers_2024-02.csv": customers(60),
    ])
    #expect(folder.tables == ["customers"])
    #expect(try folder.globs("customers") == ["customers_2024-02.csv"])
    #expect(try folder.key("customers") == ["CustomerId"])
    #expect(
      folder.leftOut("customers_2024-01.csv")
        == "an older export of the same table as customers_2024-02.csv: 50 rows of all files repeat a CustomerId"
    )
    try await folder.load()
  }

  @Test func `copies and parts of a file are left out`() async throws {
    let folder = try await ProposedFolder([
      "a.csv": "Id,Name\n1,x\n2,y\n3,z\n", "copy of a.csv": "Name,Id\nz,3\ny,2\nx,1\n",
      "small.csv": "Id,Name\n2,y\n", "other.csv": "Id,Name\n2,y\n9,q\n",
    ])
    #expect(folder.tables == ["a", "other"])
    #expect(folder.leftOut("copy of a.csv") == "the same rows as a.csv")
    #expect(folder.leftOut("small.csv") == "its row stands in a.csv too")
    try await folder.load()
  }

  @Test func `what cannot be read is left out with its reason, and the rest is proposed`()
    async throws
  {
    let folder = try await ProposedFolder { root in
      let write = { (name: String, data: Data) in try data.write(to: root.appending(path: name)) }
      try write("good.csv", Data("Id,City\n1,Oslo\n2,Bergen\n".utf8))
      try write("broken.csv", Data("Id,City\n1,Oslo\n2\n3,Bergen\n".utf8))
      try write("latin.csv", Data([0x49, 0x64, 0x2C, 0x4E, 0x0A, 0x31, 0x2C, 0xE9, 0x0A]))
      try write("empty.csv", Data())
      try write("header.csv", Data("Id,City\n".utf8))
      try write("headless.csv", Data("1,Oslo,3.5\n2,Bergen,4.5\n".utf8))
      try write("twice.csv", Data("Id,id,City\n1,2,x\n".utf8))
      try write("notes.txt", Data("These are notes,\nnot a table at all, is it,\nno.\n".utf8))
      try write("README.md", Data("# Readme\n".utf8))
      try write("book.xlsx", Data([0x50, 0x4B]))
      try write("whole.json", Data("[]".utf8))
      try write("image.csv", Data((0..<200).map { UInt8($0) }))
      try write("bad.parquet", Data("PAR?".utf8))
      try #require(mkfifo(root.appending(path: "pipe.csv").path, 0o600) == 0)
    }
    #expect(folder.tables == ["good"])
    let reasons = [
      "broken.csv": "line 3: 1 cell, where the header has 2", "latin.csv": "not in UTF-8",
      "empty.csv": "it is empty",
      "header.csv": "no rows", "headless.csv": "no header", "twice.csv": "'Id' and 'id' differ",
      "notes.txt": "no table", "README.md": "for people", "book.xlsx": "save its sheets as CSV",
      "whole.json": "one object a line", "image.csv": "cannot be read",
      "bad.parquet": "it cannot be read: this is no Parquet file",
      "pipe.csv": "it is no file but a pipe or a device",
    ]
    for (file, reason) in reasons {
      let found = folder.leftOut(file)
      #expect(found?.contains(reason) ?? false, "\(file): \(found ?? "not left out")")
    }
    #expect(folder.proposal.leftOut.count == reasons.count)
    #expect(!folder.proposal.yaml.contains(folder.root.path))
    try await folder.load()
  }

  @Test func `a folder without data says what it holds`() async throws {
    await #expect(throws: ProposalError.self) { try await ProposedFolder([:]) }
    do {
      _ = try await ProposedFolder(["README.md": "x", "a.xlsx": "y"])
      Issue.record("proposed something")
    } catch let error as ProposalError {
      #expect("\(error)".contains("a.xlsx: a spreadsheet"))
    }
    let missing = WorkspaceProposer(folder: URL(filePath: "/nowhere/at/all"))
    await #expect(throws: ProposalError.self) { try await missing.propose() }
  }

  @Test func `names that YAML and references take for something else are quoted`() async throws {
    let folder = try await ProposedFolder([
      "no.csv":
        "id,net.total,\"say \"\"x\"\"\",yes: no,# a\n1,00123,a,1/31/2024,\" b\"\n2,00456,b,2/1/2024,c\n",
      "on order.csv": "order id,no.id\n7,1\n8,2\n9,1\n",
    ])
    #expect(folder.tables == ["no", "on_order"])
    #expect(try folder.declared("no", "yes: no") == "date %m/%d/%Y")
    #expect(folder.relationships == ["on_order.\"no.id\" -> no.id"])
    try await folder.load()
  }

  @Test func `a file that is there is replaced only on demand`() async throws {
    let folder = try await ProposedFolder(["a.csv": "Id\n1\n2\n"])
    let file = folder.root.appending(path: "workspace.yaml")
    try folder.proposal.write(to: file, replacing: false)
    try Data("mine".utf8).write(to: file)
    #expect(throws: ProposalError.self) { try folder.proposal.write(to: file, replacing: false) }
    #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
    try folder.proposal.write(to: file, replacing: true)
    #expect(try String(contentsOf: file, encoding: .utf8) == folder.proposal.yaml)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.root.path).sorted()
    #expect(left == ["a.csv", "workspace.yaml"])
  }
}
