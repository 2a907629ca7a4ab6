import Foundation
import SegmentCompiler
import SegmentStore

extension SegmentService {
  /// The tables, attributes, relationships and audiences as they are loaded.
  public func catalog() throws -> Catalog { try snapshot().catalog }

  /// Saves definitions, all of them or none; each becomes a new version unless nothing changed. New segments and
  /// drafts become active.
  ///
  /// A definition may refer to segments that were not refreshed yet, as long as they exist or are saved
  /// by the same call.
  public func save(_ sources: [DefinitionSource]) throws -> [CheckedDefinition] {
    let catalog = try snapshot().catalog
    return try save(WrittenDefinition.all(in: sources, catalog: catalog), catalog: catalog)
  }

  public func save(_ text: String) throws -> [CheckedDefinition] {
    try save([DefinitionSource(text: text)])
  }

  /// - Parameter revision: the one that the segments must be at; nil for any.
  func save(
    _ definitions: [WrittenDefinition], catalog: Catalog, expecting revision: Int? = nil
  ) throws -> [CheckedDefinition] {
    var facts = try segmentFacts(adding: definitions.map(\.definition))
    for name in facts.keys { facts[name]?.isAvailable = true }
    let checked = try DefinitionCheck(catalog: catalog, asOf: now(), facts: facts)
      .planning(definitions).map(\.checked)
    let saved = try checked.map { try $0.definition.canonical(in: catalog) }
    let versions = try store.edit(at: now().microseconds) { edits in
      try saved.map { definition in
        try edits.record(definition.name)?.require(revision)
        return try edits.save(definition.json, of: definition.name)
      }
    }
    return zip(checked, versions).map { checked, version in
      var result = checked
      result.version = version.number
      return result
    }
  }

  /// All segments with their last valid definitions, by name.
  public func segments() throws -> [SegmentSummary] {
    let published = Dictionary(
      try store.allLastPublished().map { ($0.segment, $0) }, uniquingKeysWith: { $1 })
    return try store.segments().map { version in
      SegmentSummary(
        id: version.segmentID, definition: try storedDefinition(version), version: version.number,
        savedAt: Instant(microseconds: version.savedAt), lastRun: published[version.segment])
    }
  }

  /// A segment with its last valid definition.
  ///
  /// - Throws: ``LifecycleError/draft(_:problems:)`` where it has none.
  public func segment(_ name: String) throws -> SegmentSummary {
    let name = SegmentDefinition.canonicalName(name)
    guard let version = try store.segment(name) else {
      guard try store.segmentRecord(name) == nil else {
        throw LifecycleError.draft(name, problems: try draft(name)?.problems ?? [])
      }
      throw try unknownSegment(name)
    }
    return SegmentSummary(
      id: version.segmentID, definition: try storedDefinition(version), version: version.number,
      savedAt: Instant(microseconds: version.savedAt),
      lastRun: try store.lastPublished(of: name))
  }

  func unknownSegment(_ name: String) throws -> WorkspaceError {
    let known = try store.segmentRecords().map(\.name)
    return .unknownSegment(name, hint: NearNames.hint(name, among: known))
  }

  /// The audience of definitions that name none.
  var soleAudience: String { definition.soleAudience }

  /// What every saved segment, and those of `definitions` in their place, mean to a reference.
  func segmentFacts(adding definitions: [SegmentDefinition] = []) throws -> [String: SegmentFacts] {
    let published = try store.publishedSegments()
    var facts: [String: SegmentFacts] = [:]
    for version in try store.segments() {
      // One that cannot be read is missing to those that refer to it, and no trouble to all others.
      guard let definition = try? storedDefinition(version) else { continue }
      facts.add(
        definition, isAvailable: published.contains(version.segmentID), in: self.definition)
    }
    for definition in definitions {
      facts.add(definition, isAvailable: true, in: self.definition)
    }
    return facts
  }

  /// A saved definition.
  func storedDefinition(_ version: SegmentVersion) throws -> SegmentDefinition {
    try definitions.definition(of: version)
  }
}

extension WorkspaceDefinition {
  /// The audience of definitions that name none.
  var soleAudience: String { audiences.count == 1 ? audiences[0].name : "" }
}

/// A segment as a list shows it.
public struct SegmentSummary: Sendable {
  public var id: Int64
  public var definition: SegmentDefinition
  public var version: Int
  public var savedAt: Instant
  /// The run whose members are in force.
  public var lastRun: RunRecord?
}

/// A segment that others refer to.
public struct SegmentInUse: Error, Equatable, CustomStringConvertible {
  public var segment: String
  public var users: [String]

  public var description: String {
    "The segment '\(segment)' is used by \(users.map { "'\($0)'" }.joined(separator: ", ")), which could not be refreshed any more. Change these first, or delete it all the same (--force)."
  }
}
