import SegmentCompiler
import SegmentStore

/// One saved state of a segment.
public struct VersionSummary: Sendable {
  public var number: Int
  public var savedAt: Instant
  /// Who saved it; nil where that is not known.
  public var author: String?
  public var isDraft: Bool
  /// With the name that the segment had; nil of a draft that is no definition.
  public var definition: SegmentDefinition?
  /// In words; empty where there is no definition.
  public var sentence: String
  /// Since the version before; empty for the first.
  public var changes: [DefinitionChange]
}

/// Two definitions of a segment side by side.
public struct DefinitionComparison: Sendable {
  public var segment: String
  /// What they are called: `version 2`, `vip.yaml`.
  public var names: (before: String, after: String)
  public var before: SegmentDefinition
  public var after: SegmentDefinition
  public var changes: [DefinitionChange]

  /// As `diff -u` prints it; empty where both are written alike.
  public var yaml: String {
    UnifiedDiff.text(
      from: before.yaml, to: after.yaml,
      names: ("\(segment), \(names.before)", "\(segment), \(names.after)"))
  }
}

/// Why two versions cannot be compared.
public enum VersionError: Error, Equatable, CustomStringConvertible {
  case unknown(Int, segment: String, last: Int)
  case single(segment: String)
  case notInFiles(segment: String)

  public var description: String {
    switch self {
    case .unknown(let number, let segment, let last):
      "'\(segment)' has no version \(number); it has \(last == 1 ? "only version 1" : "versions 1 to \(last)")."
    case .single(let segment):
      "'\(segment)' has one valid version only; there is nothing to compare."
    case .notInFiles(let segment): "The segment '\(segment)' is not defined there."
    }
  }
}

extension SegmentService {
  /// All versions of a segment, the newest first.
  public func versions(of name: String) throws -> [VersionSummary] {
    let name = SegmentDefinition.canonicalName(name)
    guard try store.segmentRecord(name) != nil else { throw try unknownSegment(name) }
    var before: SegmentDefinition?
    var summaries: [VersionSummary] = []
    for version in try store.versions(name).reversed() {
      let definition = try? SegmentDefinition(decoding: version.document())
      if definition == nil, !version.isDraft { _ = try version.decoded() }
      var summary = VersionSummary(
        number: version.number, savedAt: Instant(microseconds: version.savedAt),
        author: version.author, isDraft: version.isDraft, definition: definition, sentence: "",
        changes: [])
      if let definition {
        summary.sentence = Sentence.definition(definition, catalog: names)
        summary.changes =
          before.map { DefinitionDifference.changes(from: $0, to: definition, catalog: names) }
          ?? []
        before = definition
      }
      summaries.append(summary)
    }
    return summaries.reversed()
  }

  /// Compares two versions: the last two unless others are named.
  public func compare(_ name: String, from: Int? = nil, to: Int? = nil) throws
    -> DefinitionComparison
  {
    let segment = try segment(name)
    let after = to ?? segment.version
    let before = try from ?? validVersion(of: segment, before: after)
    return comparison(
      segment.definition.name, ("version \(before)", "version \(after)"),
      try definition(segment, version: before), try definition(segment, version: after))
  }

  private func validVersion(of segment: SegmentSummary, before number: Int) throws -> Int {
    let versions = try store.versions(segment.definition.name)
    guard let before = versions.first(where: { $0.number < number && !$0.isDraft }) else {
      throw VersionError.single(segment: segment.definition.name)
    }
    return before.number
  }

  /// Compares a version, the last unless another is named, with the definition in files.
  public func compare(_ name: String, from: Int? = nil, with sources: [DefinitionSource]) throws
    -> DefinitionComparison
  {
    let segment = try segment(name)
    let catalog = try snapshot().catalog
    let written = try WrittenDefinition.all(in: sources, catalog: catalog)
    guard let item = written.first(where: { $0.definition.name == segment.definition.name }) else {
      throw VersionError.notInFiles(segment: segment.definition.name)
    }
    try [item].requireWhole()
    let after: SegmentDefinition
    do {
      after = try item.definition.canonical(in: catalog)
    } catch let problems as Diagnostics {
      throw DefinitionErrors(all: [(segment.definition.name, item.located(problems))])
    }
    return comparison(
      segment.definition.name,
      ("version \(from ?? segment.version)", item.file ?? "the given text"),
      try definition(segment, version: from ?? segment.version), after)
  }

  /// Saves an earlier definition once more, as the newest version.
  ///
  /// - Parameter revision: the one that the segment must be at; nil for any.
  /// - Throws: ``DefinitionErrors`` with every problem that it has with the data and segments of today,
  ///   ``LifecycleError/conflict(segment:expected:found:by:)``.
  public func restore(_ name: String, version: Int, expecting revision: Int? = nil) throws
    -> CheckedDefinition
  {
    let definition = try definition(try segment(name), version: version)
    return try save(
      [WrittenDefinition(definition)], catalog: snapshot().catalog, expecting: revision)[0]
  }

  /// A version's definition, of the segment as it is called now.
  public func definition(of name: String, version number: Int) throws -> SegmentDefinition {
    try definition(segment(name), version: number)
  }

  private func definition(_ segment: SegmentSummary, version number: Int) throws
    -> SegmentDefinition
  {
    let name = segment.definition.name
    guard let version = try store.version(name, number: number) else {
      throw VersionError.unknown(
        number, segment: name, last: try store.versions(name).first?.number ?? 0)
    }
    return try version.decoded()
  }

  private func comparison(
    _ name: String, _ names: (String, String), _ before: SegmentDefinition,
    _ after: SegmentDefinition
  ) -> DefinitionComparison {
    DefinitionComparison(
      segment: name, names: names, before: before, after: after,
      changes: DefinitionDifference.changes(from: before, to: after, catalog: self.names))
  }

  /// What sentences need of the catalog, which needs no data: the tables of audiences.
  private var names: Catalog {
    Catalog(
      workspace: definition.name, tables: [], relationships: [],
      audiences: definition.audiences.map { Audience(name: $0.name, table: $0.table, key: "") })
  }
}
