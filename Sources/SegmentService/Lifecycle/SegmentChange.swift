import SegmentCompiler
import SegmentStore

/// One change of a segment besides its rules, which are saved as a definition.
public enum SegmentChange: Sendable, Equatable {
  case activate, deactivate
  /// Has it refreshed at once, if it is active, by whoever runs jobs.
  case refresh
  /// For later; nil takes back what was planned.
  case planActivation(PlannedChange?), planDeactivation(PlannedChange?)
  case type(SegmentType)
  /// Leaves a segment as it is that has a schedule of its own, if `keepingOwn`.
  case schedule(SegmentSchedule, keepingOwn: Bool = false)
  /// References of other segments follow.
  case rename(String)
  case outputName(String)
  /// Whether the output table is also a file.
  case outputFile(Bool)
  /// Whether it stays active however long nobody uses it.
  case exempt(Bool)
  /// As ``deactivate``, with the tag that says why.
  case deactivateUnused
  case owner(String?)
  case displayName(String?), description(String?)
  case addTags([String]), removeTags([String])
  /// Where others refer to it only if `evenIfUsed`.
  case trash(evenIfUsed: Bool)
}

/// What became of one segment of several that were to be changed.
public struct ChangedSegment: Sendable {
  public var segment: String
  /// As it is now; of one in the trash as it was.
  public var outcome: Result<SegmentRecord, any Error>
}

extension SegmentService {
  /// Makes changes of one segment, all or none.
  ///
  /// - Parameter revision: the one that the changes are meant for; nil for whatever there is.
  /// - Throws: ``LifecycleError``, ``WorkspaceError/unknownSegment(_:hint:)``, ``SegmentInUse``.
  @discardableResult
  public func change(
    _ name: String, _ changes: [SegmentChange], expecting revision: Int? = nil
  ) throws -> SegmentRecord {
    do {
      let changed = try store.edit(at: now().microseconds) { edits in
        try ChangingSegment(service: self, edits: edits)
          .make(changes, of: name, expecting: revision)
      }
      tidy(after: changes)
      return changed
    } catch { throw telling(error) }
  }

  /// Makes the same changes of several segments in one transaction: of each all or none, whatever becomes of the others.
  ///
  /// Where one is refused because another of them refers to it, it is tried again after that one.
  public func change(_ names: [String], _ changes: [SegmentChange]) throws -> [ChangedSegment] {
    let outcomes = try store.edit(at: now().microseconds) { edits in
      let changing = ChangingSegment(service: self, edits: edits)
      func outcome(_ name: String) -> Result<SegmentRecord, any Error> {
        Result { try edits.attempt { try changing.make(changes, of: name) } }
      }
      var outcomes = names.map { ChangedSegment(segment: $0, outcome: outcome($0)) }
      var isUseful = true
      while isUseful {
        isUseful = false
        for index in outcomes.indices where outcomes[index].isInUse {
          outcomes[index].outcome = outcome(names[index])
          if !outcomes[index].isInUse { isUseful = true }
        }
      }
      return outcomes
    }
    tidy(after: changes)
    return outcomes.map { item in
      ChangedSegment(segment: item.segment, outcome: item.outcome.mapError(telling))
    }
  }

  /// The change is made: a file that cannot be removed now is by whoever writes files next.
  private func tidy(after changes: [SegmentChange]) {
    if changes.contains(where: \.leavesOutputFile) { try? removeUnwantedOutputFiles() }
  }

  /// The same error; of a draft with what is wrong with it.
  private func telling(_ error: any Error) -> any Error {
    guard case LifecycleError.draft(let name, _) = error else { return error }
    return LifecycleError.draft(name, problems: (try? draft(name)?.problems) ?? [])
  }
}

extension SegmentRecord {
  /// - Throws: ``LifecycleError/conflict(segment:expected:found:by:)`` where it is at another revision.
  func require(_ revision: Int?) throws {
    guard let revision, revision != self.revision else { return }
    throw LifecycleError.conflict(
      segment: name, expected: revision, found: self.revision, by: changedBy)
  }
}

