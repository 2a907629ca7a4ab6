import SegmentCompiler
import SegmentStore

/// A segment as a list shows it: valid, inactive or a draft.
public struct ListedSegment: Sendable, Equatable {
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
  /// When it was read, in the count of ``SegmentListing/moment``: one that is not read again says the same.
  public var moment: Int
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
  public func list() throws -> [ListedSegment] { try listing().segments }

  /// The same, with what tells whether it has changed.
  public func listing() throws -> SegmentListing { try index.listing(of: self) }

  func listed(_ record: SegmentRecord) throws -> ListedSegment {
    guard let overview = try store.overviews(of: [record.id]).first else {
      throw try unknownSegment(record.name)
    }
    return try listed(overview, at: 0)
  }

  func listed(_ overview: SegmentOverview, at moment: Int) throws -> ListedSegment {
    let record = overview.record
    var listed = ListedSegment(
      record: record, tags: [], lastPublished: overview.lastPublished, lastRun: overview.lastRun,
      status: SegmentStatus(task: overview.lastTask, run: overview.lastRun), moment: moment)
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
