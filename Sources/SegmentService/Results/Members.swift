import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Which members of a segment are wanted.
public struct MemberSelection: Sendable {
  public enum Part: String, Sendable, CaseIterable { case all, entered, exited }

  public var segment: String
  public var part: Part
  /// nil for the last published run.
  public var run: Int64?

  public init(segment: String, part: Part = .all, run: Int64? = nil) {
    self.segment = segment
    self.part = part
    self.run = run
  }
}

public enum MemberFormat: String, Sendable, CaseIterable { case csv, ndjson, parquet }

extension SegmentService {
  /// Chooses members, with the projected attributes of the definition that the run used; what they are read from
  /// stays as long as the list.
  ///
  /// Those that exited are listed as they were in the run before.
  ///
  /// - Throws: ``WorkspaceError`` where they cannot be listed: then nothing was written yet.
  public func memberList(_ selection: MemberSelection) throws -> MemberList {
    let (list, lease) = try leases.take(choosing: {
      let run = try publishedRun(selection.run, of: selection.segment)
      let (request, version) = try memberRows(selection.part, of: run)
      let list = MemberList(run: run, request: request, version: version, engine: engine)
      return (list, [.dataVersion(version.id)])
    })
    return list.holding(lease)
  }

  /// Writes members in key order.
  ///
  /// - Parameter write: receives the bytes piece by piece, the next one when it has returned.
  /// - Returns: the number of members.
  @discardableResult
  public func writeMembers(
    _ selection: MemberSelection, as format: TextFormat,
    to write: ([UInt8]) async throws -> Void
  ) async throws -> Int {
    let list = try memberList(selection)
    for try await piece in list.bytes(as: format) { try await write(piece) }
    return list.count
  }

  /// Writes members to a Parquet file, lists as lists.
  @discardableResult
  public func writeMembersAsParquet(_ selection: MemberSelection, to path: String) async throws
    -> Int
  {
    let list = try memberList(selection)
    try await list.writeParquet(to: path)
    return list.count
  }

  /// The runs of a segment, the last one first.
  ///
  /// - Parameter before: only those that were published before this run.
  public func history(of name: String, limit: Int = Int.max, before: Int64? = nil) throws
    -> [RunRecord]
  {
    try store.runs(of: segment(name).definition.name, limit: limit, before: before)
  }

  /// A run of a segment, whatever came of it.
  ///
  /// - Throws: ``WorkspaceError/noRun(_:segment:)``.
  public func run(_ id: Int64, of name: String) throws -> RunRecord {
    let record = try record(of: name)
    guard let run = try store.run(id), run.segmentID == record.id else {
      throw WorkspaceError.noRun(id, segment: record.name)
    }
    return run
  }

  /// What is kept of a run.
  public enum Rest: String, Sendable, CaseIterable {
    /// Its members and the data it was computed from: both can be listed and explained.
    case all
    /// Its members: segments and runs can be compared.
    case members
    case counts
  }

  /// What is kept of succeeded runs, by their ids.
  public func rest(of runs: [RunRecord]) throws -> [Int64: Rest] {
    let dataVersions = try store.dataVersions()
    return runs.reduce(into: [:]) { rest, run in
      guard let members = run.result?.members else { return }
      let isListable = dataVersions.contains(run.dataVersion)
      rest[run.id] = members.gone != nil ? .counts : isListable ? .all : .members
    }
  }

  private func memberRows(_ part: MemberSelection.Part, of run: RunRecord) throws -> (
    MemberRows, DataVersion
  ) {
    let set = try members(of: run)
    switch part {
    case .all:
      return try memberRows(set, of: run)
    case .entered:
      let before = try previous(of: run).map(members(of:)) ?? MemberSet()
      return try memberRows(set.subtracting(before), of: run)
    case .exited:
      guard let previous = try previous(of: run) else {
        return try memberRows(MemberSet(), of: run)
      }
      return try memberRows(members(of: previous).subtracting(set), of: previous)
    }
  }

  private func previous(of run: RunRecord) throws -> RunRecord? {
    guard let id = run.result?.previousRun else { return nil }
    guard let previous = try store.run(id) else { throw WorkspaceError.dataGone(run: id) }
    return previous
  }

  /// A run for somebody who reads its members.
  func publishedRun(_ id: Int64?, of name: String) throws -> RunRecord {
    let name = try segment(name).definition.name
    guard let id else {
      guard let run = try store.lastPublished(of: name) else {
        throw WorkspaceError.neverRefreshed(name)
      }
      noteUse(of: run.segmentID)
      return run
    }
    guard let run = try store.run(id), run.segment == name, run.result != nil else {
      throw WorkspaceError.noRun(id, segment: name)
    }
    noteUse(of: run.segmentID)
    return run
  }

  /// Members with the definition, the data and the references that the run read.
  private func memberRows(_ set: MemberSet, of run: RunRecord) throws -> (MemberRows, DataVersion) {
    let context = try runContext(run)
    let request = MemberRows(
      members: set, audience: context.plan.audience, catalog: context.snapshot.catalog,
      projection: context.plan.projection, references: context.references)
    return (request, context.snapshot.version)
  }

  /// Everything a past run was computed from.
  struct RunContext: Sendable {
    var plan: LogicalPlan
    var snapshot: Snapshot
    var references: ReferencedSets
  }

  /// Lends what a past run was computed from.
  func reading<Result>(
    _ run: RunRecord, _ body: (RunContext) async throws -> Result
  ) async throws -> Result {
    try await leases.lend(
      choosing: {
        let context = try runContext(run)
        return (context, [.dataVersion(context.snapshot.version.id)])
      }, to: body)
  }

  private func runContext(_ run: RunRecord) throws -> RunContext {
    guard let version = try store.dataVersion(id: run.dataVersion),
      let saved = try store.version(of: run)
    else { throw WorkspaceError.dataGone(run: run.id) }
    let workspace = try workspace(of: run)
    var references = ReferencedSets()
    // What the references were then: by now they may be about others, or refer to this one.
    var facts: [String: SegmentFacts] = [:]
    for reference in run.references {
      guard let read = try store.run(reference.run), let result = read.result,
        let version = try store.version(of: read)
      else { throw WorkspaceError.dataGone(run: reference.run) }
      let audience = try storedDefinition(version).audience
      facts[reference.segment] = SegmentFacts(
        audience: audience ?? workspace.soleAudience, references: [], isAvailable: true)
      references.entries[reference.segment] = ReferencedSets.Entry(
        members: try members(of: read), fingerprint: result.members.sha256)
    }
    let snapshot = try snapshot(of: version, by: workspace)
    let planner = Planner(
      PlanContext(
        catalog: snapshot.catalog, asOf: Instant(microseconds: run.asOf), segments: facts))
    return RunContext(
      plan: try planner.plan(storedDefinition(saved)), snapshot: snapshot,
      references: references)
  }

  /// The audience that a run was about; nil where that is not known any more.
  func audience(of run: RunRecord) throws -> String? {
    guard let version = try store.version(of: run) else {
      return nil
    }
    let name = try storedDefinition(version).audience ?? workspace(of: run).soleAudience
    return name.isEmpty ? nil : name
  }

  /// The workspace file as it was when a run was computed.
  func workspace(of run: RunRecord) throws -> WorkspaceDefinition {
    guard let hash = run.workspaceFile, hash != sha256(text),
      let text = try store.workspaceFile(sha256: hash)
    else { return definition }
    return try WorkspaceDefinition(yaml: text)
  }
}