extension SegmentChange {
  /// Whether the file of the output table may be one that nobody wants any more.
  fileprivate var leavesOutputFile: Bool {
    switch self {
    case .trash, .outputName, .outputFile(false): true
    default: false
    }
  }
}

extension ChangedSegment {
  fileprivate var isInUse: Bool {
    if case .failure(is SegmentInUse) = outcome { true } else { false }
  }
}

extension SegmentEdits {
  func unknownSegment(_ name: String) throws -> WorkspaceError {
    .unknownSegment(name, hint: NearNames.hint(name, among: try records().map(\.name)))
  }
}

/// Makes changes within one transaction.
private final class ChangingSegment {
  let service: SegmentService
  let edits: SegmentEdits
  private var users: SegmentUsers?
  private var names: [String]?

  init(service: SegmentService, edits: SegmentEdits) {
    self.service = service
    self.edits = edits
  }

  func make(_ changes: [SegmentChange], of written: String, expecting revision: Int? = nil) throws
    -> SegmentRecord
  {
    let name = SegmentDefinition.canonicalName(written)
    guard let record = try edits.record(name) else {
      // Of thousands of names that are unknown the known ones are read once.
      let known = try names ?? edits.records().map(\.name)
      names = known
      throw WorkspaceError.unknownSegment(name, hint: NearNames.hint(name, among: known))
    }
    try record.require(revision)
    return try changes.reduce(record) { try make($1, of: $0) }
  }

  func make(_ change: SegmentChange, of record: SegmentRecord) throws -> SegmentRecord {
    var record = record
    switch change {
    case .activate:
      record.state = try state(of: record, after: .activated)
      record.activation = nil
    case .refresh:
      if record.state == .active { try edits.requestRefresh(of: record) }
      return record
    case .deactivate:
      record.state = try state(of: record, after: .deactivated)
      record.deactivation = nil
    case .planActivation(let planned):
      try requireValid(record, for: planned)
      record.activation = planned
    case .planDeactivation(let planned):
      try requireValid(record, for: planned)
      record.deactivation = planned
    case .type(let type): record.type = type
    case .schedule(let schedule, let keepingOwn):
      guard schedule.problems.isEmpty else { throw Diagnostics(schedule.problems) }
      if keepingOwn, record.schedule != nil { return record }
      record.schedule = schedule == .everySystemRefresh ? nil : try encoded(schedule)
    case .outputName(let name):
      try requireFree(outputName: name, for: record)
      record.outputName = name
    case .outputFile(let isKept): record.keepsOutputFile = isKept
    case .exempt(let isExempt): record.isExemptFromCleanup = isExempt
    case .deactivateUnused:
      record.state = try state(of: record, after: .deactivated)
      record.deactivation = nil
      record.autoDeactivated = edits.time
    case .owner(let owner): record.owner = owner
    case .displayName(let text):
      return try editing(record, "displayName", to: text.map(Document.text))
    case .description(let text):
      return try editing(record, "description", to: text.map(Document.text))
    case .addTags(let tags):
      let old = try self.tags(of: record)
      return try setting(old + tags.subtracting(old), of: record)
    case .removeTags(let tags):
      if tags.contains(SegmentRecord.autoDeactivatedTag) {
        record.autoDeactivated = nil
        record = try edits.update(record)
      }
      return try setting(try self.tags(of: record).subtracting(tags), of: record)
    case .rename(let name): return try rename(record, to: name)
    case .trash(let evenIfUsed):
      try requireUnused(record, unless: evenIfUsed)
      try edits.trash(record)
      users?.remove(record)
      return record
    }
    return try edits.update(record)
  }

  // MARK: State

  private func state(of record: SegmentRecord, after event: SegmentEvent) throws -> SegmentState {
    guard let state = record.state.after(event) else {
      throw LifecycleError.draft(record.name, problems: [])
    }
    return state
  }

  private func requireValid(_ record: SegmentRecord, for planned: PlannedChange?) throws {
    guard let planned else { return }
    guard record.state != .draft else {
      throw LifecycleError.draft(record.name, problems: [])
    }
    guard Zone(planned.timeZone) != nil else {
      throw LifecycleError.unknownTimeZone(
        planned.timeZone, hint: NearNames.hint(planned.timeZone, among: Zone.knownNames))
    }
    guard planned.at > edits.time else {
      throw LifecycleError.notInFuture(Instant(microseconds: planned.at).description)
    }
  }

