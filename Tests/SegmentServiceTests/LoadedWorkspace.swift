import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore
import Testing

@testable import SegmentService

/// A workspace in a temporary folder of its own, deleted with the value.
final class LoadedWorkspace {
  let folder: URL
  let store: SegmentStore
  let database: DuckDBDatabase
  private(set) var yaml: String
  private var time: Int64 = 0

  init(_ yaml: String, files: [String: String] = [:]) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "workspace-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    store = try SegmentStore.inMemory(author: .tester)
    database = try DuckDBDatabase(path: folder.appending(path: "data.duckdb").path)
    self.yaml = yaml
    for (name, text) in files { try write(name, text) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ data: Data) throws {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
    // Two writes within the clock's resolution must still differ in time.
    time += 1
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 + Double(time))],
      ofItemAtPath: file.path)
  }

  /// Writes a file without changing its time.
  func overwrite(_ name: String, _ text: String) throws {
    let file = folder.appending(path: name)
    let time = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
    try Data(text.utf8).write(to: file)
    try FileManager.default.setAttributes([.modificationDate: time!], ofItemAtPath: file.path)
  }

  func rename(_ name: String, to other: String) throws {
    try FileManager.default.moveItem(
      at: folder.appending(path: name), to: folder.appending(path: other))
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: folder.appending(path: name))
  }

  func define(_ yaml: String) { self.yaml = yaml }

  func loader() throws -> Loader {
    Loader(
      workspace: try WorkspaceDefinition(yaml: yaml), folder: folder, store: store,
      database: database)
  }

  @discardableResult
  func load(
    progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
  ) async throws -> LoadReport {
    try await loader().load(at: time, progress: progress)
  }

  /// Rows of a table in the current data version, values as texts, `∅` for missing.
  func rows(_ table: String, _ columns: String, order: String = "1") async throws -> [[String]] {
    let part = try #require(try store.currentDataVersion()?.parts[table])
    let columns = SQLQuery(stringLiteral: columns)
    let order = SQLQuery(stringLiteral: order)
    let rows = try await database.connect().rows(
      "SELECT \(columns) FROM \(identifier: part.storedName) ORDER BY \(order)")
    return rows.map { row in row.map(text) }
  }

  func types(_ table: String) throws -> [String: String] {
    let version = try #require(try store.currentDataVersion())
    let attributes = try store.partRecords(dataVersion: version.id)[table]?.attributes ?? []
    return Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.type.name) })
  }

  /// Ordinals of an audience by key.
  func ordinals(_ audience: String) async throws -> [String: Int64] {
    let rows = try await database.connect().rows(
      "SELECT key, ordinal FROM \(identifier: LoadNames.ordinals(audience))")
    return Dictionary(uniqueKeysWithValues: rows.map { (text($0[0]), $0[1].integer!) })
  }

  private func text(_ value: DuckDBValue) -> String {
    switch value {
    case .null: "∅"
    case .boolean(let value): String(value)
    case .integer(let value): String(value)
    case .double(let value): String(value)
    case .decimal(let value): value
    case .text(let value): value.string
    case .date(let days): iso(Double(days) * 86_400, withTime: false)
    case .instant(let micros): iso(Double(micros) / 1_000_000, withTime: true)
    case .list(let values): "[" + values.map(text).joined(separator: ",") + "]"
    case .blob(let bytes): "\(bytes)"
    }
  }

  private func iso(_ seconds: Double, withTime: Bool) -> String {
    let text = Date(timeIntervalSince1970: seconds).ISO8601Format()
    return withTime ? text : String(text.prefix(10))
  }
}
