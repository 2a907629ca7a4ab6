import SegmentCompiler
import SegmentStore

/// What somebody asks a job to do.
public struct JobRequest: Sendable, Equatable {
  public enum Segments: Sendable, Equatable {
    /// These, which have to be active.
    case named([String])
    /// All; those that are not active are skipped.
    case all
    /// All that the schedule refreshes on one of these days: none that is static or has another schedule.
    case scheduled(on: Set<CivilDate>)
  }

  public var segments: Segments
  /// Loads what has changed in the data files before.
  public var loading: Bool
  public var trigger: JobTrigger

  public init(_ segments: Segments, loading: Bool = false, trigger: JobTrigger = .manual) {
    self.segments = segments
    self.loading = loading
    self.trigger = trigger
  }
}

extension SegmentService {
  /// Makes a job with all its tasks; whoever runs jobs takes it up.
  ///
  /// - Parameter also: done by the transaction that makes the job.
  /// - Throws: ``LifecycleError`` where a named segment is not active.
  public func makeJob(
    _ request: JobRequest,
    also: (StoreSettings) throws -> Void = { _ in }
  ) throws -> JobRecord {
    try makePlannedChanges()
    let draft = try JobDraft(
      records: records(request.segments), loading: request.loading ? definition : nil,
      service: self)
    return try store.createJob(
      draft.tasks(at: now()), trigger: request.trigger, at: now().microseconds, also: also)
  }

  private func records(_ segments: JobRequest.Segments) throws -> [SegmentRecord] {
    switch segments {
    case .named(let names): try chosen(names)
    case .all: try chosen(nil)
    case .scheduled(let days):
      try chosen(nil).filter { record in
        guard record.type == .dynamic else { return false }
        // A schedule that cannot be read must not keep the others from being refreshed, nor its segment.
        let schedule = (try? record.decodedSchedule()) ?? .everySystemRefresh
        return days.contains { schedule.includes($0) }
      }
    }
  }
}

/// From segments to the tasks of a job, each behind those that it depends on.
private struct JobDraft {
  private let records: [SegmentRecord]
  private let loads: [String]
  /// Of active segments by name; one that cannot be read is missing, and says so when it is evaluated.
  private let definitions: [String: SegmentDefinition]
  /// nil where nothing is loaded, or the data is not known before it is.
  private let planner: Planner?

  /// - Parameter loading: nil where nothing is loaded.
  init(records: [SegmentRecord], loading: WorkspaceDefinition?, service: SegmentService) throws {
    self.records = records
    loads = loading?.tables.map(\.name) ?? []
    let active = records.filter { $0.state == .active }
    definitions = Dictionary(
      uniqueKeysWithValues: active.compactMap { record in
        (try? service.storedDefinition(record.version)).map { (record.name, $0) }
      })
    guard !loads.isEmpty, let catalog = try? service.snapshot().catalog else {
      planner = nil
      return
    }
    var facts = try service.segmentFacts()
    for name in facts.keys { facts[name]?.isAvailable = true }
    planner = Planner(PlanContext(catalog: catalog, asOf: service.now(), segments: facts))
  }

  func tasks(at now: Instant) -> [TaskRecord] {
    var tasks = loads.enumerated().map { index, name in
      TaskRecord(id: index + 1, kind: .load, name: name, state: TaskState(status: .queued))
    }
    var ids = Dictionary(uniqueKeysWithValues: tasks.map { ("load \($0.name)", $0.id) })
    let references = definitions.mapValues(\.references)
    for record in ordered(by: references) {
      let id = tasks.count + 1
      var task = TaskRecord(id: id, kind: .segment, name: record.name, segmentID: record.id)
      if record.state == .active {
        let tables = tables(of: record)
        // Of a circle of references each is planned, which says what is wrong.
        task.dependsOn =
          (tables.compactMap { ids["load \($0)"] }
          + (references[record.name] ?? []).compactMap { ids["segment \($0)"] }).sorted()
      } else {
        task.state = TaskState(status: .skipped, cause: record.state.skipCause)
        task.finished = now.microseconds
      }
      ids["segment \(record.name)"] = id
      tasks.append(task)
    }
    return tasks
  }

  /// Those that are referred to first.
  private func ordered(by references: [String: [String]]) -> [SegmentRecord] {
    var ordered: [SegmentRecord] = []
    var waiting = records
    while !waiting.isEmpty {
      let names = Set(waiting.map(\.name))
      let ready = waiting.filter { names.isDisjoint(with: references[$0.name] ?? []) }
      let layer = ready.isEmpty ? waiting : ready
      ordered += layer
      let done = Set(layer.map(\.id))
      waiting.removeAll { done.contains($0.id) }
    }
    return ordered
  }

  /// Those that are loaded and that it reads: all where that is not known.
  private func tables(of record: SegmentRecord) -> [String] {
    guard let planner, let definition = definitions[record.name],
      let plan = try? planner.plan(definition)
    else { return loads }
    return plan.tables.sorted()
  }
}
