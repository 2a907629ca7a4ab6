import Foundation
import GRDB
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// Every kind of damage is found, named, and mended where it can be.
@Suite struct CheckTests {
  private static let friends =
    "{segment: friends, rules: [{match: {is: memberOf, value: oslo}}]}\n"

  /// A loaded and refreshed shop, closed again; gone with the value.
  private final class ClosedShop {
    let folder: WorkspaceFolder

    init() async throws {
      let root = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID())")
      try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
      folder = WorkspaceFolder(root)
      for (name, text) in [
        ("workspace.yaml", Shop.yaml), ("Customer.csv", Shop.customers), ("Order.csv", Shop.orders),
      ] { try Data(text.utf8).write(to: root.appending(path: name)) }
      let service = try open()
      _ = try await service.load()
      _ = try service.save(
        [Shop.oslo, Shop.coffee, CheckTests.friends].joined(separator: "\n---\n"))
      _ = try await service.refresh(asOf: Shop.asOf)
    }

    deinit { try? FileManager.default.removeItem(at: folder.root) }

    func open() throws -> SegmentService {
      try SegmentService(
        folder: folder, purpose: "a test", author: .tester,
        settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1), now: { Shop.asOf })
    }

    func check(mend: Bool = false) async throws -> CheckReport {
      try await SegmentService.check(
        folder, mend: mend, purpose: "a test", author: .tester,
        settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1), now: { Shop.asOf })
    }

    func sql(_ text: String) throws {
      let queue = try DatabaseQueue(path: folder.store.path)
      try queue.write { try $0.execute(sql: text) }
      try queue.close()
    }

    func inDataFile(_ query: SQLQuery) async throws {
      let database = try DuckDBDatabase(path: folder.database("data.duckdb").path)
      let connection = try database.connect()
      try await connection.execute(query)
      try await connection.checkpoint()
    }

    /// Turns a byte of the block with a column of a table around.
    func damageBlock(of table: String) async throws {
      let offset: Int
      do {
        let database = try DuckDBDatabase(path: folder.database("data.duckdb").path)
        let rows = try await database.connect().rows(
          """
          SELECT block_id, block_offset FROM pragma_storage_info(\(.literal("\"\(table)\"")))
          WHERE block_id >= 0 AND segment_type <> 'VALIDITY' LIMIT 1
          """)
        // Three headers, then blocks of 256 KB that begin with their checksum.
        let (block, within) = (Int(rows[0][0].integer!), Int(rows[0][1].integer!))
        offset = 3 * 4096 + block * 262_144 + 8 + within
      }
      try flip(folder.database("data.duckdb"), at: offset)
    }

    func flip(_ file: URL, at offset: Int) throws {
      var data = try Data(contentsOf: file)
      data[offset] ^= 0xFF
      try data.write(to: file)
    }

    func files(_ folder: URL) throws -> [URL] { try StoredFile.all(in: folder).map(\.url) }
  }

  private func expectClean(_ shop: ClosedShop) async throws {
    let report = try await shop.check()
    #expect(report.findings.filter { $0.severity != .notice } == [])
    #expect(report.isSound)
  }

  private func damage(_ report: CheckReport) -> [Finding] {
    report.findings.filter { $0.severity == .damage }
  }

  @Test func `nothing is found in a workspace that is whole`() async throws {
    let shop = try await ClosedShop()
    let report = try await shop.check()
    #expect(report.findings == [])
    let verified = report.verified
    #expect(verified.segments == 3 && verified.definitions == 3 && verified.runs == 3)
    #expect(verified.parts == 2 && verified.rows == 9 && verified.dictionaries == 1)
    #expect(verified.members == 3 && verified.cached > 0 && verified.dataVersions == 1)
  }

  // MARK: The data file

  @Test func `a part with a damaged block is read again by the next load`() async throws {
    let shop = try await ClosedShop()
    try await shop.damageBlock(of: "Order@2")
    let found = damage(try await shop.check())
    #expect(found.map(\.about) == ["part Order@2"])
    #expect(found.first?.problem.contains("Corrupt database file") == true)
    let mended = try await shop.check(mend: true)
    #expect(mended.mended.map(\.failure) == [nil])
    #expect(mended.isSound && mended.findings.map(\.about) == ["table Order"])
    do {
      let service = try shop.open()
      await #expect(throws: WorkspaceError.changedSinceLoad(["Order"])) {
        try await service.refresh(asOf: Shop.asOf)
      }
      #expect(try await service.load().tables.map(\.outcome) == [.unchanged, .loaded])
      #expect(
        try await service.refresh(asOf: Shop.asOf).allSatisfy { $0.run.result?.entered == 0 })
    }
    try await expectClean(shop)
  }

  @Test func `a part that is missing, or has other rows, columns or keys, is found`() async throws {
    for (query, problem) in [
      ("DROP TABLE \"Order@2\"", "is missing in the data file"),
      ("DELETE FROM \"Order@2\" WHERE Nr = 1", "It has 3 rows and had 4."),
      ("UPDATE \"Order@2\" SET Weight = 9 WHERE Nr = 1", "do not match their checksum"),
      ("ALTER TABLE \"Order@2\" DROP COLUMN Product", "attribute Product is missing"),
      ("ALTER TABLE \"Order@2\" ALTER Product TYPE BLOB", "attribute Product is BLOB"),
    ] as [(SQLQuery, String)] {
      let shop = try await ClosedShop()
      try await shop.inDataFile(query)
      let found = damage(try await shop.check())
      #expect(found.map(\.about) == ["part Order@2"])
      #expect(found.first?.problem.contains(problem) == true, "\(found)")
      #expect(try await shop.check(mend: true).isSound)
      _ = try await shop.open().load()
      try await expectClean(shop)
    }
  }

  @Test func `a part that was made before checksums is checked by its keys and ordinals`()
    async throws
  {
    for (query, problem) in [
      ("UPDATE \"Order@2\" SET Nr = 2 WHERE Nr = 1", "The key Nr is not unique"),
      ("UPDATE \"Order@2\" SET _muster_profile_0 = 77 WHERE Nr = 1", "was never given"),
      (
        "UPDATE \"Customer@1\" SET _muster_profile_0 = 4 - _muster_profile_0",
        "have the ordinal of another Customer"
      ),
    ] as [(SQLQuery, String)] {
      let shop = try await ClosedShop()
      try shop.sql("UPDATE part SET content = NULL")
      try await shop.inDataFile(query)
      let found = damage(try await shop.check())
      #expect(found.count == 1 && found.first?.problem.contains(problem) == true, "\(found)")
    }
  }

  @Test func `a dictionary that is damaged or gone is made again from the profiles`() async throws {
    for prepare in [
      { try await $0.damageBlock(of: "_muster_ordinals@Customer") },
      { try await $0.inDataFile("DROP TABLE \"_muster_ordinals@Customer\"") },
      { try await $0.inDataFile("DELETE FROM \"_muster_ordinals@Customer\" WHERE key = 5") },
      { try await $0.inDataFile("UPDATE \"_muster_ordinals@Customer\" SET key = 4 WHERE key = 5") },
    ] as [(ClosedShop) async throws -> Void] {
      let shop = try await ClosedShop()
      try await prepare(shop)
      let found = damage(try await shop.check())
      #expect(found.contains { $0.about == "ordinals of Customer" }, "\(found)")
      let mended = try await shop.check(mend: true)
      #expect(mended.isSound, "\(mended)")
      let service = try shop.open()
      let rows = try await service.database.connect().rows(
        "SELECT key, ordinal FROM \"_muster_ordinals@Customer\" ORDER BY key")
      #expect(rows.map { $0[1].integer } == [0, 1, 2, 3, 4])
    }
  }

  @Test func `a load does not begin new ordinals where a dictionary is gone`() async throws {
    let shop = try await ClosedShop()
    try await shop.inDataFile("DROP TABLE \"_muster_ordinals@Customer\"")
    let service = try shop.open()
    await #expect(throws: WorkspaceError.storedDataMissing(["_muster_ordinals@Customer"])) {
      try await service.load()
    }
  }

  @Test
  func `a data file that is gone or cannot be opened is set aside, and no ordinal given twice`()
    async throws
  {
    for lose in [
      { try FileManager.default.removeItem(at: $0.folder.database("data.duckdb")) },
      { try $0.flip($0.folder.database("data.duckdb"), at: 100) },
      { try $0.flip($0.folder.database("data.duckdb"), at: 8) },
    ] as [(ClosedShop) throws -> Void] {
      let shop = try await ClosedShop()
      try lose(shop)
      #expect(throws: WorkspaceError.self) { try shop.open() }
      let found = try await shop.check()
      #expect(found.findings.map(\.about) == ["data.duckdb"] && !found.isSound)
      #expect(try shop.files(shop.folder.members).count == 3)

      #expect(try await shop.check(mend: true).isSound)
      #expect(try shop.files(shop.folder.damaged).count >= 3)
      let service = try shop.open()
      #expect(try service.history(of: "oslo").map { $0.result?.count } == [2])
      _ = try await service.load()
      // Who refers to members that nobody can read any more is refused, and not told of others.
      let friends = try await service.refresh(["friends"], asOf: Shop.asOf)
      #expect(friends[0].run.cause?.contains("no longer kept") == true)
      let rows = try await service.database.connect().rows(
        "SELECT min(ordinal), count(*) FROM \"_muster_ordinals@Customer\"")
      #expect(rows[0].map(\.integer) == [5, 5])
      let again = try await service.refresh(asOf: Shop.asOf)
      #expect(again.compactMap { $0.run.result?.count } == [2, 2, 2])
    }
  }

  // MARK: The store

  @Test func `a store that is gone or no database is named, and nothing is touched`() async throws {
    let gone = try await ClosedShop()
    for file in try gone.files(gone.folder.state)
    where file.lastPathComponent.hasPrefix("muster.sqlite") {
      try FileManager.default.removeItem(at: file)
    }
    #expect(throws: WorkspaceError.storeGone) { try gone.open() }
    #expect(try await gone.check(mend: true).findings.map(\.about) == ["muster.sqlite"])
    #expect(try gone.files(gone.folder.members).count == 3)
    #expect(FileManager.default.fileExists(atPath: gone.folder.database("data.duckdb").path))

    let broken = try await ClosedShop()
    try broken.flip(broken.folder.store, at: 3)
    let report = try await broken.check(mend: true)
    #expect(report.findings.map(\.about) == ["muster.sqlite"] && !report.isSound)
    #expect(try broken.files(broken.folder.members).count == 3)
  }

  @Test func `rows that were changed are found`() async throws {
    for (sql, about) in [
      (
        "UPDATE segmentVersion SET definition = replace(definition, 'Oslo', 'Moss')",
        "version 1 of segment 'oslo'"
      ),
      ("UPDATE run SET rules = '[' WHERE id = 1", "run 1"),
      ("UPDATE run SET \"references\" = '{}' WHERE id = 1", "run 1"),
      ("UPDATE part SET routes = '?' WHERE id = 1", "part Customer@1"),
      ("UPDATE part SET attributes = '[[\"Id\",\"nothing\"]]' WHERE id = 1", "part Customer@1"),
      (
        "UPDATE attributeType SET type = 'colour' WHERE attribute = 'City'",
        "the type of Customer.City"
      ),
      ("UPDATE workspaceFile SET text = text || ' '", "workspace file"),
      ("UPDATE segment SET version = 7 WHERE name = 'oslo'", "segment 'oslo'"),
      ("UPDATE run SET count = 9 WHERE id = 1", "members of run 1"),
    ] {
      let shop = try await ClosedShop()
      try shop.sql(sql)
      let found = damage(try await shop.check())
      #expect(found.contains { $0.about.hasPrefix(about) }, "\(sql): \(found)")
    }
  }

  @Test func `a counter that is behind is set right`() async throws {
    let shop = try await ClosedShop()
    try shop.sql(
      "UPDATE runSequence SET last = 0; UPDATE loadSequence SET lastPart = 0, lastFile = 0")
    #expect(
      damage(try await shop.check()).map(\.remedy) == Array(repeating: .raiseSequences, count: 3))
    #expect(try await shop.check(mend: true).isSound)
    try await expectClean(shop)
    #expect(try shop.open().store.reserveRuns(1) == 4..<5)
  }

  // MARK: Members and cache

  @Test func `damaged or missing members are computed again, byte for byte`() async throws {
    let shop = try await ClosedShop()
    let files = try shop.files(shop.folder.members)
    let before = try files.map { try Data(contentsOf: $0) }
    try shop.flip(files[0], at: before[0].count - 1)
    try FileManager.default.removeItem(at: files[1])
    let found = damage(try await shop.check())
    #expect(found.count == 2 && found.allSatisfy { $0.about.hasPrefix("members of run ") })
    let report = try await shop.check(mend: true)
    #expect(report.mended.map(\.failure) == [nil, nil])
    #expect(try files.map { try Data(contentsOf: $0) } == before)
    try await expectClean(shop)
  }

  @Test func `members that cannot be computed again stay damaged while they are in force`()
    async throws
  {
    let shop = try await ClosedShop()
    // Another definition under the old hash: the members come out otherwise.
    let definition =
      "{segment: coffee, rules: [{match: {attribute: Customer.City, is: equalTo, value: Bergen}}]}"
    let hash = DurableFile.checksum(Array(definition.utf8))
    try shop.sql(
      """
      UPDATE segmentVersion SET definition = '\(definition)', contentHash = '\(hash)'
      WHERE segmentId = (SELECT id FROM segment WHERE name = 'coffee')
      """)
    let run = try #require(try shop.open().store.lastPublished(of: "coffee"))
    let file = shop.folder.members.appending(path: try #require(run.result?.members.name))
    let bytes = try Data(contentsOf: file)
    try shop.flip(file, at: bytes.count - 1)
    let report = try await shop.check(mend: true)
    #expect(report.mended.first?.failure?.contains("Refresh the segment again.") == true)
    #expect(!report.isSound)

    // Once another run is in force, they can be given up; the file is kept aside.
    do { _ = try await shop.open().refresh(["coffee"], asOf: Shop.asOf) }
    #expect(try await shop.check(mend: true).isSound)
    #expect(
      try shop.files(shop.folder.damaged).map(\.lastPathComponent).first?.hasPrefix(
        file.lastPathComponent) == true)
    #expect(try shop.open().store.run(run.id)?.result?.count == 2)
    try await expectClean(shop)
  }

  @Test func `a damaged result in the cache is removed`() async throws {
    let shop = try await ClosedShop()
    let file = try #require(try shop.files(shop.folder.cache).first)
    try Shop.damage(file)
    #expect(damage(try await shop.check()).map(\.about) == ["cache/\(file.lastPathComponent)"])
    #expect(try await shop.check(mend: true).isSound)
    #expect(!FileManager.default.fileExists(atPath: file.path))
    try await expectClean(shop)
  }

  // MARK: Leftovers

  @Test func `leftovers are no damage, and are removed`() async throws {
    let shop = try await ClosedShop()
    try await shop.inDataFile("CREATE TABLE \"Order@999\" (n INTEGER)")
    for file in [
      shop.folder.members.appending(path: "999.members"),
      shop.folder.cache.appending(path: "x.new"),
    ] { try Data([1]).write(to: file) }
    try Data([1]).write(to: shop.folder.state.appending(path: "notes.txt"))
    try shop.sql(
      """
      INSERT INTO part (id, tableName, rows, routes, definition, fingerprint, files, attributes)
      SELECT 998, tableName, rows, routes, definition, fingerprint, files, attributes
      FROM part WHERE id = 2;
      UPDATE loadSequence SET lastPart = 999
      """)
    try await shop.inDataFile("CREATE TABLE \"Order@998\" AS SELECT * FROM \"Order@2\"")
    let report = try await shop.check()
    #expect(report.isSound)
    #expect(
      Set(report.findings.filter { $0.severity == .leftover }.map(\.about)) == [
        "table Order@999", "members/999.members", "cache/x.new", "part Order@998",
      ])
    #expect(report.findings.filter { $0.severity == .notice }.map(\.about) == ["notes.txt"])
    let mended = try await shop.check(mend: true)
    #expect(mended.findings.map(\.about) == ["notes.txt"])
    try await expectClean(shop)
  }

  @Test func `a check after an erasure finds nothing`() async throws {
    let shop = try await ClosedShop()
    do { _ = try await shop.open().erase(.profiles(keys: [.key("1")])) }
    try await expectClean(shop)
  }
}
