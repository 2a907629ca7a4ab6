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
  /// - Throws: ``LifecycleError`` where a named segment is not active.
  public func makeJob(_ request: JobRequest, by author: String? = nil) throws -> JobRecord {
    try makePlannedChanges()
    let draft = JobDraft(
      records: try records(request.segments), loading: request.loading ? definition : nil,
      service: self)
    return try store.createJob(
      try draft.tasks(at: now()), trigger: request.trigger, at: now().microseconds, by: author)
  }

  private func records(_ segments: JobRequest.Segments) throws -> [SegmentRecord] {
    switch segments {
    case .named(let names): try chosen(names)
    case .all: try chosen(nil)
    case .scheduled(let days):
      try chosen(nil).filter { record in
        guard record.type == .dynamic else { return false }
        let schedule = try record.decodedSchedule()
        return days.contains { schedule.includes($0) }
      }
    }
  }
}

/// From segments to the tasks of a job, each behind those that it depends on.
private struct JobDraft {
  let records: [SegmentRecord]
  /// nil where nothing is loaded.
  let loading: WorkspaceDefinition?
  let service: SegmentService

  func tasks(at now: Instant) throws -> [TaskRecord] {
    let loads = loading?.tables.map(\.name) ?? []
    var tasks = loads.enumerated().map { index, name in
      TaskRecord(id: index + 1, kind: .load, name: name, state: TaskState(status: .queued))
    }
    var ids = Dictionary(uniqueKeysWithValues: tasks.map { ("load \($0.name)", $0.id) })
    let references = try references()
    for record in ordered(by: references) {
      let id = tasks.count + 1
      var task = TaskRecord(id: id, kind: .segment, name: record.name, segmentID: record.id)
      if record.state == .active {
        let tables = loads.isEmpty ? [] : try self.tables(of: record, at: now) ?? loads
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

  private func references() throws -> [String: [String]] {
    var references: [String: [String]] = [:]
    for record in records where record.state == .active {
      references[record.name] = try service.storedDefinition(record.version).references
    }
    return references
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

  /// nil where that is not known before the data is loaded.
  private func tables(of record: SegmentRecord, at now: Instant) throws -> [String]? {
    guard let catalog = try? service.snapshot().catalog else { return nil }
    var facts = try service.segmentFacts()
    for name in facts.keys { facts[name]?.isAvailable = true }
    let planner = Planner(PlanContext(catalog: catalog, asOf: now, segments: facts))
    let plan = try? planner.plan(service.storedDefinition(record.version))
    return plan.map { $0.tables.sorted() }
  }
}
