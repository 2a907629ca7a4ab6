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
  ///   - names: nil for all.
  ///   - asOf: what "now" is for relative conditions; nil for now.
  public func refresh(
    _ names: [String]? = nil, asOf: Instant? = nil,
    progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
  ) async throws -> [RefreshedSegment] {
    let versions = try chosen(names)
    let refreshed = try await reading { snapshot in
      let job = try RefreshJob(
        service: self, versions: versions, snapshot: snapshot, asOf: asOf ?? now())
      return try await leases.lend(choosing: { (job, job.unpublished) }) { job in
        do {
          let refreshed = try await job.run(progress: progress)
          try job.data.cache.trim(to: LeafCache.limit)
          try DurableFile.synchronize(folder: folder.members)
          try store.publish(refreshed.map(\.run), workspaceFile: text, from: job.data.name)
          return refreshed
        } catch let error as SegmentStoreError where error.isOfFile {
          // The commit may be whole all the same, which the next opening finds out: then its members are
          // needed, and else they are swept.
          throw error
        } catch {
          removeUnpublishedMembers(of: job)
          throw error
        }
      }
    }
    // Whoever has the turn does the same when it is done.
    try await dataTurn.takeIfFree { try await expire(after: "refresh") }
    return refreshed
  }

  /// What is left all the same is swept by the next `gc`.
  private func removeUnpublishedMembers(of job: RefreshJob) {
    for id in job.unpublished.runs where (try? store.run(id)) == .some(nil) {
      try? StoredFile.remove(folder.members.appending(path: MembersFile.name(run: id)))
    }
  }

  private func chosen(_ names: [String]?) throws -> [SegmentVersion] {
    let all = try store.segments()
    guard let names else { return all }
    let wanted = Set(names.map(SegmentDefinition.canonicalName))
    for name in wanted where !all.contains(where: { $0.segment == name }) {
      throw try unknownSegment(name)
    }
    return all.filter { wanted.contains($0.segment) }
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
    guard let data = try? Data(contentsOf: folder.members.appending(path: file.name)),
      case let bytes = [UInt8](data), DurableFile.checksum(bytes) == file.sha256,
      let set = MemberSet(bytes: bytes)
    else {
      // They may have expired since the record was read.
      let isKept = try store.run(run.id)?.result?.members.gone == nil
      throw isKept
        ? WorkspaceError.membersDamaged(run: run.id) : WorkspaceError.membersGone(run: run.id)
    }
    return set
  }
}

/// One refresh of several segments on its way.
struct RefreshJob {
  let service: SegmentService
  let versions: [SegmentVersion]
  let snapshot: Snapshot
  let asOf: Instant
  /// One file for the whole refresh.
  let data: DataFile.Open
  private let started: Instant
  private let definitions: [String: SegmentDefinition]
  private let runIDs: [String: Int64]
  private var facts: [String: SegmentFacts]

  /// Outcomes so far, by segment.
  private var done: [String: RefreshedSegment] = [:]
  private var published = ReferencedSets()
  private var references: [String: RunReference] = [:]
  /// Why members of segments outside of the job cannot be read.
  private var unreadable: [String: any Error] = [:]

  init(
    service: SegmentService, versions: [SegmentVersion], snapshot: Snapshot, asOf: Instant
  ) throws {
    self.service = service
    self.versions = versions
    self.snapshot = snapshot
    self.asOf = asOf
    data = service.data.current
    started = service.now()
    definitions = Dictionary(
      uniqueKeysWithValues: try versions.map { ($0.segment, try service.storedDefinition($0)) })
    let ids = try service.store.reserveRuns(versions.count)
    runIDs = Dictionary(uniqueKeysWithValues: zip(versions.map(\.segment), ids))
    facts = try service.segmentFacts()
    for version in versions { facts[version.segment]?.isAvailable = true }
  }

  /// The runs whose members it writes.
  var unpublished: Set<Leases.Item> { Set(runIDs.values.map { .run($0) }) }

  func run(progress: @escaping @Sendable (Int, Int) -> Void) async throws -> [RefreshedSegment] {
    var job = self
    return try await job.runLayers(progress: progress)
  }

  /// Segments in layers: a layer refers only to layers before it.
  private mutating func runLayers(progress: @escaping @Sendable (Int, Int) -> Void) async throws
    -> [RefreshedSegment]
  {
    try readPublished()
    var waiting = versions
    while !waiting.isEmpty {
      let ready = waiting.filter { version in
        !references(of: version).contains { name in waiting.contains { $0.segment == name } }
      }
      // A circle of references: planning says so for each of them.
      let layer = ready.isEmpty ? waiting : ready
      try await runLayer(layer, progress: progress)
      waiting.removeAll { version in layer.contains { $0.segment == version.segment } }
    }
    return versions.compactMap { done[$0.segment] }
  }

