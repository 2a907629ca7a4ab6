import Foundation
import SegmentCompiler
import SegmentStore

/// A definition that was saved, or found valid.
public struct CheckedDefinition: Sendable {
  public var definition: SegmentDefinition
  /// In words.
  public var sentence: String
  public var warnings: [Diagnostic]
  /// The saved version; nil where nothing was saved.
  public var version: Int?
}

/// The problems of several definitions of one text, by the name of the definition.
public struct DefinitionErrors: Error, CustomStringConvertible {
  public var all: [(segment: String, diagnostics: Diagnostics)]

  public var description: String {
    all.map { segment, diagnostics in
      segment.isEmpty ? diagnostics.description : "\(segment):\n\(diagnostics)"
    }.joined(separator: "\n")
  }
}

extension SegmentService {
  /// The tables, attributes, relationships and audiences as they are loaded.
  public func catalog() throws -> Catalog { try snapshot().catalog }

  /// Checks definitions as a refresh would, those of the same call refreshed together.
  public func validate(_ text: String) throws -> [CheckedDefinition] {
    let definitions = try decode(text)
    let snapshot = try snapshot()
    let facts = try segmentFacts(adding: definitions)
    return try locatingErrors(in: text) {
      try check(definitions, facts: facts, snapshot: snapshot).map(\.checked)
    }
  }

  /// Saves definitions, all of them or none; each becomes a new version unless nothing changed.
  ///
  /// A definition may refer to segments that were not refreshed yet, as long as they exist or are saved
  /// by the same call.
  public func save(_ text: String) throws -> [CheckedDefinition] {
    let definitions = try decode(text)
    let snapshot = try snapshot()
    var facts = try segmentFacts(adding: definitions)
    for name in facts.keys { facts[name]?.isAvailable = true }
    let checked = try locatingErrors(in: text) {
      try check(definitions, facts: facts, snapshot: snapshot)
    }
    let named = try checked.map { try $0.checked.definition.namingPaths(in: snapshot.catalog) }
    let versions = try store.save(
      named.map { (name: $0.name, definition: $0.json) }, at: now().microseconds)
    return zip(checked, versions).map { checked, version in
      var result = checked.checked
      result.version = version.number
      return result
    }
  }

  /// Names and current definitions of all segments, by name.
  public func segments() throws -> [SegmentSummary] {
    let published = Dictionary(
      try store.allLastPublished().map { ($0.segment, $0) }, uniquingKeysWith: { $1 })
    return try store.segments().map { version in
      SegmentSummary(
        definition: try storedDefinition(version), version: version.number,
        savedAt: Instant(microseconds: version.savedAt), lastRun: published[version.segment])
    }
  }

  public func segment(_ name: String) throws -> SegmentSummary {
    let name = SegmentDefinition.canonicalName(name)
    guard let version = try store.segment(name) else { throw try unknownSegment(name) }
    return SegmentSummary(
      definition: try storedDefinition(version), version: version.number,
      savedAt: Instant(microseconds: version.savedAt),
      lastRun: try store.lastPublished(of: name))
  }

  /// Deletes a segment and its history.
  ///
  /// - Throws: ``SegmentInUse`` where others refer to it.
  public func delete(_ name: String) throws {
    let name = SegmentDefinition.canonicalName(name)
    let users = try segments().filter { $0.definition.references.contains(name) }
    guard users.isEmpty else {
      throw SegmentInUse(segment: name, users: users.map(\.definition.name))
    }
    guard try store.delete(name) else { throw try unknownSegment(name) }
  }

  func unknownSegment(_ name: String) throws -> WorkspaceError {
    let known = try store.segments().map(\.segment)
    return .unknownSegment(name, hint: NearNames.hint(name, among: known))
  }

  // MARK: Checking

  /// A definition and its plan.
  struct Planned {
    var checked: CheckedDefinition
    var plan: LogicalPlan
  }

