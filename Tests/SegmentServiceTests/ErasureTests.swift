import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Who is gone after an erasure, who stays, and what it says of itself.
@Suite struct ErasureTests {
  // MARK: Bytes

  @Test func `no file holds a byte of an erased member: key, attributes, orders, letters`()
    async throws
  {
    let club = try await Club.withHistory()
    for trace in Club.traces {
      #expect(try club.files(with: trace) != [], "\(trace) cannot be found before")
    }
    #expect(try club.files(with: Club.key).contains { $0.hasPrefix("muster.sqlite") })
    for order in Club.orders { #expect(try club.files(with: order) != []) }

    try await club.erase()
    for trace in Club.traces { #expect(try club.files(with: trace) == []) }
    for order in Club.orders {
      #expect(try club.files(with: order) == [] && club.files(with: String(order)) == [])
    }
    // The same with everything written out that a process holds until its end.
    club.close()
    for trace in Club.traces { #expect(try club.files(with: trace) == []) }

    try await club.load()
    try await club.refresh()
    for trace in Club.traces { #expect(try club.files(with: trace) == []) }
  }

  @Test func `no file holds a byte of an erased account with an integer key`() async throws {
    let club = try await Club.withHistory()
    let low = withUnsafeBytes(of: Club.account.littleEndian) { Array($0.prefix(5)) }
    #expect(try club.files(with: Club.account) != [] && club.files(with: low) != [])
    #expect(try club.files(with: String(Club.account)) != [])
    #expect(try club.files(with: Club.accountTraces[0]) != [])

    try await club.erase(String(Club.account), from: "Account")
    #expect(try club.files(with: Club.account) == [] && club.files(with: low) == [])
    #expect(try club.files(with: String(Club.account)) == [])
    #expect(try club.files(with: Club.accountTraces[0]) == [])
    // Its members stay, and refer to no account.
    #expect(
      try await club.column("SELECT MemberId FROM Member WHERE AccountId IS NULL ORDER BY 1") == [
        "b", Club.key,
      ])
  }

  // MARK: Rows

  @Test func `what belongs to a member goes, what she only refers to or has hosted stays`()
    async throws
  {
    let club = try await Club.withHistory()
    let report = try await club.erase()
    #expect(try await club.column("SELECT MemberId FROM Member ORDER BY 1") == ["a", "b", "c"])
    #expect(try await club.column("SELECT OrderId FROM \"Order\" ORDER BY 1") == ["1", "2", "3"])
    #expect(try await club.column("SELECT OrderId FROM Line ORDER BY 1") == ["1", "2", "3"])
    #expect(
      try await club.column("SELECT PassportId FROM Passport ORDER BY 1") == ["pa", "pb", "spare"])
    #expect(
      try await club.column("SELECT Address FROM Mailbox ORDER BY 1") == [
        "ann@club.example", "bob@club.example", "cat@club.example",
      ])
    #expect(try await club.column("SELECT LetterId FROM Letter") == ["1"])
    #expect(
      try await club.column("SELECT Label FROM Product ORDER BY 1") == [
        "Coffee", "Engraved", "Tea",
      ])
    #expect(try await club.column("SELECT HostId FROM Visit ORDER BY VisitId") == ["a", "∅"])
    #expect(try await club.column("SELECT Title FROM Account ORDER BY AccountId").count == 2)

    #expect(report.audience == "Member" && report.profiles == 1)
    #expect(
      report.tables.map { "\($0.table) \($0.rows) \($0.cleared) \($0.rowsEver)" } == [
        "Member 1 0 1", "Passport 1 0 1", "Order 2 0 3", "Line 3 0 7", "Mailbox 1 0 1",
        "Letter 1 0 1", "Visit 0 1 0",
      ])
    #expect(report.dataVersions == 3)
    #expect(report.lists == ["friends"])
    #expect(
      report.leftovers.files.map { "\($0.path) \($0.rows)" } == [
        "Member.csv 1", "Passport.csv 1", "Order-1.csv 1", "Order-2.csv 1", "Line-1.csv 2",
        "Line-2.csv 1", "Letter.csv 1",
      ])
    // Engraved things were bought by her alone; it may say whose they are.
    #expect(report.leftovers.unreferred == [ErasureReport.Unreferred(table: "Product", rows: 1)])
  }

  @Test func `a dry run says the same and changes nothing`() async throws {
    let club = try await Club.withHistory()
    let request = ErasureRequest.profiles(audience: "Member", keys: [.key(Club.key)])
    let before = try club.service.store.publishedState()
    let preview = try await club.service.previewErasure(request)
    #expect(try club.service.store.publishedState() == before)
    #expect(try await club.keys("oslo") == ["a", "b", Club.key])
    #expect(try await club.service.erase(request) == preview)
  }

  @Test func `calculated attributes are computed again where what they are made from has gone`()
    async throws
  {
    let club = try Club(
      yaml: """
        workspace: T
        tables:
          A: {files: a.csv, key: Id}
          B: {files: b.csv, key: Id, calculated: {Badge: "concat(Name, Owner)", Twice: "concat(Badge, Badge)"}}
        relationships: [B.Owner -> A.Id]
        audiences: {A: {table: A}, B: {table: B}}
        """,
      files: ["a.csv": "Id\nzz-marker\nq\n", "b.csv": "Id,Name,Owner\n1,x,zz-marker\n2,y,q\n"])
    try await club.load()
    try await club.erase("zz-marker", from: "A")
    #expect(try await club.column("SELECT Twice FROM B ORDER BY Id") == ["xx", "yqyq"])
    #expect(try club.files(with: "zz-marker") == [])
  }

  @Test func `what a cleared attribute is computed from is cleared as well`() async throws {
    let member = "Id,Email,Lang\n1,Ann@Marker.Example,nb\n2,Bob@Other.Example,nb\n"
    let club = try Club(
      yaml: """
        workspace: T
        tables:
          Member: {files: m.csv, key: Id, calculated: {Low: lower(Email), Address: "concat('mailto:', Low)"}}
          Mailbox: {derivedFrom: Member.Address, key: Address}
        audiences: {Member: {table: Member}, Mailbox: {table: Mailbox}}
        """, files: ["m.csv": member])
    try await club.load()
    try await club.erase("mailto:ann@marker.example", from: "Mailbox")
    let emails = "SELECT concat(Email, ' ', Lang) FROM Member ORDER BY Id"
    #expect(try await club.column(emails) == [" nb", "Bob@Other.Example nb"])
    try club.write("m.csv", member + "3,,nb\n")
    try await club.load()
    #expect(try await club.column(emails) == [" nb", "Bob@Other.Example nb", " nb"])
    #expect(try club.files(with: "Marker") == [] && club.files(with: "marker") == [])
  }

  @Test func `ways that led over an erased row lead nowhere`() async throws {
    let club = try Club(
      yaml: """
        workspace: T
        tables:
          Partner: {files: p.csv, key: Id}
          Account: {files: a.csv, key: Id}
          Contact: {files: c.csv, key: Id}
        relationships: [Contact.Account -> Account.Id, Account.Partner -> Partner.Id]
        audiences: {Partner: {table: Partner}, Account: {table: Account}, Contact: {table: Contact}}
        """,
      files: [
        "p.csv": "Id\n1\n", "a.csv": "Id,Partner\n10,1\n11,1\n",
        "c.csv": "Id,Account\n100,10\n101,11\n",
      ])
    try await club.load()
    _ = try club.service.save(
      "{segment: s, audience: Partner, rules: [{from: Contact, match: {attribute: Contact.Id, is: equalTo, value: 100}}]}"
    )
    try await club.refresh()
    #expect(try await club.keys("s") == ["1"])
    try await club.erase("10", from: "Account")
    try await club.refresh()
    #expect(try await club.keys("s") == [])
    #expect(try await club.load().isNew == false)
  }

  @Test func `a workspace file that has changed since does not hide older data`() async throws {
    let club = try await Club.withHistory()
    // Orders are about somebody else now, and letters are not loaded any more.
    try club.write(
      "workspace.yaml",
      Club.yaml.replacing("- Order.MemberId -> Member.MemberId", with: "")
        .replacing("- Letter.Address -> Mailbox.Address", with: "")
        .replacing("  Letter: {files: Letter.csv, key: LetterId}\n", with: ""))
    club.close()
    try await club.load()
    try await club.erase()
    for trace in Club.traces
    where !["note-zeta-kumquat", "NOTE-ZETA-KUMQUAT", Club.key, "message-omega-persimmon"].contains(
      trace)
    {
      #expect(try club.files(with: trace) == [])
    }
    // What the file as it is now does not call hers is in its data version alone.
    let versions = try club.service.store.dataVersionIDs()
    for id in versions.dropLast() {
      let part = try #require(try club.service.store.dataVersion(id: id)?.parts["Order"])
      let rows = try await club.service.database.connect().rows(
        "SELECT OrderId FROM \(identifier: part.storedName) WHERE OrderId > 1000")
      #expect(rows.isEmpty)
    }
  }

  // MARK: Ordinals

  @Test func `her ordinals are burnt in every audience, those of others stay`() async throws {
    let club = try await Club.withHistory()
    let before = try await club.ordinals("Member")
    let burnt = try #require(before[Club.key])
    try await club.erase()
    for audience in ["Member", "Regular"] {
      let after = try await club.ordinals(audience)
      #expect(after["∅"] == burnt && after[Club.key] == nil)
      for key in ["a", "b", "c"] { #expect(after[key] == before[key]) }
    }
    #expect(try await club.ordinals("Mailbox")["∅"]?.count == 1)
    #expect(try await club.ordinals("Account")["∅"] == nil)

    try club.write("Member-2.csv", "MemberId,Name,Email,AccountId,PassportId,City\nd,Dee,,,,Oslo\n")
    try await club.load()
    #expect(try await club.ordinals("Member")["d"] == [4])
  }

  // MARK: Runs

  @Test func `runs keep their counts and lose her, lists of those who entered and exited work`()
    async throws
  {
    let club = try await Club.withHistory()
    // She leaves one segment by herself, so that she is among the exited.
    try club.write(
      "Member.csv",
      Club.files["Member.csv"]!.replacing("\(Club.traces[3]),Oslo", with: "\(Club.traces[3]),Moss"))
    try await club.load()
    try await club.refresh()
    #expect(try await club.keys("oslo", .exited) == [Club.key])
    let before = try club.runs("oslo")
    let report = try await club.erase()
    let after = try club.runs("oslo")
    #expect(after.map(\.result?.count) == before.map(\.result?.count))
    #expect(after.map(\.result?.entered) == before.map(\.result?.entered))
    #expect(after.map(\.result?.exited) == before.map(\.result?.exited))
    #expect(after.map(\.result?.erased) == [0, 1, 1, 1])
    for run in after {
      #expect(try await club.keys("oslo", run: run.id) == ["a", "b"])
      #expect(try await club.lines("oslo", run: run.id).count == 2)
      #expect(try await !club.keys("oslo", .exited, run: run.id).contains(Club.key))
    }
    #expect(try await club.keys("oslo", .entered, run: after.last?.id) == ["a", "b"])
    #expect(try await club.keys("friends", run: club.runs("friends").last?.id) == ["a"])
    // oslo three times, buyers and friends and reachable as often as refreshed.
    #expect(report.runs == 3 + 4 + 4 + 4)

    try await club.refresh()
    #expect(try await club.keys("oslo", .exited) == [])
    #expect(try await club.keys("buyers") == ["a", "b", "c"])
    #expect(try await club.keys("reachable").count == 3)
    await #expect(throws: WorkspaceError.noProfile(key: Club.key, audience: "Member")) {
      try await club.service.why(segment: "oslo", key: Club.key)
    }
  }

  @Test func `manual lists lose her in every version, and pending keys stay`() async throws {
    let club = try await Club.withHistory()
    _ = try club.service.save("{segment: friends, audience: Member, keys: [b, \(Club.key)]}")
    _ = try club.service.save("{segment: friends, audience: Regular, keys: [\(Club.key)]}")
    try await club.erase()
    let versions = try club.service.store.versions("friends").map(\.definition)
    #expect(versions.count == 3 && versions[0].contains("\"keys\":[]"))
    #expect(versions[1].contains("[\"b\"]") && versions[2].contains("[\"a\",\"not-yet-there\"]"))
    // A list with what it has now is the same version.
    let saved = try club.service.save("{segment: friends, audience: Regular, keys: []}")
    #expect(saved.map(\.version) == [3])
  }

  // MARK: Quotations

  @Test func `definitions that quote her are named, causes that do are rewritten`() async throws {
    let club = try await Club.withHistory()
    try club.write("workspace.yaml", Club.yaml + "\n# Ask \(Club.traces[2]) about this.\n")
    club.close()
    _ = try club.service.save(
      """
      segment: watch
      audience: Member
      description: What Xantippe Quillfeather told us
      rules: [{match: {attribute: Member.Email, is: equalTo, value: bob@club.example}}]
      ---
      segment: watch2
      audience: Member
      rules: [{match: {attribute: Member.MemberId, is: anyOf, value: [a, \(Club.key)]}}]
      ---
      segment: harmless
      audience: Member
      rules: [{match: {attribute: Member.City, is: equalTo, value: Oslo}}]
      """)
    let store = try club.service.store
    let ids = Array(try store.reserveRuns(2))
    try store.publish(
      zip(ids, ["Could not read '\(Club.traces[1])'", "out of memory"]).map { id, cause in
        RunRecord(
          id: id, segment: "harmless", segmentVersion: 1, asOf: 0, dataVersion: 1, started: 0,
          finished: 0, outcome: .failed(cause: cause))
      })
    let report = try await club.erase()
    #expect(
      report.leftovers.mentions == [
        .init(place: .workspaceFile, attribute: "Member.Email"),
        .init(place: .segment("watch", version: 1), attribute: "Member.Name"),
        .init(place: .segment("watch2", version: 1), attribute: "Member.MemberId"),
      ])
    let causes = try club.runs("harmless").map(\.cause)
    #expect(causes == ["out of memory", "What stood here quoted data that was erased."])
  }

  @Test func `a short key counts as quoted only where keys stand`() async throws {
    let club = try await Club.withHistory()
    _ = try club.service.save(
      """
      segment: twelve
      audience: Account
      description: 12 days
      rules: [{from: Member, quantifier: {aggregate: count, is: lessThan, value: 12}}]
      ---
      segment: the twelfth
      audience: Account
      rules: [{match: {attribute: Account.AccountId, is: equalTo, value: 12}}]
      """)
    let report = try await club.erase("12", from: "Account")
    #expect(
      report.leftovers.mentions.map(\.place) == [.segment("the twelfth", version: 1)])
  }

  @Test func `a profile that had vanished before is erased from older data`() async throws {
    let club = try await Club.withHistory()
    try club.write(
      "Member.csv",
      Club.files["Member.csv"]!.split(separator: "\n").filter { !$0.contains("Xantippe") }
        .joined(separator: "\n") + "\n")
    try await club.load()
    let report = try await club.erase()
    #expect(report.profiles == 1 && report.tables.first { $0.table == "Member" }?.rows == 0)
    // Her orders had become orphans.
    #expect(report.tables.first { $0.table == "Order" }?.rows == 2)
    for trace in Club.traces { #expect(try club.files(with: trace) == []) }
  }

  @Test func `an erased mailbox clears the attribute it was made from`() async throws {
    let club = try await Club.withHistory()
    try await club.erase(Club.traces[2], from: "Mailbox")
    #expect(try await club.column("SELECT Email FROM Member WHERE Name LIKE 'Xan%'") == ["∅"])
    #expect(try club.files(with: Club.traces[2]) == [] && club.files(with: Club.traces[7]) == [])
    try club.write("Member.csv", Club.files["Member.csv"]! + "x,X,,,,\n")
    try await club.load()
    #expect(try await club.column("SELECT Email FROM Member WHERE Name LIKE 'Xan%'") == ["∅"])
    #expect(try await club.column("SELECT count(*) FROM Mailbox") == ["3"])
    #expect(try club.files(with: Club.traces[2]) == [])
  }
}
