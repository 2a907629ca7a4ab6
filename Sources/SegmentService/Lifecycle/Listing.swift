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
  public func listing() throws -> SegmentListing { try index.listing(of: store) }

  /// Hands over the list whenever it has changed and somebody has asked for it before, nil where it is given up: before
  /// whoever has changed it goes on.
  public func followListing(_ follow: @escaping @Sendable (SegmentListing?) -> Void) {
    index.follow(follow)
  }

  func listed(_ record: SegmentRecord) throws -> ListedSegment {
    guard let overview = try store.overviews(of: [record.id]).first else {
      throw try unknownSegment(record.name)
    }
    return try ListedSegment(overview, at: 0, definitions)
  }
}

extension ListedSegment {
  init(_ overview: SegmentOverview, at moment: Int, _ definitions: DefinitionCache) throws {
    record = overview.record
    lastPublished = overview.lastPublished
    lastRun = overview.lastRun
    status = SegmentStatus(task: overview.lastTask, run: overview.lastRun)
    self.moment = moment
    tags = []
    if record.version.isDraft {
      let document = try record.version.document()
      displayName = document["displayName"]?.textValue
      description = document["description"]?.textValue
      audience = document["audience"]?.textValue
      if case .list(let tags)? = document["tags"]?.value {
        self.tags = tags.compactMap(\.textValue)
      }
    } else {
      let definition = try definitions.definition(of: record.version)
      displayName = definition.displayName
      description = definition.description
      audience = definition.audience
      tags = definition.tags
    }
    if record.autoDeactivated != nil { tags.append(SegmentRecord.autoDeactivatedTag) }
  }
}
