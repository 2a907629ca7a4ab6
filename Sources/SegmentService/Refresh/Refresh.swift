import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

/// What became of one segment of a refresh.
public struct RefreshedSegment: Sendable {
  public var run: RunRecord
  public var warnings: [Diagnostic]
  /// Keys of a manual segment that no profile has yet.
  public var pending: [ProfileKey]
}

extension SegmentService {
  /// Computes the members of segments from one data version and publishes them all together; nothing
  /// is published before everything is computed.
  ///
  /// Segments they refer to are refreshed first where they are among `names`, else their last published
  /// members are read. A segment that fails leaves its members as they were, and those that depend
  /// on it are skipped.
  ///
  /// - Parameters:
  ///   - names: nil for all, of which those that are not active are skipped.
  ///   - asOf: what "now" is for relative conditions; nil for now.
  /// - Throws: ``LifecycleError`` where one of `names` is not active.
  public func refresh(
    _ names: [String]? = nil, asOf: Instant? = nil,
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> [RefreshedSegment] {
    try makePlannedChanges()
    let records = try chosen(names)
    let refreshed = try await reading { snapshot in
      let active = records.filter { $0.state == .active }
      let evaluation = LayeredEvaluation(
        of: try active.map { try storedDefinition($0.version) }, service: self, snapshot: snapshot,
        asOf: asOf ?? now(), facts: try segmentFacts(),
        leavingOut: records.filter { $0.state != .active }.map { ($0.name, $0.state.skipCause) })
      return try await publish(
        await evaluation.run(progress: progress),
        of: records.map { ($0.name, $0.version.number, $0.id) }
      ) { try store.publish($0, workspaceFile: text, from: evaluation.data.name) }
    }
    // Whoever has the turn does the same when it is done.
    try await dataTurn.takeIfFree { try await expire(after: "refresh") }
    try await writeOutputFiles()
    return refreshed
  }

  /// Puts what was evaluated on disk and makes it runs.
  ///
  /// - Parameters:
  ///   - segments: of those that were evaluated, with the version that each has when it is published, and its id
  ///     unless it is saved together with the runs.
  ///   - commit: publishes the runs.
  func publish(
    _ evaluation: LayeredEvaluation, of segments: [(name: String, version: Int, id: Int64?)],
    commit: ([RunRecord]) throws -> Void
  ) async throws -> [RefreshedSegment] {
    let writer = try RunWriter(service: self, evaluation: evaluation, segments: segments)
    return try await leases.lend(choosing: { (writer, writer.unpublished) }) { writer in
      do {
        let refreshed = try writer.write()
        try evaluation.data.cache.trim(to: LeafCache.limit)
        try commit(refreshed.map(\.run))
        return refreshed
      } catch let error as SegmentStoreError where error.isOfFile {
        // The commit may be whole all the same, which the next opening finds out: then its members are
        // needed, and else they are swept.
        throw error
      } catch {
        removeUnpublishedMembers(of: writer)
        throw error
      }
    }
  }

  /// What is left all the same is swept by the next `gc`.
  private func removeUnpublishedMembers(of writer: RunWriter) {
    for id in writer.unpublished.runs where (try? store.run(id)) == .some(nil) {
      try? StoredFile.remove(folder.members.appending(path: MembersFile.name(run: id)))
    }
  }

  /// Segments that can be refreshed; nil for all, whatever their state.
  func chosen(_ names: [String]?) throws -> [SegmentRecord] {
    let all = try store.segmentRecords()
    guard let names else { return all }
    let wanted = Set(names.map(SegmentDefinition.canonicalName))
    for name in wanted where !all.contains(where: { $0.name == name }) {
      throw try unknownSegment(name)
    }
    let chosen = all.filter { wanted.contains($0.name) }
    if let draft = chosen.first(where: { $0.state == .draft }) {
      throw LifecycleError.draft(
        draft.name, problems: try problems(of: draft.version, catalog: snapshot().catalog))
    }
    let inactive = chosen.filter { $0.state == .inactive }.map(\.name)
    guard inactive.isEmpty else { throw LifecycleError.inactive(inactive) }
    return chosen
  }

  /// The last published members of segments, with the runs they come from.
  func publishedMembers(of names: some Sequence<String>) throws -> (
    sets: ReferencedSets, runs: [RunReference]
  ) {
    var sets = ReferencedSets()
    var runs: [RunReference] = []
    for name in Set(names).sorted() {
      guard let run = try store.lastPublished(of: name), let result = run.result else { continue }
      sets.entries[name] = ReferencedSets.Entry(
        members: try members(of: run), fingerprint: result.members.sha256)
      runs.append(RunReference(segment: name, run: run.id))
    }
    return (sets, runs)
  }

  /// The stored members of a succeeded run.
  func members(of run: RunRecord) throws -> MemberSet {
    guard let file = run.result?.members else { return MemberSet() }
    guard file.gone == nil else { throw WorkspaceError.membersGone(run: run.id) }
    guard let set = folder.members(in: file) else {
      // They may have expired since the record was read.
      let isKept = try store.run(run.id)?.result?.members.gone == nil
      throw isKept
        ? WorkspaceError.membersDamaged(run: run.id) : WorkspaceError.membersGone(run: run.id)
    }
    return set
  }
}

extension WorkspaceFolder {
  /// nil where the file is gone or does not match its checksum.
  func members(in file: MembersFile) -> MemberSet? {
    bytes(of: file).flatMap { MemberSet(bytes: $0) }
  }

