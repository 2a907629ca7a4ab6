import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// A workspace file that was edited after the load is not answered from what was loaded before.
@Suite struct ChangedWorkspaceTests {
  private static func yaml(payer: String, extra: String = "") -> String {
    """
    workspace: Shop
    tables:
      Customer: {files: customer.csv, key: Id}
      Order: {files: order.csv, key: Nr\(extra)}
    relationships:
      - {from: Order.\(payer), to: Customer.Id, name: Customer}
    audiences: {Customer: {table: Customer}}
    """
  }

  private static func write(_ text: String, _ name: String, to folder: URL) throws {
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  private static let buyers = """
    {segment: buyers, rules: [{path: [Order.Customer]}], project: [Order.Nr]}
    """

  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "muster-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Self.write("Id\n1\n2\n", "customer.csv", to: folder)
    try Self.write("Nr,BuyerId,PayerId\n1,1,2\n", "order.csv", to: folder)
    return folder
  }

  private func members(in folder: URL) async throws -> [String] {
    let service = try SegmentService(
      folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    _ = try service.save(Self.buyers)
    _ = try await service.refresh()
    let keys = Guarded<[UInt8]>([])
    try await service.writeMembers(MemberSelection(segment: "buyers"), as: .csv(raw: true)) {
      piece in
      keys.withLock { $0 += piece }
    }
    return String(decoding: keys.withLock { $0 }, as: UTF8.self)
      .components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
      .map { $0.components(separatedBy: ",")[0] }
  }

  @Test func `an old run is read by the workspace file it was computed with`() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.write(Self.yaml(payer: "BuyerId"), "workspace.yaml", to: folder)
    try await load(folder)
    #expect(try await members(in: folder) == ["1"])

    let changed = Self.yaml(payer: "PayerId") + "\ntimeZone: Asia/Tokyo\nweekStart: sunday"
    try Self.write(changed, "workspace.yaml", to: folder)
    try await load(folder)
    #expect(try await members(in: folder) == ["2"])

    let service = try SegmentService(
      folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    let lines = Guarded<[UInt8]>([])
    for run in [Int64(1), 2] {
      try await service.writeMembers(MemberSelection(segment: "buyers", run: run), as: .ndjson) {
        piece in
        lines.withLock { $0 += piece }
      }
    }
    #expect(
      String(decoding: lines.withLock { $0 }, as: UTF8.self)
        == #"{"Id":1,"Order.Nr":[1]}"# + "\n" + #"{"Id":2,"Order.Nr":[1]}"# + "\n")
    for (run, key) in [(Int64(1), "1"), (2, "2")] {
      let why = try await service.why(segment: "buyers", key: key, run: run)
      #expect(why.isMember && why.findings.map(\.holds) == [true])
    }
    let why = try await service.why(segment: "buyers", key: "1", run: 2)
    #expect(!why.isMember && why.findings.map(\.holds) == [false])
  }

  private func load(_ folder: URL) async throws {
    let service = try SegmentService(
      folder: WorkspaceFolder(folder), purpose: "a test", author: .tester)
    _ = try await service.load()
  }

  @Test func aRelationshipOverAnotherForeignKeyAsksForALoad() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.write(Self.yaml(payer: "BuyerId"), "workspace.yaml", to: folder)
    try await load(folder)
    #expect(try await members(in: folder) == ["1"])

    try Self.write(Self.yaml(payer: "PayerId"), "workspace.yaml", to: folder)
    await #expect(throws: WorkspaceError.changedSinceLoad(["Order"])) {
      try await self.members(in: folder)
    }
    try await load(folder)
    #expect(try await members(in: folder) == ["2"])
  }

  @Test func aNewCalculatedAttributeAsksForALoad() async throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.write(Self.yaml(payer: "BuyerId"), "workspace.yaml", to: folder)
    try await load(folder)
    try Self.write(
      Self.yaml(payer: "BuyerId", extra: ", calculated: {Twice: Nr * 2}"), "workspace.yaml",
      to: folder)
    await #expect(throws: WorkspaceError.changedSinceLoad(["Order"])) {
      try await self.members(in: folder)
    }
    try await load(folder)
    #expect(try await members(in: folder) == ["1"])
  }
}