  private func decode(_ text: String) throws -> [SegmentDefinition] {
    let documents = try Document.parse(text)
    var definitions: [SegmentDefinition] = []
    var errors: [(String, Diagnostics)] = []
    for document in documents {
      do {
        definitions.append(try SegmentDefinition(decoding: document))
      } catch let problems as Diagnostics {
        errors.append((document.segmentName, problems))
      }
    }
    for (name, count) in Dictionary(grouping: definitions, by: { Text($0.name) })
    where count.count > 1 {
      let problem = Diagnostic(
        code: "invalidName", place: "segment", message: "The name stands here \(count.count) times."
      )
      errors.append((name.string, Diagnostics([problem])))
    }
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
    return definitions
  }

  /// Adds to every error the line of the text that it is about.
  func locatingErrors<Value>(in text: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let errors as DefinitionErrors {
      let documents = try Document.parse(text)
      throw DefinitionErrors(
        all: errors.all.map { name, diagnostics in
          let document = documents.first { SegmentDefinition.canonicalName($0.segmentName) == name }
          return (name, document.map(diagnostics.located) ?? diagnostics)
        })
    }
  }

  func check(
    _ definitions: [SegmentDefinition], facts: [String: SegmentFacts], snapshot: Snapshot,
    asOf: Instant? = nil
  ) throws -> [Planned] {
    let planner = Planner(
      PlanContext(catalog: snapshot.catalog, asOf: asOf ?? now(), segments: facts))
    var planned: [Planned] = []
    var errors: [(String, Diagnostics)] = []
    for definition in definitions {
      do {
        let plan = try planner.plan(definition)
        planned.append(
          Planned(
            checked: CheckedDefinition(
              definition: definition,
              sentence: Sentence.definition(definition, catalog: snapshot.catalog),
              warnings: plan.warnings),
            plan: plan))
      } catch let problems as Diagnostics {
        errors.append((definition.name, problems))
      }
    }
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
    return planned
  }

  /// The audience of definitions that name none.
  var soleAudience: String { definition.soleAudience }

  /// What every saved segment, and those of `definitions` in their place, mean to a reference.
  func segmentFacts(adding definitions: [SegmentDefinition] = []) throws -> [String: SegmentFacts] {
    let published = Set(try store.allLastPublished().map(\.segment))
    var facts: [String: SegmentFacts] = [:]
    for version in try store.segments() {
      let definition = try storedDefinition(version)
      facts[definition.name] = SegmentFacts(
        audience: definition.audience ?? soleAudience, references: definition.references,
        isAvailable: published.contains(definition.name))
    }
    for definition in definitions {
      facts[definition.name] = SegmentFacts(
        audience: definition.audience ?? soleAudience, references: definition.references,
        isAvailable: true)
    }
    return facts
  }
}

extension WorkspaceDefinition {
  /// The audience of definitions that name none.
  var soleAudience: String { audiences.count == 1 ? audiences[0].name : "" }
}

/// A segment as a list shows it.
public struct SegmentSummary: Sendable {
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
    "The segment '\(segment)' is used by \(users.map { "'\($0)'" }.joined(separator: ", ")); change or delete these first."
  }
}

extension SegmentService {
  /// A saved definition. Decoded ones are kept: every reference is judged against all of them.
  func storedDefinition(_ version: SegmentVersion) throws -> SegmentDefinition {
    if let known = decoded.withLock({ $0[version.contentHash] }) { return known }
    guard let definition = try SegmentDefinition.decodeAll(version.definition).first else {
      throw Diagnostics([
        Diagnostic(code: "syntax", place: "", message: "The stored definition is empty.")
      ])
    }
    decoded.withLock {
      if $0.count >= SegmentService.mostDecoded { $0.removeAll() }
      $0[version.contentHash] = definition
    }
    return definition
  }

  private static let mostDecoded = 20_000
}

extension Document {
  /// For messages about a document that is no definition.
  fileprivate var segmentName: String {
    guard case .mapping(let entries) = value,
      case .scalar(.text(let name))? = entries.first(where: { $0.key == "segment" })?.value.value
    else { return line.map { "line \($0)" } ?? "" }
    return name
  }
}
