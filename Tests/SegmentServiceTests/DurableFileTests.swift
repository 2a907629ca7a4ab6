import Foundation
import SegmentEngines
import Testing

@testable import SegmentService

@Suite final class DurableFileTests {
  let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID())")

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private struct Refused: Error {}

  private func path(_ name: String) -> String { folder.appending(path: name).path }
  private func text(_ name: String) -> String? {
    try? String(contentsOfFile: path(name), encoding: .utf8)
  }
  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  private func write(_ text: String, to name: String) async throws {
    try await DurableFile.replace(path(name)) { try FileWriter(path: $0).write(Array(text.utf8)) }
  }

  @Test func `a file is replaced as a whole`() async throws {
    try await write("long ago", to: "list.csv")
    try await write("now", to: "list.csv")
    #expect(text("list.csv") == "now")
    #expect(try names == ["list.csv"])
  }

  @Test func `a file that could not be written stays as it was`() async throws {
    try await write("before", to: "list.csv")
    await #expect(throws: Refused.self) {
      try await DurableFile.replace(path("list.csv")) { path in
        try FileWriter(path: path).write(Array("half".utf8))
        throw Refused()
      }
    }
    #expect(text("list.csv") == "before")
    #expect(try names == ["list.csv"])
  }

  @Test func `a link stays a link`() async throws {
    try FileManager.default.createSymbolicLink(
      atPath: path("link"), withDestinationPath: path("target"))
    try await write("through", to: "target")
    try await write("again", to: "link")
    #expect(text("target") == "again")
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: path("link")) == path("target"))
  }

  @Test func `a device is written to, not replaced`() async throws {
    try await DurableFile.replace("/dev/null") { path in
      #expect(path == "/dev/null")
      try FileWriter(path: path).write([1, 2, 3])
    }
    let kind = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type]
    #expect(kind as? FileAttributeType == .typeCharacterSpecial)
  }

  @Test func `an error names the file and says why`() async throws {
    let error = await #expect(throws: FileError.self) {
      try await write("", to: "missing/list.csv")
    }
    #expect(error?.description == path("missing/list.csv.partial") + ": No such file or directory")
  }

  @Test func `what is left of a database that was never finished is no hindrance`() throws {
    try Data("half".utf8).write(to: URL(filePath: path("data.duckdb.new")))
    try Data("half".utf8).write(to: URL(filePath: path("data.duckdb.new.wal")))
    _ = try DuckDBDatabase(path: path("data.duckdb"))
    #expect(try names == ["data.duckdb"])
  }
}
