import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Loads after an erasure: the person stays away, and nobody else does.
@Suite struct ErasedLoadTests {
  private static func row(_ file: String, _ text: String) -> String { Club.files[file]! + text }

  @Test func `the same files again change nothing, touched or not`() async throws {
    let club = try await Club.withHistory()
    try await club.erase()
    #expect(try await club.load().isNew == false)
    try club.write("Member.csv", Club.files["Member.csv"]!)
    #expect(try await club.load().isNew == false)
    #expect(try await club.column("SELECT MemberId FROM Member ORDER BY 1") == ["a", "b", "c"])
  }

  @Test func `files read anew leave out what is hers, and say how many rows`() async throws {
    let club = try await Club.withHistory()
    try await club.erase()
    try club.write("Member.csv", Self.row("Member.csv", "e,Eve,eve@club.example,,,Oslo\n"))
    try club.write("Order-1.csv", Self.row("Order-1.csv", "5,e,milk\n"))
    try club.write("Line-1.csv", Self.row("Line-1.csv", "5,2,well\n"))
    try club.write("Passport.csv", Self.row("Passport.csv", "pe,NO\n"))
    try club.write("Letter.csv", Self.row("Letter.csv", "3,eve@club.example,Hey\n"))
    try club.write("Visit.csv", Self.row("Visit.csv", "3,e,1\n"))
    let report = try await club.load()
    #expect(
      Dictionary(uniqueKeysWithValues: report.tables.map { ($0.table, $0.erased) })
        .filter { $0.value > 0 } == [
          "Member": 1, "Order": 1, "Line": 2, "Passport": 1, "Letter": 1,
        ])
    #expect(report.tables.flatMap(\.problems).isEmpty && report.warnings.isEmpty)
    #expect(
      try await club.column("SELECT MemberId FROM Member ORDER BY 1") == ["a", "b", "c", "e"])
    #expect(
      try await club.column("SELECT OrderId FROM \"Order\" ORDER BY 1") == ["1", "2", "3", "5"])
    #expect(try await club.column("SELECT OrderId FROM Line ORDER BY 1") == ["1", "2", "3", "5"])
    #expect(try await club.column("SELECT LetterId FROM Letter ORDER BY 1") == ["1", "3"])
    #expect(try await club.column("SELECT HostId FROM Visit ORDER BY VisitId") == ["a", "∅", "e"])
    #expect(try await club.column("SELECT count(*) FROM Passport") == ["4"])
    club.close()
    for trace in Club.traces { #expect(try club.files(with: trace) == []) }
  }

  @Test func `lines of an erased order stay away when they come alone`() async throws {
    let club = try await Club.withHistory()
    try await club.erase()
    try club.write("Line-3.csv", "OrderId,ProductId,Message\n\(Club.orders[0]),1,late\n2,1,fine\n")
    let report = try await club.load()
    #expect(report.tables.first { $0.table == "Line" }?.erased == 1)
    #expect(
      try await club.column("SELECT Message FROM Line WHERE Message IN ('late', 'fine')") == [
        "fine"
      ])
  }

  @Test func `a new order of hers is left out with its lines, in whatever order they come`()
    async throws
  {
    let club = try await Club.withHistory()
    try await club.erase()
    // First the line, which nobody can know to be hers.
    try club.write("Line-3.csv", "OrderId,ProductId,Message\n990077,1,late-line-of-hers\n")
    #expect(try await club.load().tables.first { $0.table == "Line" }?.erased == 0)
    #expect(try await club.column("SELECT count(*) FROM Line WHERE OrderId = 990077") == ["1"])
    // Then its order: the line's file has not changed.
    try club.write("Order-3.csv", "OrderId,MemberId,Note\n990077,\(Club.key),x\n6,a,y\n")
    let report = try await club.load()
    #expect(report.tables.first { $0.table == "Order" }?.erased == 1)
    let line = try #require(report.tables.first { $0.table == "Line" })
    #expect(line.erased == 1 && line.problems.count == 1)
    #expect(
      line.problems.first?.isFatal == false
        && line.problems.first?.message.contains("--again") == true)
    #expect(try await club.column("SELECT count(*) FROM Line WHERE OrderId = 990077") == ["0"])
    // Later lines of the same order are known, too.
    try club.write("Line-4.csv", "OrderId,ProductId,Message\n990077,2,even-later\n")
    #expect(try await club.load().tables.first { $0.table == "Line" }?.erased == 1)

    #expect(try club.files(with: "late-line-of-hers") != [])
    let again = try await club.service.erase(.again)
    #expect(again.tables.map(\.table) == ["Line"] && again.profiles == 0)
    #expect(try club.files(with: "late-line-of-hers") == [])
    #expect(try await club.service.erase(.again).tables == [])
    #expect(try await club.load().isNew == false)
  }

  @Test func `a key that was hers and is given to somebody else is theirs`() async throws {
    let club = try await Club.withHistory()
    try await club.erase()
    try club.write(
      "Order-3.csv", "OrderId,MemberId,Note\n\(Club.orders[0]),a,reused\n")
    try club.write("Order-1.csv", "OrderId,MemberId,Note\n1,a,tea\n2,b,coffee\n")
    try club.write("Line-3.csv", "OrderId,ProductId,Message\n\(Club.orders[0]),1,hers now\n")
    try club.write(
      "Member-2.csv",
      "MemberId,Name,Email,AccountId,PassportId,City\nf,Flo,\(Club.traces[2]),,\(Club.traces[3]),\n"
    )
    try club.write("Passport.csv", Self.row("Passport.csv", ""))
    try await club.load()
    #expect(
      try await club.column("SELECT Note FROM \"Order\" WHERE OrderId = \(Club.orders[0])") == [
        "reused"
      ])
    #expect(
      try await club.column("SELECT Message FROM Line WHERE OrderId = \(Club.orders[0])") == [
        "hers now"
      ])
    #expect(
      try await club.column("SELECT Email FROM Member WHERE MemberId = 'f'") == [Club.traces[2]])
    // The mailbox is a new one: its ordinal is not the one that was burnt.
    let ordinals = try await club.ordinals("Mailbox")
    #expect(ordinals[Club.traces[2]] != nil && ordinals["∅"]?.count == 1)
  }

  @Test(arguments: [
    ("integer", "text", "0042"), ("integer", "text", " 42"), ("text", "integer", "42"),
  ])
  func `a key of another type is the same key`(before: String, after: String, written: String)
    async throws
  {
    func yaml(_ type: String) -> String {
      """
      workspace: T
      tables:
        P: {files: p.csv, key: Id, attributes: {Id: \(type)}}
        Q: {files: q.csv, attributes: {PId: \(type)}}
      relationships: [Q.PId -> P.Id]
      audiences: {\(type == before ? "Old" : "New"): {table: P}}
      """
    }
    let club = try Club(
      yaml: yaml(before),
      files: ["p.csv": "Id,N\n42,x\n43,y\n", "q.csv": "PId,M\n42,zzz\n43,ok\n"])
    try await club.load()
    try await club.erase("42", from: "Old")
    club.close()
    try club.write("workspace.yaml", yaml(after))
    try club.write("p.csv", "Id,N\n\(written),x\n43,y\n")
    try club.write("q.csv", "PId,M\n\(written),zzz\n43,ok\n")
    try await club.load()
    #expect(try await club.column("SELECT Id FROM P") == ["43"])
    #expect(try await club.column("SELECT M FROM Q") == ["ok"])
  }

  @Test func `two texts that read as the same number are two people`() async throws {
    let club = try Club(
      yaml:
        "{workspace: T, tables: {P: {files: p.csv, key: Id, attributes: {Id: text}}}, audiences: {P: {table: P}}}",
      files: ["p.csv": "Id\n7\n007\n"])
    try await club.load()
    try await club.erase("7", from: "P")
    try club.write("p.csv", "Id\n7\n007\n0007\n")
    try await club.load()
    #expect(try await club.column("SELECT Id FROM P ORDER BY 1") == ["0007", "007"])
  }

  @Test func `erased rows are left out before keys are checked`() async throws {
    let club = try await Club.withHistory()
    try await club.erase()
    // Twice, which would fail the table.
    let hers = Club.files["Member.csv"]!.split(separator: "\n").first { $0.contains("Xantippe") }!
    try club.write("Member.csv", Self.row("Member.csv", "\(hers)\n"))
    let report = try await club.load()
    #expect(report.failed.isEmpty)
    #expect(report.tables.first { $0.table == "Member" }?.erased == 2)
  }

  @Test func `a renamed key is recognised, a renamed table gives a warning`() async throws {
    let club = try Club(
      yaml: "{workspace: T, tables: {P: {files: p.csv, key: Id}}, audiences: {P: {table: P}}}",
      files: ["p.csv": "Id\nkept\nerased\n"])
    try await club.load()
    try await club.erase("erased", from: "P")
    club.close()
    try club.write(
      "workspace.yaml",
      "{workspace: T, tables: {P: {files: p.csv, key: Nr, attributes: {Nr: {type: text, column: Id}}}}, audiences: {P: {table: P}}}"
    )
    #expect(try await club.load().warnings == [])
    #expect(try await club.column("SELECT Nr FROM P") == ["kept"])
    club.close()
    try club.write(
      "workspace.yaml",
      "{workspace: T, tables: {Person: {files: p.csv, key: Id}}, audiences: {P: {table: Person}}}")
    let warnings = try await club.load().warnings
    #expect(warnings.count == 1 && warnings[0].contains("'P'"))
  }

  @Test func `what is left is what a load without her would give, erased or left out`() async throws
  {
    let without = try Club(
      files: Club.files.mapValues { text in
        text.split(separator: "\n").filter { line in
          !Club.traces.contains { line.contains($0) } && !line.hasPrefix("\(Club.orders[0])")
        }.joined(separator: "\n") + "\n"
      })
    try without.write("Visit.csv", "VisitId,HostId,Guests\n1,a,4\n2,,6\n")
    try without.write("Order-2.csv", "OrderId,MemberId,Note\n3,c,juice\n")
    try without.write("Line-2.csv", "OrderId,ProductId,Message\n3,2,thanks\n")
    try await without.load()
    let expected = try await without.content()

    let club = try await Club.withHistory()
    try await club.erase()
    #expect(try await club.content() == expected)
    // All files anew: the workspace file says something else of every table.
    club.close()
    try club.write("workspace.yaml", Club.yaml + "\ntimeZone: Europe/Oslo\n")
    let report = try await club.load()
    #expect(report.tables.allSatisfy { $0.outcome == .loaded })
    #expect(try await club.content() == expected)
  }

  @Test func `a reference to an erased row of the same table becomes missing`() async throws {
    let club = try Club(
      yaml: """
        workspace: T
        tables: {P: {files: p.csv, key: Id, attributes: {Parent: integer}}}
        relationships: [P.Parent -> P.Id as Parent]
        audiences: {P: {table: P, kind: account, hierarchy: P.Parent}}
        """, files: ["p.csv": "Id,Parent\n1,\n2,1\n3,2\n"])
    try await club.load()
    try await club.erase("2", from: "P")
    #expect(
      try await club.column("SELECT concat(Id, ' ', Parent) FROM P ORDER BY Id") == ["1 ", "3 "])
    try club.write("p.csv", "Id,Parent\n1,2\n2,1\n3,2\n4,3\n")
    try await club.load()
    #expect(
      try await club.column("SELECT concat(Id, ' ', Parent) FROM P ORDER BY Id") == [
        "1 ", "3 ", "4 3",
      ])
  }

  @Test func `a load and a refresh that began before an erasure publish nothing`() async throws {
    let club = try await Club.withHistory()
    let service = try club.service
    let old = service.data.current
    let loader = Loader(
      workspace: service.definition, folder: service.folder.root, store: service.store,
      database: old.database)
    try await club.erase()
    try club.write("Member.csv", Self.row("Member.csv", "e,Eve,eve@club.example,,,Oslo\n"))
    await #expect(throws: SegmentStoreError.rewrittenMeanwhile) { try await loader.load(at: 0) }
    #expect(throws: SegmentStoreError.rewrittenMeanwhile) {
      try service.store.publish([], from: old.name)
    }
    // Who has the old file open reads on.
    let version = try #require(try service.store.currentDataVersion())
    let audience = try #require(try service.catalog().audience("Member"))
    #expect(try await old.engine.universe(of: audience, in: version).count == 4)
    #expect(try await service.engine.universe(of: audience, in: version).count == 3)
  }
}
