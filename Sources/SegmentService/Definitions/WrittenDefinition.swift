import Foundation
import SegmentCompiler

/// A definition as it stands in a text: with the place of everything it says.
struct WrittenDefinition: Sendable {
  var definition: SegmentDefinition
  /// For the lines of problems.
  var document: Document
  var file: String?
  /// What it is as far as it can be read, where not all of it can; ``definition`` is that too.
  var partial: PartialDefinition?

  init(
    _ definition: SegmentDefinition, document: Document = Document(.null), file: String? = nil,
    partial: PartialDefinition? = nil
  ) {
    self.definition = definition
    self.document = document
    self.file = file
    self.partial = partial
  }

  func located(_ problems: Diagnostics) -> Diagnostics {
    problems.located(in: document, file: file)
  }
}

extension [WrittenDefinition] {
  /// - Throws: ``DefinitionErrors`` where some cannot be read as a whole.
  func requireWhole() throws {
    let errors = compactMap { written in
      written.partial.map {
        (written.definition.name, written.located(Diagnostics($0.problems)))
      }
    }
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
  }
}

extension WrittenDefinition {
  /// Decodes the definitions of several texts, and reads the keys that they name by a file.
  ///
  /// What cannot be read as a whole has its problems with it, so that checking can add what is wrong with the rest and
  /// with the others: ``DefinitionCheck`` and `requireWhole()` throw them.
  ///
  /// - Parameter catalog: nil where the keys are not asked for.
  static func all(in sources: [DefinitionSource], catalog: Catalog?) throws -> [WrittenDefinition] {
    var written: [WrittenDefinition] = []
    for source in sources {
      do {
        written += try source.documents().map { try source.written($0, catalog: catalog) }
      } catch let problems as Diagnostics {
        let partial = PartialDefinition(unreadable: problems)
        written.append(
          WrittenDefinition(partial.definition, file: source.file, partial: partial))
      }
    }
    written.noteRepetitions()
    return written
  }
}

extension [WrittenDefinition] {
  /// Notes segments that are defined more than once, with the second definition.
  fileprivate mutating func noteRepetitions() {
    let named = indices.filter { !self[$0].definition.name.isEmpty }
    let groups = Dictionary(grouping: named, by: { Text(self[$0].definition.name) })
    for (name, same) in groups where same.count > 1 {
      let places = same.map { index in
        let line = self[index].document.line.map(String.init) ?? "?"
        return self[index].file.map { "\($0):\(line)" } ?? "line \(line)"
      }
      let problem = Diagnostic(
        code: "duplicateSegment", place: "segment",
        message:
          "The segment '\(name)' is defined \(same.count) times: \(places.joined(separator: ", "))."
      )
      var partial = self[same[1]].partial ?? PartialDefinition(self[same[1]].definition)
      partial.lose("segment", because: Diagnostics([problem]))
      self[same[1]].partial = partial
    }
  }
}

extension DefinitionSource {
  /// One of its definitions, with the keys that it names by a file unless there is no catalog.
  func written(_ document: Document, catalog: Catalog?) throws -> WrittenDefinition {
    var partial = PartialDefinition(decoding: document)
    if let catalog {
      do {
        partial.definition = try readingKeys(of: partial.definition, catalog: catalog)
      } catch let problems as Diagnostics {
        partial.lose("keysFile", because: problems)
      }
    }
    return WrittenDefinition(
      partial.definition, document: document, file: file, partial: partial.isWhole ? nil : partial)
  }

  /// - Throws: ``Diagnostics`` where it is neither YAML nor JSON, or a file without any definition.
  func documents() throws -> [Document] {
    let documents = try Document.parse(text)
    let isEmpty = documents.allSatisfy { $0.value == .null }
    if isEmpty, file != nil {
      throw Diagnostics([
        Diagnostic(
          code: "noDefinition", place: "", message: "There is no definition in this file.",
          hint: "A definition begins with 'segment: its-name'.")
      ])
    }
    return isEmpty ? [] : documents
  }
}
