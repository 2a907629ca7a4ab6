import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Whom an erasure is asked to erase.
@Suite struct ErasureRequestTests {
  @Test func `several keys cost one rewrite, unknown ones are refused`() async throws {
    let club = try await Club.withHistory()
    let keys = [Club.key, "c", "c", "nobody", "nemo"]
    await #expect(throws: UnknownProfiles(audience: "Member", keys: ["nemo", "nobody"])) {
      try await club.service.erase(.profiles(audience: "Member", keys: keys.map { .key($0) }))
    }
    #expect(try club.service.store.dataFile() == "data.duckdb")
    let report = try await club.service.erase(
      .profiles(audience: "Member", keys: keys.map { .key($0) }, alsoUnknown: true))
    #expect(report.profiles == 2 && report.unknown == 2)
    #expect(try club.service.store.dataFile() == "data-2.duckdb")
    let records = try club.service.erasures()
    #expect(records.map(\.audience) == ["Member"] && records.map(\.profiles) == [2])
    #expect(records.map(\.rows) == [report.rows] && records.map(\.runs) == [report.runs])
    #expect(records.map(\.erasedAt) == [Club.asOf.microseconds])
    try club.write(
      "Member-2.csv", "MemberId,Name,Email,AccountId,PassportId,City\nnemo,Nemo,,,,\ne,Eve,,,,\n")
    try await club.load()
    #expect(try await club.column("SELECT MemberId FROM Member ORDER BY 1") == ["a", "b", "e"])
    // Erased keys are not known any more.
    await #expect(throws: UnknownProfiles.self) { try await club.erase() }
  }

  @Test func `a file of keys is read as lists are: line by line and byte by byte`() async throws {
    let keys = ["Smith, John", "Smith", " pad", "pad"]
    let yaml = "{workspace: T, tables: {A: {files: a.csv, key: Id}}, audiences: {A: {table: A}}}"
    let rows = keys.map { "\"\($0)\"\n" }.joined()
    for (name, text) in [
      ("ids.txt", "Smith, John\n pad\n"), ("ids.csv", "Name,Id\nx,\"Smith, John\"\ny, pad\n"),
      ("ids.ndjson", "\"Smith, John\"\n{\"Id\": \" pad\"}\n"),
    ] {
      let club = try Club(yaml: yaml, files: ["a.csv": "Id\n" + rows])
      try await club.load()
      try club.write(name, text)
      let file = try KeyInput.file(
        club.root.appending(path: name).path, format: nil, column: nil)
      let report = try await club.service.erase(.profiles(keys: [file]))
      #expect(report.profiles == 2)
      #expect(try await club.column("SELECT Id FROM A ORDER BY 1") == ["Smith", "pad"], "\(name)")
    }
  }

  @Test func `keys and audiences that cannot be are refused`() async throws {
    let club = try await Club.withHistory()
    await #expect(throws: Diagnostics.self) {
      try await club.erase("twelve", from: "Account")
    }
    await #expect(throws: WorkspaceError.self) { try await club.erase("a", from: "Membr") }
    await #expect(
      throws: WorkspaceError.ambiguousAudience(["Member", "Regular", "Account", "Mailbox"])
    ) {
      try await club.service.erase(.profiles(keys: [.key("a")]))
    }
  }
}