  private func references(of version: SegmentVersion) -> [String] {
    definitions[version.segment]?.references ?? []
  }

  /// Members of segments that are referred to without being refreshed now.
  private mutating func readPublished() throws {
    let inJob = Set(versions.map(\.segment))
    for name in Set(versions.flatMap(references)) where !inJob.contains(name) {
      do {
        let (sets, runs) = try service.publishedMembers(of: [name])
        published.entries.merge(sets.entries) { $1 }
        references[name] = runs.first
      } catch let error as WorkspaceError {
        unreadable[name] = error
      }
    }
  }

  private mutating func runLayer(
    _ layer: [SegmentVersion], progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws {
    var plans: [(version: SegmentVersion, plan: LogicalPlan)] = []
    let planner = Planner(PlanContext(catalog: snapshot.catalog, asOf: asOf, segments: facts))
    for version in layer {
      guard let definition = definitions[version.segment] else { continue }
      if let failed = references(of: version).first(where: isFailed) {
        finish(version, .skipped(cause: "It refers to '\(failed)', which was not refreshed."))
        continue
      }
      if let error = references(of: version).compactMap({ unreadable[$0] }).first {
        finish(version, .failed(cause: "\(error)"))
        continue
      }
      do {
        plans.append((version, try planner.plan(definition)))
      } catch {
        finish(version, .failed(cause: "\(error)"))
      }
    }
    let evaluator = Evaluator(data: data, snapshot: snapshot)
    let results = try await evaluator.evaluate(
      plans.map(\.plan), with: published, progress: progress)
    for ((version, plan), result) in zip(plans, results) {
      switch result {
      case .success(let evaluation): try store(evaluation, of: version, plan)
      case .failure(let error): finish(version, .failed(cause: "\(error)"))
      }
    }
  }

  private func isFailed(_ name: String) -> Bool {
    guard let outcome = done[name]?.run.outcome else { return false }
    if case .succeeded = outcome { return false }
    return true
  }

  /// Puts the members on disk, where they wait to be published.
  private mutating func store(
    _ evaluation: Evaluation, of version: SegmentVersion, _ plan: LogicalPlan
  ) throws {
    guard let id = runIDs[version.segment] else { return }
    let bytes = evaluation.members.bytes
    let file = MembersFile(name: MembersFile.name(run: id), sha256: DurableFile.checksum(bytes))
    try DurableFile.write(bytes, to: service.folder.members.appending(path: file.name))
    let (previous, before, warnings) = try previousMembers(of: version, plan)
    let result = RunResult(
      members: file, count: evaluation.members.count,
      entered: evaluation.members.subtractingCount(before),
      exited: before.subtractingCount(evaluation.members),
      rules: evaluation.counts, previousRun: previous?.id)
    finish(
      version, .succeeded(result), warnings: plan.warnings + warnings, pending: evaluation.pending,
      references: plan.references)
    published.entries[version.segment] = ReferencedSets.Entry(
      members: evaluation.members, fingerprint: file.sha256)
    references[version.segment] = RunReference(segment: version.segment, run: id)
  }

  /// What entered and exited are counted against. Damaged members count as none: else the segment could
  /// never be refreshed again.
  private func previousMembers(of version: SegmentVersion, _ plan: LogicalPlan) throws -> (
    run: RunRecord?, members: MemberSet, warnings: [Diagnostic]
  ) {
    guard let run = try previousRun(of: version, plan) else { return (nil, MemberSet(), []) }
    do {
      return (run, try service.members(of: run), [])
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

  /// The last published run, unless the segment was about another audience then: ordinals of two
  /// audiences have nothing to do with each other.
  private func previousRun(of version: SegmentVersion, _ plan: LogicalPlan) throws -> RunRecord? {
    guard let run = try service.store.lastPublished(of: version.segment) else { return nil }
    guard run.segmentVersion != version.number,
      let old = try service.store.version(version.segment, number: run.segmentVersion)
    else { return run }
    let audience = try service.storedDefinition(old).audience
    return audience == nil || audience == plan.audience.name ? run : nil
  }

  private mutating func finish(
    _ version: SegmentVersion, _ outcome: RunRecord.Outcome, warnings: [Diagnostic] = [],
    pending: [ProfileKey] = [], references names: [String] = []
  ) {
    guard let id = runIDs[version.segment] else { return }
    let run = RunRecord(
      id: id, segment: version.segment, segmentVersion: version.number,
      asOf: asOf.microseconds, dataVersion: snapshot.version.id, started: started.microseconds,
      finished: service.now().microseconds, references: names.compactMap { references[$0] },
      outcome: outcome, workspaceFile: sha256(service.text))
    done[version.segment] = RefreshedSegment(run: run, warnings: warnings, pending: pending)
  }
}
