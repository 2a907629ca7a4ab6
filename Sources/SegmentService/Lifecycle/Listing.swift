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
}

extension SegmentService {
  /// - Throws: ``WorkspaceError/unknownSegment(_:hint:)``.
  public func record(of name: String) throws -> SegmentRecord {
    let name = SegmentDefinition.canonicalName(name)
    guard let record = try store.segmentRecord(name) else { throw try unknownSegment(name) }
    return record
  }

  /// All segments, by name; those in the trash are in ``trash()``.
  public func list() throws -> [ListedSegment] {
    let published = try store.allLastPublished().bySegment
    let runs = try store.allLastRuns().bySegment
    return try store.segmentRecords().map { record in
      try listed(record, published[record.name], runs[record.name])
    }
  }

  func listed(_ record: SegmentRecord) throws -> ListedSegment {
    try listed(
      record, try store.lastPublished(of: record.name), try store.lastRun(of: record.name))
  }

  private func listed(
    _ record: SegmentRecord, _ published: RunRecord?, _ run: RunRecord?
  ) throws -> ListedSegment {
    var listed = ListedSegment(record: record, tags: [], lastPublished: published, lastRun: run)
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
    return listed
  }
}

extension [RunRecord] {
  fileprivate var bySegment: [String: RunRecord] {
    Dictionary(map { ($0.segment, $0) }, uniquingKeysWith: { $1 })
  }
}
