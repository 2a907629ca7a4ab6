import Foundation
import SegmentCompiler
import SegmentEngines

/// The built-in sample company: a workspace with data made inside DuckDB, and segments over it.
public struct SampleCompany: Sendable {
  public static let customerRange = 1_000...10_000_000

  public var customers: Int
  public var seed: Int
  /// The last day of its history.
  public var today: CivilDate

  public init(customers: Int = 20_000, seed: Int = 1, today: CivilDate) {
    self.customers = customers
    self.seed = seed
    self.today = today
  }

  /// Writes `workspace.yaml`, `data/` and `segments/` into a new or empty folder.
  public func write(to folder: URL, settings: SegmentService.Settings = .init()) async throws {
    let files = FileManager.default
    let data = folder.appending(path: "data")
    if let present = try? files.contentsOfDirectory(atPath: folder.path), !present.isEmpty {
      throw WorkspaceError.folderNotEmpty(folder.path)
    }
    try files.createDirectory(at: data, withIntermediateDirectories: true)
    try await generate(into: data, settings: settings)
    try Data(PackageResources.sample_workspace_yaml).write(
      to: folder.appending(path: "workspace.yaml"))
    let segments = folder.appending(path: "segments")
    try files.createDirectory(at: segments, withIntermediateDirectories: true)
    for definition in try SampleCompany.segments() {
      try Data(definition.yaml.utf8).write(
        to: segments.appending(path: "\(definition.name).yaml"))
    }
  }

  /// The definitions of its segments.
  public static func segments() throws -> [SegmentDefinition] {
    try SegmentDefinition.decodeAll(segmentsText)
  }

  /// The same as one YAML text with several documents.
  public static var segmentsText: String {
    String(decoding: PackageResources.sample_segments_yaml, as: UTF8.self)
  }

  private func generate(into folder: URL, settings: SegmentService.Settings) async throws {
    let database = try DuckDBDatabase(
      path: nil,
      settings: DuckDBDatabase.Settings(
        memoryLimit: settings.memoryLimit, threads: settings.threads,
        temporaryDirectory: folder.path))
    let connection = try database.connect()
    for statement in statements(folder: folder) {
      _ = try await connection.execute(statement)
    }
  }

  /// The script's statements with its placeholders filled in.
  private func statements(folder: URL) -> [SQLQuery] {
    let script = String(decoding: PackageResources.sample_sql, as: UTF8.self)
      .replacing("{{customers}}", with: String(customers))
      .replacing("{{seed}}", with: String(seed))
      .replacing("{{today}}", with: today.description)
      .replacing("{{folder}}", with: folder.path.replacing("'", with: "''"))
    return script.components(separatedBy: ";\n")
      .filter { !$0.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty }
      .map { SQLQuery(stringLiteral: $0) }
  }
}