  // MARK: Names

  private func requireFree(outputName name: String, for record: SegmentRecord) throws {
    if let problem = OutputName.problem(of: name) { throw Diagnostics([problem]) }
    let isOwn = name.lowercased() == record.outputName.lowercased()
    guard try isOwn || !edits.isTaken(outputName: name) else {
      throw LifecycleError.outputNameTaken(
        name, suggestion: try edits.freeOutputName(for: name))
    }
  }

  private func rename(_ record: SegmentRecord, to written: String) throws -> SegmentRecord {
    let (old, new) = (record.name, SegmentDefinition.canonicalName(written))
    guard SegmentDefinition.isValidName(new) else { throw LifecycleError.invalidName(written) }
    guard Text(old) != Text(new) else { return record }
    guard try edits.record(new) == nil else { throw LifecycleError.nameTaken(new) }
    (users, names) = (nil, nil)
    var renamed = try edits.rename(record, to: new)
    renamed = try editing(renamed, "segment", to: .text(new))
    // Those in the trash too: they may come back.
    for other in try edits.records() + edits.trash() {
      try refer(other, to: new, insteadOf: old)
    }
    return renamed
  }

  /// Saves what a segment says of another one under that one's new name.
  private func refer(_ record: SegmentRecord, to new: String, insteadOf old: String) throws {
    func renaming(_ version: SegmentVersion) -> String? {
      guard let definition = try? service.storedDefinition(version),
        definition.references.contains(old)
      else { return nil }
      return definition.referring(to: new, insteadOf: old).json
    }
    var record = record
    // The valid version behind a draft is what other segments read.
    if record.version.isDraft, let inForce = try edits.versionInForce(of: record),
      let definition = renaming(inForce)
    {
      let draft = record.version
      record = try edits.save(definition, isDraft: false, in: record)
      record = try edits.save(renaming(draft) ?? draft.definition, isDraft: true, in: record)
    } else if let definition = renaming(record.version) {
      _ = try edits.save(definition, isDraft: record.version.isDraft, in: record)
    }
  }

  private func requireUnused(_ record: SegmentRecord, unless evenIfUsed: Bool) throws {
    guard !evenIfUsed else { return }
    let all = try self.users ?? service.users(among: edits.records(), inForce: edits.versionInForce)
    self.users = all
    let users = all.of(record)
    guard users.isEmpty else {
      throw SegmentInUse(segment: record.name, users: users)
    }
  }

  // MARK: What stands in the definition

  /// Saves the definition with another value of one entry, or without it.
  private func editing(_ record: SegmentRecord, _ key: String, to value: Document?) throws
    -> SegmentRecord
  {
    var document = try record.version.document()
    document[key] = value
    let isDraft = record.version.isDraft
    let text =
      isDraft ? document.json : try SegmentDefinition(decoding: document).json
    return try edits.save(text, isDraft: isDraft, in: record)
  }

  private func tags(of record: SegmentRecord) throws -> [String] {
    guard case .list(let items)? = try record.version.document()["tags"]?.value else { return [] }
    return items.compactMap(\.textValue)
  }

  private func setting(_ tags: [String], of record: SegmentRecord) throws -> SegmentRecord {
    for tag in tags where !SegmentDefinition.isValidTag(tag) {
      throw LifecycleError.invalidTag(tag)
    }
    guard tags.count <= SegmentDefinition.maximumTags else {
      throw LifecycleError.tooManyTags(record.name, count: tags.count)
    }
    return try editing(
      record, "tags", to: tags.isEmpty ? nil : Document(.list(tags.map(Document.text))))
  }
}

extension [String] {
  /// Each of these that is not among `others`, once, by bytes.
  fileprivate func subtracting(_ others: [String]) -> [String] {
    var seen = Set(others.map { Text($0) })
    return filter { seen.insert(Text($0)).inserted }
  }
}
