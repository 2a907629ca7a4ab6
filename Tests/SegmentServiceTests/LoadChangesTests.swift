import Foundation
import SegmentCompiler
import SegmentStore
import Testing

@testable import SegmentService

/// Files, columns and tables that come and go between loads.
@Suite struct LoadChangesTests {
  private static let yaml = """
    workspace: Shop
    sources: {shop: {folder: data}}
    tables:
      Customer: {files: Customer*.csv, key: Id}
      Order: {files: "Order*.csv", key: Nr}
    relationships: [Order.CustomerId -> Customer.Id]
    audiences: {Customer: {table: Customer}}
    """

  private func shop() throws -> LoadedWorkspace {
    try LoadedWorkspace(
      Self.yaml,
      files: [
        "data/Customer.csv": "Id,City\n1,Oslo\n2,Moss\n",
        "data/Order-1.csv": "Nr,CustomerId,Note\n1,1,a\n2,2,b\n",
        "data/Order-2.csv": "Nr,CustomerId\n3,1\n",
      ])
  }

  // MARK: Files

  @Test func `a renamed file is not read again`() async throws {
    let workspace = try shop()
    let first = try await workspace.load()
    try workspace.rename("data/Order-1.csv", to: "data/Order-9.csv")
    let second = try await workspace.load()
    #expect(!second.isNew && second.dataVersion == first.dataVersion)
    #expect(second.tables[1].files == FileCounts(renamed: 1, unchanged: 1))
    let records = try workspace.store.partRecords(dataVersion: #require(first.dataVersion))
    #expect(
      Set(records["Order"]?.files.map(\.path) ?? []) == ["data/Order-9.csv", "data/Order-2.csv"])

    // Known under its new name from then on.
    try workspace.write("data/Order-9.csv", "Nr,CustomerId,Note\n1,1,c\n")
    #expect(try await workspace.load().tables[1].files == FileCounts(changed: 1, unchanged: 1))
    #expect(try await workspace.rows("Order", "Nr, Note") == [["1", "c"], ["3", "∅"]])
  }

