import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

@Suite struct BackupTests {
  /// A folder for backups, gone with the last reference.
  private final class Place: Sendable {
    let url = FileManager.default.temporaryDirectory.appending(path: "backups-\(UUID().uuidString)")
    deinit { try? FileManager.default.removeItem(at: url) }
  }

  private func restore(_ made: MadeBackup, to root: URL) async throws -> RestoreReport {
    try await SegmentService.restore(
      URL(filePath: made.record.path), to: WorkspaceFolder(root), purpose: "a test",
      author: .tester,
      settings: SegmentService.Settings(memoryLimit: "1GB", threads: 1), now: { Club.asOf })
  }

  @Test func `a backup restored elsewhere has all data, runs and definitions, and is sound`()
    async throws
  {
    let (club, place) = (try await Club.withHistory(), Place())
    let made = try await club.service.backUp(to: place.url)
    #expect(made.missing == [] && made.removed == [])
    let other = try Club(yaml: "", files: [:])
    try FileManager.default.removeItem(at: other.root)
    let report = try await restore(made, to: other.root)
    #expect(report.replaced == nil && report.erasedSince == 0 && !report.workspaceFileDiffers)
    #expect(try await other.content() == club.content())
    #expect(try await other.lines("buyers") == club.lines("buyers"))
    #expect(try other.runs("oslo") == club.runs("oslo"))
    #expect(try await other.service.check().findings.filter { $0.severity == .damage } == [])
    #expect(
      try other.service.auditEntries(AuditFilter(action: .workspaceRestored), limit: 9).count == 1)
  }

  @Test func `what happened since is gone after a restore, and set aside`() async throws {
    let (club, place) = (try await Club.withHistory(), Place())
    let made = try await club.service.backUp(to: place.url)
    _ = try club.service.save("segment: late\naudience: Member\nkeys: [a]\n")
    club.close()
    let report = try await restore(made, to: club.root)
    #expect(try club.service.list().contains { $0.record.name == "late" } == false)
    let aside = try #require(report.replaced)
    #expect(FileManager.default.fileExists(atPath: aside + "/muster.sqlite"))
    #expect(
      try await club.service.check().findings.contains {
        $0.about == URL(filePath: aside).lastPathComponent
      })
  }

  @Test func `who was erased since does not come back, and is in no file set aside`() async throws {
    let (club, place) = (try await Club.withHistory(), Place())
    let made = try await club.service.backUp(to: place.url)
    let first = try await club.erase()
    #expect(first.leftovers.backups == [made.record.path])
    club.close()
    let report = try await restore(made, to: club.root)
    #expect(report.erasedSince > 0)
    for trace in Club.traces { #expect(try club.everyFile(with: trace) == []) }
    #expect(try await club.keys("oslo") == ["a", "b"])
    #expect(try await club.keys("friends") == ["a"])
    #expect(try club.service.erasures().count == 2)
    // Somebody who was there then, too, and is in what was set aside.
    #expect(try club.everyFile(with: Club.accountTraces[0]).count > 1)
    try await club.erase(String(Club.account), from: "Account")
    #expect(try club.everyFile(with: Club.accountTraces[0]) == [])
  }

  @Test
  func `a person whose rows had gone before, and whose key was kept, does not come back either`()
    async throws
  {
    let place = Place()
    let club = try Club(
      yaml: """
        workspace: T
        tables: {A: {files: a.csv, key: Id}}
        audiences: {A: {table: A}}
        retention: {dataVersions: 1}
        """, files: ["a.csv": "Id,N\nzz-marker,1\nq,2\n"])
    try await club.load()
    _ = try club.service.save("segment: some\naudience: A\nkeys: [zz-marker, q]\n")
    try club.write("a.csv", "Id,N\nq,2\n")
    try await club.load()
    _ = try await club.service.collectGarbage()
    #expect(try club.files(with: "zz-marker") != [])
    let made = try await club.service.backUp(to: place.url)
    try await club.erase("zz-marker", from: "A")
    club.close()
    _ = try await restore(made, to: club.root)
    #expect(try club.everyFile(with: "zz-marker") == [])
  }

  @Test func `a damaged, unfinished, or manipulated backup is refused, and nothing changes`()
    async throws
  {
    let (club, place) = (try await Club.withHistory(), Place())
    let made = try await club.service.backUp(to: place.url)
    club.close()
    let before = try club.stateNames()
    let folder = URL(filePath: made.record.path)
    let description = folder.appending(path: "backup.json")
    let text = try String(contentsOf: description, encoding: .utf8)

    func refused(_ change: () throws -> Void) async throws -> BackupError? {
      try change()
      do {
        _ = try await restore(made, to: club.root)
        return nil
      } catch let error as BackupError {
        return error
      }
    }
    let members = folder.appending(path: "members/1.members")
    let sound = try Data(contentsOf: members)
    #expect(
      try await refused { try Data("x".utf8).write(to: members) }
        == .damaged(folder.path, problems: ["members/1.members does not match its checksum"]))
    #expect(
      try await refused { try FileManager.default.removeItem(at: members) }
        == .damaged(folder.path, problems: ["members/1.members is missing"]))
    try sound.write(to: members)
    #expect(
      try await refused {
        try text.replacing("members/1.members", with: "members/../../evil")
          .write(to: description, atomically: true, encoding: .utf8)
      } == .damaged(folder.path, problems: ["members/../../evil is none of its files"]))
    #expect(
      try await refused {
        try text.replacing("\"format\" : 1", with: "\"format\" : 2")
          .write(to: description, atomically: true, encoding: .utf8)
      } == .newerFormat(folder.path))
    #expect(
      try await refused { try FileManager.default.removeItem(at: description) }
        == .noBackup(folder.path))
    #expect(try club.stateNames() == before)
    #expect(try await club.keys("friends") == ["a", Club.key])
  }

  @Test func `somebody who uses the workspace is not disturbed`() async throws {
    let (club, place) = (try await Club.withHistory(), Place())
    let made = try await club.service.backUp(to: place.url)
    await #expect(throws: WorkspaceError.self) { try await restore(made, to: club.root) }
    #expect(try await club.keys("friends") == ["a", Club.key])
  }

  @Test func `the state of another workspace is not replaced where people were erased from both`()
    async throws
  {
    let (one, other, place) = (try await Club.withHistory(), try await Club.withHistory(), Place())
    try await one.erase()
    try await other.erase()
    let made = try await one.service.backUp(to: place.url)
    other.close()
    await #expect(throws: SegmentStoreError.otherWorkspace) {
      try await restore(made, to: other.root)
    }
    #expect(try other.stateNames() == [".muster"])
  }

  @Test func `a backup that is made while segments are saved and refreshed is of one moment`()
    async throws
  {
    let (club, place) = (try await Club.withHistory(), Place())
    let service = try club.service
    async let edits: Void = {
      for number in 0..<20 {
        _ = try service.save("segment: s\(number)\naudience: Member\nkeys: [a]\n")
        _ = try await service.refresh(["s\(number)"], asOf: Club.asOf)
      }
    }()
    var made: [MadeBackup] = []
    for _ in 0..<3 { made.append(try await service.backUp(to: place.url)) }
    try await edits
    for backup in made {
      let copy = try Club(yaml: "", files: [:])
      try FileManager.default.removeItem(at: copy.root)
      _ = try await restore(backup, to: copy.root)
      #expect(try await copy.service.check().findings.filter { $0.severity == .damage } == [])
    }
  }

  @Test func `as many stay as are wanted, and those that others remove are forgotten`() async throws
  {
    let (club, place) = (try await Club.withHistory(), Place())
    let first = try await club.service.backUp(to: place.url)
    let second = try await club.service.backUp(to: place.url)
    let third = try await club.service.backUp(to: place.url, keep: 2)
    #expect(third.removed == [first.record.path])
    #expect(!FileManager.default.fileExists(atPath: first.record.path))
    #expect(
      try club.service.backups().map(\.record.path) == [third.record.path, second.record.path])
    try FileManager.default.removeItem(atPath: second.record.path)
    #expect(try club.service.backups().map(\.isThere) == [true, false])
    _ = try await club.service.backUp(to: place.url, keep: 2)
    #expect(try club.service.backups().count == 2)
  }

  @Test func `members that are damaged are left out and told`() async throws {
    let (club, place) = (try await Club.withHistory(), Place())
    try Data("x".utf8).write(to: club.root.appending(path: ".muster/members/1.members"))
    let made = try await club.service.backUp(to: place.url)
    #expect(made.missing == ["1.members"])
    let backup = try await Backup.check(URL(filePath: made.record.path))
    #expect(backup.missing == ["1.members"])
  }

  @Test func `a backup cannot be made inside of what it copies`() async throws {
    let club = try await Club.withHistory()
    let inside = club.root.appending(path: ".muster/backups")
    await #expect(throws: BackupError.self) { try await club.service.backUp(to: inside) }
  }

  @Test func `a backup is for its owner alone`() async throws {
    let (club, place) = (try await Club.withHistory(), Place())
    let made = try await club.service.backUp(to: place.url)
    for url in TestFiles.all(in: URL(filePath: made.record.path), ending: "") {
      let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions]
      let open = try #require(mode as? Int) & 0o077
      #expect(open == 0 || url.hasDirectoryPath, "\(url.path)")
    }
    var status = stat()
    #expect(stat(made.record.path, &status) == 0 && status.st_mode & 0o077 == 0)
  }
}

extension Club {
  /// Names of states in the workspace's folder.
  fileprivate func stateNames() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.path).filter {
      $0.hasPrefix(".muster")
    }.sorted()
  }

  /// The files of all states, in force or set aside, that hold a text.
  fileprivate func everyFile(with text: String) throws -> [String] {
    try stateNames().flatMap { name in
      TestFiles.all(in: root.appending(path: name), ending: "").filter { url in
        (try? Data(contentsOf: url))?.range(of: Data(text.utf8)) != nil
      }.map(\.path)
    }
  }
}
