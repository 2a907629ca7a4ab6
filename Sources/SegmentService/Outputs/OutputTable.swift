import Foundation
import SegmentCompiler
import SegmentStore

/// The members of a segment's last published run as a table of the catalog.
public struct OutputTable: Sendable, Equatable {
  /// What it holds of each member.
  public struct Attribute: Sendable, Equatable {
    /// The key, or a projected attribute as the definition writes it, such as `Customer.City`.
    public var name: String
    public var type: AttributeType
    /// Several values of each member, out of joined rows.
    public var isList: Bool
  }

  /// The segment's output name.
  public var name: String
  public var segment: String
  public var audience: String
  /// The key first.
  public var attributes: [Attribute]
  public var rows: Int
  public var run: Int64
  public var asOf: Instant
  /// nil where the segment keeps no file.
  public var file: File?

  /// The same rows as Parquet.
  public struct File: Sendable, Equatable {
    public var path: String
    /// Whether it shows the table's run; else it is written anew soon.
    public var isCurrent: Bool
  }
}

/// No segment with members has an output table of that name.
public struct UnknownOutputTable: Error, Equatable, CustomStringConvertible {
  public var name: String
  public var hint: String?

  public var description: String {
    "There is no output table '\(name)'." + (hint.map { " \($0)" } ?? "")
  }
}

extension SegmentService {
  /// The output tables of all segments that have members, by the names of the segments.
  public func outputTables() throws -> [OutputTable] {
    let records = Dictionary(
      uniqueKeysWithValues: try store.segmentRecords().map { ($0.id, $0) })
    let files = try outputFilesBySegment()
    var description = OutputDescription(service: self)
    return try store.allLastPublished().compactMap { run in
      guard let id = run.segmentID, let record = records[id] else { return nil }
      return try description.table(of: record, run, file: files[id])
    }
  }

  /// An output table by its name, whatever the case of its letters.
  ///
  /// - Throws: ``UnknownOutputTable``.
  public func outputTable(_ name: String) throws -> OutputTable {
    let records = try store.segmentRecords()
    guard let record = records.first(where: { $0.outputName.lowercased() == name.lowercased() }),
      let run = try store.lastPublished(of: record.name)
    else {
      let published = try store.publishedSegments()
      let names = records.filter { published.contains($0.id) }.map(\.outputName)
      throw UnknownOutputTable(name: name, hint: NearNames.hint(name, among: names))
    }
    var description = OutputDescription(service: self)
    return try description.table(of: record, run, file: outputFilesBySegment()[record.id])
  }

  private func outputFilesBySegment() throws -> [Int64: OutputTable.File] {
    Dictionary(
      uniqueKeysWithValues: try store.wantedOutputFiles().map { wanted in
        let url = folder.outputFile(wanted.name)
        let isThere = FileManager.default.fileExists(atPath: url.path)
        return (
          wanted.segmentID,
          OutputTable.File(path: url.path, isCurrent: wanted.isCurrent && isThere)
        )
      })
  }
}

/// Finds out what the rows of runs are made of; runs of the same data share what is read for it.
private struct OutputDescription {
  let service: SegmentService
  private struct Origin: Hashable {
    let dataVersion: Int64
    let workspaceFile: String?
  }
  private var snapshots: [Origin: (snapshot: Snapshot, soleAudience: String)] = [:]

  init(service: SegmentService) { self.service = service }

  mutating func table(of record: SegmentRecord, _ run: RunRecord, file: OutputTable.File?) throws
    -> OutputTable
  {
    let (plan, keyType) = try planned(run)
    let key = OutputTable.Attribute(name: plan.audience.key, type: keyType, isList: false)
    let projected = plan.projection.map { item in
      OutputTable.Attribute(
        name: "\(item.reference)", type: item.type, isList: item.source.isList)
    }
    return OutputTable(
      name: record.outputName, segment: record.name, audience: plan.audience.name,
      attributes: [key] + projected,
      rows: (run.result?.count ?? 0) - (run.result?.erased ?? 0), run: run.id,
      asOf: Instant(microseconds: run.asOf), file: file)
  }

  /// The plan of a run, and the type of the keys of its members.
  private mutating func planned(_ run: RunRecord) throws -> (LogicalPlan, AttributeType) {
    guard let saved = try service.store.version(of: run) else {
      throw WorkspaceError.dataGone(run: run.id)
    }
    let (snapshot, soleAudience) = try origin(of: run)
    var facts: [String: SegmentFacts] = [:]
    for reference in run.references {
      guard let read = try service.store.run(reference.run),
        let version = try service.store.version(of: read)
      else { throw WorkspaceError.dataGone(run: reference.run) }
      facts[reference.segment] = SegmentFacts(
        audience: try service.storedDefinition(version).audience ?? soleAudience, references: [],
        isAvailable: true)
    }
    let planner = Planner(
      PlanContext(
        catalog: snapshot.catalog, asOf: Instant(microseconds: run.asOf), segments: facts))
    let plan = try planner.plan(service.storedDefinition(saved))
    let key = snapshot.catalog.table(plan.audience.table)?.attribute(plan.audience.key)
    return (plan, key?.type ?? .text)
  }

  private mutating func origin(of run: RunRecord) throws -> (snapshot: Snapshot, String) {
    let origin = Origin(dataVersion: run.dataVersion, workspaceFile: run.workspaceFile)
    if let known = snapshots[origin] { return known }
    guard let version = try service.store.dataVersion(id: run.dataVersion) else {
      throw WorkspaceError.dataGone(run: run.id)
    }
    let workspace = try service.workspace(of: run)
    let found = (try service.snapshot(of: version, by: workspace), workspace.soleAudience)
    snapshots[origin] = found
    return found
  }
}

extension ResolvedProjection.Source {
  fileprivate var isList: Bool {
    switch self {
    case .profile: false
    case .rows: true
    }
  }
}
