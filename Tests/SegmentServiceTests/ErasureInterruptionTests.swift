import Foundation
import SegmentStore
import Testing

@testable import SegmentService

/// An erasure that is interrupted has not happened, or is finished when the workspace is opened next.
@Suite struct ErasureInterruptionTests {
  private func requireNothingLeft(of club: Club) async throws {
    for trace in Club.traces { #expect(try club.files(with: trace) == []) }
    for order in Club.orders { #expect(try club.files(with: order) == []) }
    #expect(try await club.keys("oslo") == ["a", "b"])
    #expect(try club.runs("oslo").map(\.result?.count) == [3, 3, 3])
    #expect(try await club.load().isNew == false)
    #expect(try !club.service.store.hasUnfinishedErasures())
  }

  @Test func `before the commit point everything is as it was, and can be erased`() async throws {
    let club = try await Club.withHistory()
    do {
      let run = try await ErasureRun(club.service)
      let found = try await run.find(.profiles(audience: "Member", keys: [.key(Club.key)]))
      _ = try await run.write(found) { _ in }
    }
    // What was written holds nobody who is to go.
    let data = try Data(contentsOf: club.service.folder.database("data-2.duckdb"))
    for trace in Club.traces { #expect(data.range(of: Data(trace.utf8)) == nil) }
    club.close()
    #expect(try club.service.store.dataFile() == "data.duckdb")
    #expect(
      !FileManager.default.fileExists(
        atPath: try club.service.folder.database("data-2.duckdb").path))
    #expect(try await club.keys("oslo") == ["a", "b", Club.key])
    #expect(try await club.column("SELECT count(*) FROM Member") == ["4"])
    #expect(try await club.ordinals("Member")["∅"] == nil)
    try await club.erase()
    try await requireNothingLeft(of: club)
  }

  @Test func `after the commit point the next opening removes what is left`() async throws {
    let club = try await Club.withHistory()
    do {
      let run = try await ErasureRun(club.service)
      let found = try await run.find(.profiles(audience: "Member", keys: [.key(Club.key)]))
      let changes = try await run.write(found) { _ in }
      try club.service.store.publish(changes, over: run.state, at: 0)
    }
    #expect(try club.files(with: Club.key) != [])
    club.close()
    _ = try club.service
    try await requireNothingLeft(of: club)
  }

  @Test func `half cleaned up, the next opening goes on`() async throws {
    let club = try await Club.withHistory()
    do {
      let run = try await ErasureRun(club.service)
      let found = try await run.find(.profiles(audience: "Member", keys: [.key(Club.key)]))
      let changes = try await run.write(found) { _ in }
      try club.service.store.publish(changes, over: run.state, at: 0)
    }
    let folder = try club.service.folder
    club.close()
    try folder.removeDataFiles(except: "data-2.duckdb")
    _ = try club.service
    try await requireNothingLeft(of: club)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.members.path)
    #expect(Set(files) == (try club.service.store.memberFilesInUse()))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.cache.path) == [])
  }

  @Test func `what was published meanwhile keeps an erasure from being published`() async throws {
    let club = try await Club.withHistory()
    let run = try await ErasureRun(club.service)
    let found = try await run.find(.profiles(audience: "Member", keys: [.key(Club.key)]))
    let changes = try await run.write(found) { _ in }
    try await club.refresh()
    #expect(throws: SegmentStoreError.rewrittenMeanwhile) {
      try club.service.store.publish(changes, over: run.state, at: 0)
    }
    #expect(try club.service.store.dataFile() == "data.duckdb")
  }

  /// What a process that erases shows of itself in the workspace's folder.
  enum Moment: CaseIterable {
    case begun, dataWritten, membersWritten, oldDataGone

    func isReached(in folder: WorkspaceFolder) -> Bool {
      func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
      switch self {
      case .begun: return exists(folder.database("data-2.duckdb"))
      case .dataWritten:
        return exists(folder.database("data-2.duckdb"))
          && !exists(folder.database("data-2.duckdb.wal"))
      case .membersWritten:
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.members.path)
        return files?.contains { $0.hasSuffix("-2.members") } ?? false
      case .oldDataGone: return !exists(folder.database("data.duckdb"))
      }
    }
  }

  @Test(.timeLimit(.minutes(30)), arguments: Moment.allCases)
  func `killed at any moment, a workspace is as before or without her`(moment: Moment) async throws
  {
    let club = try await Club.withHistory()
    let folder = WorkspaceFolder(club.root)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
      .deletingLastPathComponent().appending(path: "muster")
    process.arguments = [
      "erase", "--workspace", club.root.path, "--audience", "Member", "--key", Club.key, "--yes",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning, !moment.isReached(in: folder) { usleep(200) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()

    if try club.service.store.dataFile() == "data.duckdb" {
      #expect(try await club.keys("oslo") == ["a", "b", Club.key])
      #expect(try await club.column("SELECT count(*) FROM Line") == ["6"])
      try await club.erase()
    }
    try await requireNothingLeft(of: club)
  }
}