  /// The same as bytes.
  func bytes(of file: MembersFile) -> [UInt8]? {
    guard let data = try? Data(contentsOf: members.appending(path: file.name)) else { return nil }
    let bytes = [UInt8](data)
    return DurableFile.checksum(bytes) == file.sha256 ? bytes : nil
  }
}

extension SegmentState {
  /// Why a segment in this state is not refreshed.
  var skipCause: String {
    switch self {
    case .draft: "It is a draft: its definition is not valid yet."
    case .inactive, .active: "It is inactive."
    }
  }
}

/// Makes runs of what was evaluated: puts the members on disk, where they wait to be published.
struct RunWriter {
  private let service: SegmentService
  private let evaluation: LayeredEvaluation
  private let segments: [(name: String, version: Int, id: Int64?)]
  private let runs: [String: Int64]

  init(
    service: SegmentService, evaluation: LayeredEvaluation,
    segments: [(name: String, version: Int, id: Int64?)]
  ) throws {
    self.service = service
    self.evaluation = evaluation
    self.segments = segments
    let ids = try service.store.reserveRuns(segments.count)
    runs = Dictionary(uniqueKeysWithValues: zip(segments.map(\.name), ids))
  }

  /// The runs whose members it writes.
  var unpublished: Set<Leases.Item> { Set(runs.values.map { .run($0) }) }

  func write() throws -> [RefreshedSegment] {
    let written = try segments.map { try write($0.name, version: $0.version, of: $0.id) }
    try DurableFile.synchronize(folder: service.folder.members)
    return written
  }

  private func write(_ name: String, version: Int, of segment: Int64?) throws -> RefreshedSegment {
    guard let id = runs[name], let (outcome, finished) = evaluation.outcomes[name] else {
      preconditionFailure("every segment was evaluated")
    }
    func run(_ outcome: RunRecord.Outcome, _ references: [RunReference] = []) -> RunRecord {
      RunRecord(
        id: id, segment: name, segmentID: segment, segmentVersion: version,
        asOf: evaluation.asOf.microseconds,
        dataVersion: evaluation.snapshot.version.id, started: evaluation.started.microseconds,
        finished: finished.microseconds, references: references, outcome: outcome,
        workspaceFile: sha256(service.text))
    }
    switch outcome {
    case .failed(let cause, _):
      return RefreshedSegment(run: run(.failed(cause: cause)), warnings: [], pending: [])
    case .skipped(let cause):
      return RefreshedSegment(run: run(.skipped(cause: cause)), warnings: [], pending: [])
    case .evaluated(let segment):
      let (result, warnings) = try store(segment, run: id)
      let references = segment.plan.references.compactMap { name in
        runs[name].map { RunReference(segment: name, run: $0) } ?? evaluation.runsRead[name]
      }
      return RefreshedSegment(
        run: run(.succeeded(result), references), warnings: segment.plan.warnings + warnings,
        pending: segment.evaluation.pending)
    }
  }

  private func store(_ segment: EvaluatedSegment, run id: Int64) throws -> (RunResult, [Diagnostic])
  {
    let members = segment.evaluation.members
    let file = MembersFile(name: MembersFile.name(run: id), sha256: segment.checksum)
    try DurableFile.write(members.bytes, to: service.folder.members.appending(path: file.name))
    let before = try service.previousMembers(
      of: segment.plan.segment, audience: segment.plan.audience.name)
    let result = RunResult(
      members: file, count: members.count, entered: members.subtractingCount(before.members),
      exited: before.members.subtractingCount(members), rules: segment.evaluation.counts,
      previousRun: before.run?.id)
    return (result, before.warnings)
  }
}

extension SegmentService {
  /// What entered and exited are counted against: the last published run, unless the segment was about another
  /// audience then, since ordinals of two audiences have nothing to do with each other.
  ///
  /// Damaged members count as none: else the segment could never be refreshed again.
  func previousMembers(of name: String, audience: String) throws -> (
    run: RunRecord?, members: MemberSet, warnings: [Diagnostic]
  ) {
    guard let run = try store.lastPublished(of: name) else { return (nil, MemberSet(), []) }
    let old = try store.version(of: run).map(storedDefinition)
    guard old?.audience == nil || old?.audience == audience else { return (nil, MemberSet(), []) }
    do {
      return (run, try members(of: run), [])
    } catch WorkspaceError.membersDamaged {
      return (nil, MemberSet(), [unreadable("do not match their checksum", of: run)])
    } catch WorkspaceError.membersGone {
      return (nil, MemberSet(), [unreadable("are not kept", of: run)])
    }
  }

  private func unreadable(_ problem: String, of run: RunRecord) -> Diagnostic {
    Diagnostic(
      severity: .warning, code: "membersDamaged", place: "",
      message: "The stored members of run \(run.id) \(problem); everybody counts as entered.")
  }
}