  @Test func `files that swap their names swap their places`() async throws {
    let workspace = try shop()
    try await workspace.load()
    let one = "Nr,CustomerId,Note\n1,1,a\n2,2,b\n"
    let two = "Nr,CustomerId\n3,1\n"
    try workspace.write("data/Order-1.csv", two)
    try workspace.write("data/Order-2.csv", one)
    try await workspace.load()
    #expect(
      try await workspace.rows("Order", "Nr, Note") == [["1", "a"], ["2", "b"], ["3", "∅"]])
  }

  @Test func `a touched file is remembered with its new time`() async throws {
    let workspace = try shop()
    let version = try #require(try await workspace.load().dataVersion)
    let before = try workspace.store.partRecords(dataVersion: version)["Customer"]?.files.first
    try workspace.write("data/Customer.csv", "Id,City\n1,Oslo\n2,Moss\n")
    #expect(try await !workspace.load().isNew)
    let after = try workspace.store.partRecords(dataVersion: version)["Customer"]?.files.first
    #expect(before?.id == after?.id && before?.sha256 == after?.sha256)
    #expect(try #require(before).modified < #require(after).modified)
  }

  @Test func `what is noted of touched files is published with the rest`() async throws {
    let workspace = try shop()
    let version = try #require(try await workspace.load().dataVersion)
    let customers = {
      try workspace.store.partRecords(dataVersion: $0)["Customer"]?.files.first?.modified
    }
    let before = try customers(version)
    try workspace.write("data/Customer.csv", "Id,City\n1,Oslo\n2,Moss\n")
    try workspace.write("data/Order-1.csv", "Nr,CustomerId,Note\n1,1,c\n")
    // In a task of its own: what follows in the test must not find itself canceled.
    let loader = try workspace.loader()
    let load = Task {
      try await loader.load(at: 1) { step in
        if step.phase == .writing { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await load.value }
    #expect(try customers(version) == before)
    #expect(try await workspace.load().isNew)
    #expect(try #require(try customers(version)) > #require(before))
  }

  @Test func `a file written a moment ago is compared by its content the next time`() async throws {
    let workspace = try shop()
    let file = workspace.folder.appending(path: "data/Customer.csv")
    let later = Date().addingTimeInterval(3600)
    try FileManager.default.setAttributes([.modificationDate: later], ofItemAtPath: file.path)
    try await workspace.load()
    // The same size, and the same time as far as the file system's clock goes.
    try workspace.overwrite("data/Customer.csv", "Id,City\n1,Oslo\n2,Bodo\n")
    try await workspace.load()
    #expect(try await workspace.rows("Customer", "Id, City") == [["1", "Oslo"], ["2", "Bodo"]])
  }

  @Test func `a file that changes while it is read fails its table`() async throws {
    let workspace = try shop()
    try await workspace.load()
    try workspace.write("data/Customer.csv", "Id,City\n1,Oslo\n2,Moss\n3,Bergen\n")
    let folder = workspace.folder
    // Once the file was found and hashed, another text of the same size and time.
    let steps = Guarded(0)
    let report = try await workspace.load { step in
      guard step.table == "Customer", step.phase == .reading else { return }
      guard
        steps.withLock({
          $0 += 1; return $0
        }) == 2
      else { return }
      let file = folder.appending(path: "data/Customer.csv")
      let time = try? FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
      try? Data("Id,City\n1,Oslo\n2,Moss\n3,Tromso\n".utf8).write(to: file)
      try? FileManager.default.setAttributes(
        [.modificationDate: time ?? Date()], ofItemAtPath: file.path)
    }
    #expect(steps.withLock { $0 } == 2)
    #expect(report.tables[0].outcome == .failed)
    #expect(
      report.tables[0].problems.map(\.message) == [
        "data/Customer.csv changed while it was read; load again."
      ])
    #expect(try await workspace.rows("Customer", "Id") == [["1"], ["2"]])
    #expect(try await workspace.load().tables[0].outcome == .loaded)
    #expect(try await workspace.rows("Customer", "City") == [["Moss"], ["Oslo"], ["Tromso"]])
  }

  @Test func `a link to nothing fails its table instead of being left out`() async throws {
    let workspace = try shop()
    try await workspace.load()
    try FileManager.default.createSymbolicLink(
      atPath: workspace.folder.appending(path: "data/Order-3.csv").path,
      withDestinationPath: "/nowhere/Order-3.csv")
    let report = try await workspace.load()
    #expect(
      report.tables[1].problems.map(\.message) == [
        "data/Order-3.csv cannot be read: No such file or directory."
      ])
    #expect(try await workspace.rows("Order", "count(*)") == [["3"]])
  }

  // MARK: Everything gone

  @Test func `a folder or files that are gone keep the rows that were loaded`() async throws {
    let workspace = try shop()
    try await workspace.load()
    try workspace.rename("data", to: "elsewhere")
    let without = try await workspace.load()
    #expect(!without.isNew && without.tables.map(\.outcome) == [.failed, .failed])
    let message = try #require(without.tables[0].problems.first?.message)
    #expect(message.hasPrefix("There is no folder 'data'. The last load read 1 file."))
    #expect(message.contains("mayBeEmpty: true"))
    #expect(try await workspace.rows("Customer", "count(*)") == [["2"]])

    try workspace.rename("elsewhere", to: "data")
    try workspace.remove("data/Customer.csv")
    let report = try await workspace.load()
    #expect(report.tables.map(\.outcome) == [.failed, .unchanged])
    #expect(
      report.tables[0].problems.first?.message.hasPrefix(
        "No file in 'data' matches Customer*.csv. The last load read 1 file.") == true)
    #expect(try await workspace.rows("Customer", "count(*)") == [["2"]])
  }

  @Test func `files that have lost all their rows keep the rows that were loaded`() async throws {
    let workspace = try shop()
    try await workspace.load()
    try workspace.write("data/Customer.csv", "Id,City\n")
    let report = try await workspace.load()
    #expect(report.tables.map(\.outcome) == [.failed, .unchanged])
    #expect(
      report.tables[0].problems.first?.message.hasPrefix(
        "There are no rows any more, and there were 2 before.") == true)
    #expect(try await workspace.rows("Customer", "count(*)") == [["2"]])
  }

  @Test func `a table that may be empty loses its rows and keeps its attributes`() async throws {
    let workspace = try shop()
    let types = try await {
      try await workspace.load(); return try workspace.types("Order")
    }()
    workspace.define(
      Self.yaml.replacing("key: Nr", with: "key: Nr, mayBeEmpty: true"))
    #expect(try await !workspace.load().isNew)
    try workspace.remove("data/Order-1.csv")
    try workspace.remove("data/Order-2.csv")
    let report = try await workspace.load()
    #expect(report.tables[1].outcome == .loaded && report.tables[1].files.vanished == 2)
    #expect(try await workspace.rows("Order", "count(*)") == [["0"]])
    #expect(try workspace.types("Order") == types)
    #expect(try await !workspace.load().isNew)

    try workspace.write("data/Order-1.csv", "Nr,CustomerId\n7,1\n")
    try await workspace.load()
    #expect(try await workspace.rows("Order", "Nr") == [["7"]])
  }

  @Test func `a table that was never there may be empty if its attributes are declared`()
    async throws
  {
    let workspace = try shop()
    workspace.define(
      Self.yaml.replacing(
        "relationships:",
        with: """
            Call: {files: Call*.csv, key: Nr, mayBeEmpty: true, attributes: {Nr: integer, Reason: text}}
          relationships:
          """))
    try await workspace.load()
    #expect(try await workspace.rows("Call", "count(*)") == [["0"]])
    #expect(try workspace.types("Call") == ["Nr": "integer", "Reason": "text"])
  }

  // MARK: Columns and tables

  @Test func `a column that no file has any more is gone with a warning, and its type stays`()
    async throws
  {
    let workspace = try shop()
    try await workspace.load()
    try workspace.write("data/Order-1.csv", "Nr,CustomerId\n1,1\n2,2\n")
    // A file that is not read again may have had it.
    #expect(try await workspace.load().tables[1].problems.isEmpty)
    #expect(try workspace.types("Order").keys.contains("Note"))
    try workspace.write("data/Order-2.csv", "Nr,CustomerId\n3,2\n")
    try workspace.write("data/Order-1.csv", "Nr,CustomerId\n1,1\n")
    let report = try await workspace.load()
    #expect(report.tables[1].outcome == .loaded)
    #expect(report.tables[1].problems.map(\.isFatal) == [false])
    #expect(
      report.tables[1].problems.first?.message
        == "The attribute 'Note' is gone: no file has its column any more. Segments that use it fail."
    )
    #expect(try workspace.types("Order") == ["Nr": "integer", "CustomerId": "integer"])
    // Whole numbers now, but it was text.
    try workspace.write("data/Order-2.csv", "Nr,CustomerId,Note\n3,1,007\n4,1,8\n")
    try await workspace.load()
    #expect(try workspace.types("Order")["Note"] == "text")
  }

  @Test func `a table that leaves the workspace file leaves the data, and its types are forgotten`()
    async throws
  {
    let workspace = try shop()
    try await workspace.load()
    let both = workspace.yaml
    workspace.define(
      """
      workspace: Shop
      sources: {shop: {folder: data}}
      tables: {Customer: {files: Customer*.csv, key: Id}}
      audiences: {Customer: {table: Customer}}
      """)
    let report = try await workspace.load()
    #expect(report.isNew && report.tables.map(\.table) == ["Customer"])
    #expect(try workspace.store.currentDataVersion()?.parts.keys.sorted() == ["Customer"])
    #expect(try workspace.store.fixedTypes().keys.sorted() == ["Customer"])

    try workspace.write("data/Order-1.csv", "Nr,CustomerId\nA1,1\n")
    try workspace.write("data/Order-2.csv", "Nr,CustomerId\nA2,2\n")
    workspace.define(both)
    #expect(try await workspace.load().failed.isEmpty)
    #expect(try workspace.types("Order")["Nr"] == "text")
    #expect(
      try await workspace.rows("Order", "Nr, _muster_profile_0") == [["A1", "0"], ["A2", "1"]])
  }

  @Test func `a type found by an earlier load that no longer fits says how to change it`()
    async throws
  {
    let workspace = try shop()
    try await workspace.load()
    try workspace.write("data/Order-2.csv", "Nr,CustomerId\nX3,1\n")
    let report = try await workspace.load()
    #expect(
      report.tables[1].problems.map(\.message) == [
        "1 value of 'Nr' is no integer. An earlier load found this type; declare another to change it."
      ])
    workspace.define(Self.yaml.replacing("key: Nr", with: "key: Nr, attributes: {Nr: text}"))
    #expect(try await workspace.load().tables[1].outcome == .loaded)
    #expect(try await workspace.rows("Order", "Nr") == [["1"], ["2"], ["X3"]])
  }
}
