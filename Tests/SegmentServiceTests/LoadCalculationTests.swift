import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Calculated attributes and derived tables of a load.
@Suite struct LoadCalculationTests {
  @Test func `derived tables are the distinct values that are not missing`() async throws {
    let workspace = try LoadedWorkspace(
      """
      workspace: T
      tables:
        Shopper: {derivedFrom: Sale.Who, key: Name, calculated: {Length: length(Name)}}
        Sale: {files: s.csv}
      relationships: [Sale.Who -> Shopper.Name]
      audiences: {Shopper: {table: Shopper}}
      """, files: ["s.csv": "Who,n\nb,1\na,2\nb,3\n,4\n"])
    try await workspace.load()
    #expect(
      try await workspace.rows("Shopper", "Name, Length, _muster_profile_0") == [
        ["a", "1", "0"], ["b", "1", "1"],
      ])
    #expect(
      try await workspace.rows("Sale", "n, _muster_profile_0") == [
        ["1", "1"], ["2", "0"], ["3", "1"], ["4", "∅"],
      ])
    try workspace.write("s.csv", "Who,n\nc,1\na,2\n")
    try await workspace.load()
    #expect(
      try await workspace.rows("Shopper", "Name, _muster_profile_0") == [["a", "0"], ["c", "2"]])
  }

  @Test func `a derived table of a calculated attribute follows it`() async throws {
    let workspace = try LoadedWorkspace(
      """
      workspace: T
      tables:
        Shopper: {derivedFrom: Sale.Mail, key: Mail}
        Sale: {files: s.csv, calculated: {Mail: lower(Address)}}
      relationships: [Sale.Mail -> Shopper.Mail]
      audiences: {Shopper: {table: Shopper}}
      """, files: ["s.csv": "Address,n\nB@x,1\na@x,2\nb@X,3\n,4\n"])
    try await workspace.load()
    #expect(
      try await workspace.rows("Sale", "n, _muster_profile_0") == [
        ["1", "1"], ["2", "0"], ["3", "1"], ["4", "∅"],
      ])
    workspace.define(workspace.yaml.replacing("lower(Address)", with: "upper(Address)"))
    try await workspace.load()
    #expect(try await workspace.rows("Shopper", "Mail") == [["A@X"], ["B@X"]])

    workspace.define(
      workspace.yaml.replacing("derivedFrom: Sale.Mail", with: "derivedFrom: Sale.Mails"))
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    #expect(
      failure?.report.tables[0].problems.first?.message
        == "The table 'Sale' has no attribute 'Mails'. Did you mean 'Mail'?")
  }

  @Test func `the number of a row in its file can be the key of a table that has none`()
    async throws
  {
    let workspace = try LoadedWorkspace(
      """
      workspace: T
      tables: {Call: {files: "c*.csv", key: Id, calculated: {Id: rowNumber()}}}
      audiences: {Call: {table: Call}}
      """, files: ["c.csv": "who\nb\nb\na\n"])
    try await workspace.load()
    let rows = [["1", "b", "0"], ["2", "b", "1"], ["3", "a", "2"]]
    #expect(try await workspace.rows("Call", "Id, who, _muster_profile_0") == rows)
    // A changed file is numbered anew; its rows lie behind another file's.
    try workspace.write("c.csv", "who\nb\nb\na\nz\n")
    try await workspace.load()
    #expect(
      try await workspace.rows("Call", "Id, who, _muster_profile_0") == rows + [["4", "z", "3"]])
    try workspace.write("c2.csv", "who\ny\n")
    let report = try await workspace.load()
    #expect(report.tables[0].outcome == .failed)
  }

  @Test func `an overflow of a calculated attribute fails the table`() async throws {
    let workspace = try LoadedWorkspace(
      "{workspace: T, tables: {T: {files: t.csv, key: id, calculated: {big: id * 4000000000}}}}",
      files: ["t.csv": "id\n4000000000\n"])
    let failure = await #expect(throws: LoadFailure.self) { try await workspace.load() }
    #expect(failure?.report.tables[0].problems.first?.message.contains("Overflow") == true)
  }
}
