import SegmentCompiler
import SegmentStore

/// A draft: what was written, and why it is not valid.
public struct Draft: Sendable {
  public var record: SegmentRecord
  /// The definition as it was written.
  public var document: Document
  /// With the data and segments of now; empty where it has become valid meanwhile.
  public var problems: [Diagnostic]
}

extension SegmentService {
  /// The draft of a segment; nil for one whose definition is valid.
  public func draft(_ name: String) throws -> Draft? {
    let name = SegmentDefinition.canonicalName(name)
    guard let record = try store.segmentRecord(name) else { throw try unknownSegment(name) }
    guard record.state == .draft else { return nil }
    return Draft(
      record: record, document: try record.version.document(),
      problems: try problems(of: record.version, catalog: snapshot().catalog))
  }

  /// What is wrong with a draft now.
  func problems(of version: SegmentVersion, catalog: Catalog) throws -> [Diagnostic] {
    let submitted = SubmittedDefinition(name: version.segment, document: try version.document())
    guard case .failure(let problems)? = try judge([submitted], catalog: catalog).first?.outcome
    else { return [] }
    return problems.all
  }

  /// Says of each definition whether it is valid, with the others saved together with it.
  func judge(_ submitted: [SubmittedDefinition], catalog: Catalog) throws -> [JudgedDefinition] {
    var valid = submitted.map(\.written).filter { $0.partial == nil }
    while true {
      // What refers to a draft is one too, unless that has a valid version.
      var facts = try segmentFacts(adding: valid.map(\.definition))
      for name in facts.keys { facts[name]?.isAvailable = true }
      let check = DefinitionCheck(catalog: catalog, asOf: now(), facts: facts)
      let judged = submitted.map { item in
        JudgedDefinition(
          name: item.name, document: item.document, outcome: check.outcome(of: item.written))
      }
      let left = Set(judged.filter(\.isValid).map { Text($0.name) })
      guard left.count < valid.count else { return judged }
      valid.removeAll { !left.contains(Text($0.definition.name)) }
    }
  }
}

extension DefinitionCheck {
  fileprivate func outcome(of written: WrittenDefinition) -> Result<Planned, Diagnostics> {
    do {
      return .success(try planning([written])[0])
    } catch let errors as DefinitionErrors {
      return .failure(errors.all.first?.diagnostics ?? Diagnostics())
    } catch {
      return .failure(Diagnostics([Diagnostic(code: "invalid", place: "", message: "\(error)")]))
    }
  }
}

/// A definition with a name, readable as a whole or not.
struct SubmittedDefinition {
  var name: String
  var document: Document
  var written: WrittenDefinition

  /// As it is saved.
  init(name: String, document: Document) {
    self.name = name
    self.document = document
    let partial = PartialDefinition(decoding: document)
    written = WrittenDefinition(
      partial.definition, document: document, partial: partial.isWhole ? nil : partial)
  }

  /// - Throws: ``DefinitionErrors`` for a text that cannot be read and for definitions without a name of their own.
  static func all(in sources: [DefinitionSource], catalog: Catalog) throws -> [SubmittedDefinition]
  {
    var all: [SubmittedDefinition] = []
    var errors: [(String, Diagnostics)] = []
    for source in sources {
      do {
        for document in try source.documents() {
          all.append(try SubmittedDefinition(document, in: source, catalog: catalog))
        }
      } catch let problems as Diagnostics {
        errors.append(("", problems.located(in: Document(.null), file: source.file)))
      }
    }
    let repeated = Dictionary(grouping: all, by: { Text($0.name) }).filter { $0.value.count > 1 }
    errors += repeated.keys.sorted().map { name in
      let problem = Diagnostic(
        code: "duplicateSegment", place: "segment",
        message: "The segment '\(name)' is defined more than once.")
      return (name.string, Diagnostics([problem]))
    }
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
    return all
  }

  private init(_ document: Document, in source: DefinitionSource, catalog: Catalog) throws {
    guard let written = document["segment"]?.textValue, SegmentDefinition.isValidName(written)
    else {
      // It says what is wrong with the name.
      _ = try SegmentDefinition(decoding: document)
      throw Diagnostics([
        Diagnostic(code: "invalidName", place: "segment", message: "A segment needs a name.")
      ])
    }
    name = SegmentDefinition.canonicalName(written)
    self.document = document
    self.document["segment"] = .text(name)
    self.written = try source.written(self.document, catalog: catalog)
  }
}

struct JudgedDefinition {
  var name: String
  var document: Document
  var outcome: Result<DefinitionCheck.Planned, Diagnostics>

  var isValid: Bool {
    if case .success = outcome { true } else { false }
  }
}

extension SegmentVersion {
  /// The definition as it is saved, of drafts too.
  func document() throws -> Document {
    guard let document = try Document(json: definition) ?? Document.parse(definition).first else {
      throw Diagnostics([
        Diagnostic(code: "syntax", place: "", message: "The stored definition is empty.")
      ])
    }
    return document
  }
}
