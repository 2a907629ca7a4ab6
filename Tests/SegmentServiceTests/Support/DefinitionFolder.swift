import Foundation
import Testing

@testable import SegmentService

/// A folder of definitions in a temporary place, deleted with the value.
final class DefinitionFolder {
  let url: URL
  var path: String { url.path }

  init(_ files: [String: String] = [:]) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "definitions-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, text) in files { try write(name, text) }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ data: Data) throws {
    let file = url.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: file)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: url.appending(path: name))
  }

  func read(_ name: String) throws -> String {
    try String(contentsOf: url.appending(path: name), encoding: .utf8)
  }

  /// Below the folder, sorted.
  func files() throws -> [String] {
    let found = FileManager.default.enumerator(atPath: url.path)?.allObjects as? [String] ?? []
    return found.filter { !DefinitionSource.isFolder(url.appending(path: $0).path) }.sorted()
  }

  /// Expects that what is exported is what is saved.
  static func expectIdentity(of service: SegmentService, _ about: String) async throws {
    let folder = try DefinitionFolder()
    let report = try service.export(to: folder.path)
    let plan = try await service.plan(folder.sources(), withSizes: false)
    #expect(plan.unchanged == report.written.count, "\(about)")
    #expect(plan.isEmpty, "\(about): \(plan.items.map { ($0.segment, $0.changes) })")
  }

  func sources() throws -> [DefinitionSource] { try DefinitionSource.all(at: [path]) }

  /// A message without the way to the folder.
  func short(_ text: String) -> String { text.replacing(path + "/", with: "") }
}
