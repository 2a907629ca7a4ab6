import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Opening workspaces.
@Suite struct WorkspaceTests {
  private static func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "open-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test func `a workspace has one owner, whom the next one is told about`() async throws {
    let shop = try await Shop()
    let folder = shop.service.folder
    let process = ProcessInfo.processInfo.processIdentifier
    for _ in 1...2 {
      let error = #expect(throws: WorkspaceError.self) {
        try SegmentService(folder: folder, purpose: "muster refresh", author: .tester)
      }
      #expect(
        error?.description
          == "The workspace is in use by a test (process \(process)). Wait until it is done.")
    }
    // Those who were refused did no harm to the owner.
    try shop.save(Shop.oslo)
    #expect(try await shop.result("oslo").count == 2)
  }

  @Test func `another process is refused as well`() async throws {
    let shop = try await Shop()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["flock", "--nonblock", shop.service.folder.lock.path, "true"]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
  }

  @Test func `the lock is given back with the last reference, and a shorter name leaves no rest`()
    throws
  {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(Shop.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    let workspace = WorkspaceFolder(folder)
    for purpose in ["muster refresh of many segments", "muster load"] {
      let service = try SegmentService(folder: workspace, purpose: purpose, author: .tester)
      let error = #expect(throws: WorkspaceError.self) {
        try SegmentService(folder: workspace, purpose: "another", author: .tester)
      }
      let process = ProcessInfo.processInfo.processIdentifier
      #expect(error == .locked(by: "\(purpose) (process \(process))"))
      withExtendedLifetime(service) {}
    }
  }

  @Test func `everything is there again when a workspace is reopened`() async throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in [
      ("workspace.yaml", Shop.yaml), ("Customer.csv", Shop.customers), ("Order.csv", Shop.orders),
    ] {
      try Data(text.utf8).write(to: folder.appending(path: name))
    }
    func open() throws -> SegmentService {
      try SegmentService(folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    }
    do {
      let service = try open()
      _ = try await service.load()
      _ = try service.save(Shop.oslo)
      _ = try await service.refresh()
    }
    let service = try open()
    #expect(try service.segment("oslo").lastRun?.result?.count == 2)
    let count = try await service.writeMembers(
      MemberSelection(segment: "oslo"), as: .ndjson, to: { _ in })
    #expect(count == 2)
    let again = try #require(try await service.refresh().first?.run.result)
    #expect(again.entered == 0 && again.exited == 0)
  }

  @Test func `nothing works before data is loaded, and it is said what to do`() async throws {
    let workspace = try TestWorkspace { folder in
      try Data(Shop.yaml.utf8).write(to: folder.appending(path: "workspace.yaml"))
    }
    let service = workspace.service
    #expect(throws: WorkspaceError.notLoaded) { try service.catalog() }
    #expect(throws: WorkspaceError.notLoaded) { try service.save(Shop.oslo) }
    await #expect(throws: WorkspaceError.notLoaded) { try await service.refresh() }
    await #expect(throws: WorkspaceError.notLoaded) { try await service.count(Shop.oslo) }
    #expect(WorkspaceError.notLoaded.description == "No data is loaded yet. Run 'muster load'.")
    #expect(try service.segments().isEmpty)
  }

  @Test func `a folder without a workspace file is refused and left alone`() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = #expect(throws: WorkspaceError.self) {
      try SegmentService(folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    }
    #expect(error?.description.contains("There is no workspace.yaml in") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func `a broken workspace file is refused with all its problems`() throws {
    let folder = try Self.folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let broken = Shop.yaml.replacing("Points: integer", with: "Points: intger")
      .replacing("Order.CustomerId -> Customer.Id", with: "Ordr.CustomerId -> Customer.Id")
      .replacing("{table: Customer}", with: "{table: Person}")
    try Data(broken.utf8).write(to: folder.appending(path: "workspace.yaml"))
    let error = #expect(throws: Diagnostics.self) {
      try SegmentService(folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    }
    let problems = Set((error?.all ?? []).map { "\($0.code) \($0.place)" })
    #expect(
      problems.isSuperset(of: [
        "unknownType tables.Customer.attributes.Points", "unknownTable relationships[0]",
        "unknownTable audiences.Customer.table",
      ]), "\(problems)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["workspace.yaml"])
  }

  @Test func `the nearest workspace above a folder is found`() throws {
    let root = try Self.folder()
    defer { try? FileManager.default.removeItem(at: root) }
    let inner = root.appending(path: "a/b")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    #expect(WorkspaceFolder.find(from: inner)?.root.path != root.path)
    try Data().write(to: root.appending(path: "workspace.yaml"))
    #expect(WorkspaceFolder.find(from: inner)?.root.path == root.standardizedFileURL.path)
    #expect(WorkspaceFolder.find(from: root)?.root.path == root.standardizedFileURL.path)
  }
}
