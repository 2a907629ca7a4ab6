import SegmentCompiler
import SegmentStore

/// A segment as a list shows it: valid, inactive or a draft.
public struct ListedSegment: Sendable {
  public var record: SegmentRecord
  public var displayName: String?
  public var description: String?
  public var tags: [String]
  public var audience: String?
  /// The run whose members are in force; nil where it was never refreshed.
  public var lastPublished: RunRecord?
  /// The last run, whatever came of it.
  public var lastRun: RunRecord?
  /// Of the last run and the last task of a job what came later.
  public var status: SegmentStatus
}

extension SegmentService {
  /// - Throws: ``WorkspaceError/unknownSegment(_:hint:)``.
  public func record(of name: String) throws -> SegmentRecord {
    let name = SegmentDefinition.canonicalName(name)
    guard let record = try store.segmentRecord(name) else { throw try unknownSegment(name) }
    return record
  }

  /// Tells of segments that are made or changed from now on, after each transaction. Told on the thread that
  /// writes: return soon, and do not ask the service anything.
  public func observeSegments(_ tell: @escaping @Sendable ([SegmentNotice]) -> Void) {
    store.observeSegments(tell)
  }

  /// All segments, by name; those in the trash are in ``trash()``.
  public func list() throws -> [ListedSegment] {
    let published = try store.allLastPublished().bySegment
    let runs = try store.allLastRuns().bySegment
    let tasks = try store.lastTasks()
    return try store.segmentRecords().map { record in
      let run = runs[record.name]
      return try listed(
        record, published[record.name], run, SegmentStatus(task: tasks[record.id], run: run))
    }
  }

  func listed(_ record: SegmentRecord) throws -> ListedSegment {
    let run = try store.lastRun(of: record.name)
    return try listed(
      record, try store.lastPublished(of: record.name), run,
      SegmentStatus(task: try store.lastTask(of: record.id), run: run))
  }

  private func listed(
    _ record: SegmentRecord, _ published: RunRecord?, _ run: RunRecord?, _ status: SegmentStatus
  ) throws -> ListedSegment {
    var listed = ListedSegment(
      record: record, tags: [], lastPublished: published, lastRun: run, status: status)
    if record.version.isDraft {
      let document = try record.version.document()
      listed.displayName = document["displayName"]?.textValue
      listed.description = document["description"]?.textValue
      listed.audience = document["audience"]?.textValue
      if case .list(let tags)? = document["tags"]?.value {
        listed.tags = tags.compactMap(\.textValue)
      }
    } else {
      let definition = try storedDefinition(record.version)
      listed.displayName = definition.displayName
      listed.description = definition.description
      listed.audience = definition.audience
      listed.tags = definition.tags
    }
    if record.autoDeactivated != nil { listed.tags.append(SegmentRecord.autoDeactivatedTag) }
    return listed
  }
}

extension [RunRecord] {
  fileprivate var bySegment: [String: RunRecord] {
    Dictionary(map { ($0.segment, $0) }, uniquingKeysWith: { $1 })
  }
}
