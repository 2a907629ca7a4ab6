import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// The members of segments as tables and files that others read.
@Suite struct OutputTableTests {
  private static let oslo =
    "{segment: oslo, rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}], project: [Customer.Points]}\n"
  private static let coffee =
    "{segment: coffee, rules: [{from: Order, match: {attribute: Order.Product, is: equalTo, value: coffee}}], project: [Order.Nr]}\n"

  private func file(_ shop: Shop, _ name: String) -> URL { shop.service.folder.outputFile(name) }

  private func isThere(_ shop: Shop, _ name: String) -> Bool {
    FileManager.default.fileExists(atPath: file(shop, name).path)
  }

  /// The rows of a file, as a reader other than Muster sees them.
  private func rows(_ shop: Shop, _ name: String) async throws -> [[String]] {
    try await shop.workspace.sql("SELECT * FROM read_parquet('\(file(shop, name).path)')")
      .map { $0.map(\.plainText) }
  }

  // MARK: Tables

  @Test func `each segment with members is a table of the catalog`() async throws {
    let shop = try await Shop(segments: Self.oslo, Self.coffee, Shop.fans, Shop.heavy)
    #expect(try shop.service.outputTables() == [])
    try await shop.refresh(["oslo", "coffee", "fans"])
    let tables = try shop.service.outputTables()
    #expect(tables.map(\.name) == ["Coffee", "Fans", "Oslo"])
    #expect(tables.map(\.segment) == ["coffee", "fans", "oslo"])
    #expect(
      tables.map(\.rows) == [2, 2, 2]
        && tables.map(\.audience) == ["Customer", "Customer", "Customer"])
    #expect(
      tables[2].attributes == [
        .init(name: "Id", type: .integer, isList: false),
        .init(name: "Customer.Points", type: .integer, isList: false),
      ])
    #expect(tables[0].attributes[1] == .init(name: "Order.Nr", type: .integer, isList: true))
    #expect(tables.allSatisfy { $0.file == nil })

    let found = try shop.service.outputTable("OSLO")
    #expect(found == tables[2])
    let text = try await shop.text(
      MemberSelection(segment: found.segment, run: found.run), as: .csv(raw: true))
    #expect(text == "Id,Customer.Points\r\n1,10\r\n2,20\r\n")
    #expect(throws: UnknownOutputTable.self) { try shop.service.outputTable("Heavy") }
    let unknown = #expect(throws: UnknownOutputTable.self) {
      try shop.service.outputTable("Cofee")
    }
    #expect(unknown?.description.contains("Coffee") == true)
  }

  @Test func `a table keeps the rows and attributes of its run until the next one`() async throws {
    let shop = try await Shop(segments: Self.oslo)
    try await shop.refresh()
    let before = try shop.service.outputTable("Oslo")
    try shop.save(Self.oslo.replacing("project: [Customer.Points]", with: "project: []"))
    try await shop.load("Customer.csv", Shop.customers.replacing("2,Oslo", with: "2,Bergen"))
    #expect(try shop.service.outputTable("Oslo") == before)
    try await shop.refresh()
    let after = try shop.service.outputTable("Oslo")
    #expect(after.attributes.map(\.name) == ["Id"] && after.rows == 1)
  }

  // MARK: Files

  @Test func `a file follows each refresh, and only of segments that keep one`() async throws {
    let shop = try await Shop(segments: Self.oslo, Self.coffee)
    try shop.service.change("coffee", [.outputFile(true)])
    #expect(try await shop.service.writeOutputFiles() == [])
    try await shop.refresh()
    #expect(try await rows(shop, "Coffee") == [["1", "[2]"], ["2", "[3]"]])
    #expect(!isThere(shop, "Oslo"))
    #expect(try shop.service.outputTable("Coffee").file?.isCurrent == true)
    #expect(try shop.service.outputTable("Oslo").file == nil)

    try await shop.load("Order.csv", Shop.orders + "5,3,coffee,2024-03-30,4\n")
    try await shop.refresh()
    #expect(try await rows(shop, "Coffee").map { $0[0] } == ["1", "2", "3"])
    #expect(try await shop.service.writeOutputFiles() == [])

    // As a table, it can be had at once.
    try shop.service.change("oslo", [.outputFile(true)])
    #expect(try await shop.service.writeOutputFiles() == ["Oslo"])
    #expect(try await rows(shop, "Oslo") == [["1", "10"], ["2", "20"]])
  }

  @Test func `a job writes the files of what it has published`() async throws {
    let shop = try await Shop(segments: Self.oslo)
    try shop.service.change("oslo", [.outputFile(true)])
    let job = try await shop.finish(try shop.service.makeJob(JobRequest(.all)))
    #expect(job.tasks.map(\.state.status) == [.successful])
    #expect(try await rows(shop, "Oslo").count == 2)
  }

  @Test func `a file goes with its name, with its segment, and when nobody wants it`() async throws
  {
    let shop = try await Shop(segments: Self.oslo)
    try shop.service.change("oslo", [.outputFile(true)])
    try await shop.refresh()
    try shop.service.change("oslo", [.outputName("Capital")])
    #expect(!isThere(shop, "Oslo"))
    #expect(try await shop.service.writeOutputFiles() == ["Capital"])
    // Names that differ in case only are files of their own on most systems.
    try shop.service.change("oslo", [.outputName("CAPITAL")])
    #expect(try await shop.service.writeOutputFiles() == ["CAPITAL"])
    #expect(isThere(shop, "CAPITAL") && !isThere(shop, "Capital"))

    // Who is inactive keeps members, and the file that shows them.
    try shop.service.change("oslo", [.deactivate])
    #expect(try await shop.service.writeOutputFiles() == [] && isThere(shop, "CAPITAL"))

    try shop.service.delete("oslo")
    #expect(!isThere(shop, "CAPITAL"))
    #expect(throws: UnknownOutputTable.self) { try shop.service.outputTable("CAPITAL") }
    try shop.service.restore(deleted: "oslo")
    #expect(try await shop.service.writeOutputFiles() == ["CAPITAL"])

    try shop.service.change("oslo", [.outputFile(false)])
    #expect(!isThere(shop, "CAPITAL"))
    #expect(try await shop.service.writeOutputFiles() == [])
  }

  @Test func `a file that is lost, damaged or left behind is found and made again`() async throws {
    let shop = try await Shop(segments: Self.oslo)
    try shop.service.change("oslo", [.outputFile(true)])
    try await shop.refresh()
    let sound = try await shop.service.check()
    #expect(sound.findings.isEmpty && sound.verified.outputFiles == 1)

    try Shop.damage(file(shop, "Oslo"))
    #expect(try await !shop.service.check().isSound)
    let mended = try await shop.service.check(mend: true)
    #expect(mended.isSound && mended.mended.count == 1 && !isThere(shop, "Oslo"))
    #expect(mended.findings.map(\.severity) == [.notice])
    #expect(try await shop.service.writeOutputFiles() == ["Oslo"])

    // As after a kill between the file and the note of it: it is made again, not taken for damaged.
    try shop.service.store.forgetOutputFiles()
    #expect(try await shop.service.check().isSound)
    #expect(try await shop.service.writeOutputFiles() == ["Oslo"])

    let stray = file(shop, "Stray")
    try Data("x".utf8).write(to: stray)
    #expect(try await shop.service.check().findings.map(\.remedy) == [.removeFile(stray)])
    #expect(try await shop.service.collectGarbage(dryRun: true).outputs.map(\.url) == [stray])
    _ = try await shop.service.collectGarbage()
    #expect(!isThere(shop, "Stray") && isThere(shop, "Oslo"))
  }

  @Test func `what cannot be written is told, and leaves members and other files alone`()
    async throws
  {
    let shop = try await Shop(segments: Self.oslo, Self.coffee)
    for name in ["oslo", "coffee"] { try shop.service.change(name, [.outputFile(true)]) }
    try FileManager.default.createDirectory(
      at: file(shop, "Coffee").appending(path: "in the way"), withIntermediateDirectories: true)
    let failure = await #expect(throws: OutputFilesFailure.self) { try await shop.refresh() }
    #expect(failure?.causes.map(\.segment) == ["coffee"])
    #expect(try await shop.keys("coffee") == ["1", "2"])
    #expect(try await rows(shop, "Oslo").count == 2)

    let notes = Notes()
    let job = try await shop.finish(
      try shop.service.makeJob(JobRequest(.all)), notes: notes)
    #expect(job.tasks.allSatisfy { $0.state.status == .successful })
    #expect(notes.troubles.contains { $0.contains("coffee") })
    try FileManager.default.removeItem(at: file(shop, "Coffee"))
    #expect(try await shop.service.writeOutputFiles() == ["Coffee"])
  }

  // MARK: Erasure

  @Test func `an erased member is in no output file`() async throws {
    let club = try await Club.withHistory()
    for name in ["oslo", "buyers", "friends"] {
      try club.service.change(name, [.outputFile(true)])
    }
    #expect(try await club.service.writeOutputFiles() == ["Buyers", "Friends", "Oslo"])
    #expect(try club.files(with: Club.key).contains("Oslo.parquet"))
    try await club.erase()
    #expect(try club.files(with: Club.key) == [])
    let table = try club.service.outputTable("Oslo")
    #expect(table.file?.isCurrent == true && table.rows == 2)
    let path = try #require(table.file?.path)
    #expect(
      try await club.column("SELECT MemberId FROM read_parquet('\(path)') ORDER BY 1")
        == ["a", "b"])
  }

  @Test func `an erasure that is finished later removes the files first`() async throws {
    let club = try await Club.withHistory()
    try club.service.change("oslo", [.outputFile(true)])
    try await club.service.writeOutputFiles()
    // What is left to do when the process ends behind the commit point.
    try club.service.finishErasure()
    #expect(try club.files(with: "PAR1") == [])
    #expect(try club.service.store.wantedOutputFiles().map(\.written) == [nil])
    #expect(try await club.service.writeOutputFiles() == ["Oslo"])
  }
}
