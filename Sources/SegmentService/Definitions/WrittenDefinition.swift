import Foundation
import SegmentCompiler

/// A definition as it stands in a text: with the place of everything it says.
struct WrittenDefinition: Sendable {
  var definition: SegmentDefinition
  /// For the lines of problems.
  var document: Document
  var file: String?

  init(_ definition: SegmentDefinition, document: Document = Document(.null), file: String? = nil) {
    self.definition = definition
    self.document = document
    self.file = file
  }

  func located(_ problems: Diagnostics) -> Diagnostics {
    problems.located(in: document, file: file)
  }
}

extension WrittenDefinition {
  /// Decodes the definitions of several texts, and reads the keys that they name by a file.
  ///
  /// - Parameter catalog: nil where the keys are not asked for.
  /// - Throws: ``DefinitionErrors`` with every problem of every text.
  static func all(in sources: [DefinitionSource], catalog: Catalog?) throws -> [WrittenDefinition] {
    var written: [WrittenDefinition] = []
    var errors: [(String, Diagnostics)] = []
    for source in sources {
      let documents: [Document]
      do {
        documents = try source.documents()
      } catch let problems as Diagnostics {
        errors.append(("", problems.located(in: Document(.null), file: source.file)))
        continue
      }
      for document in documents {
        do {
          var definition = try SegmentDefinition(decoding: document)
          if let catalog { definition = try source.readingKeys(of: definition, catalog: catalog) }
          written.append(WrittenDefinition(definition, document: document, file: source.file))
        } catch let problems as Diagnostics {
          errors.append((document.segmentName, problems.located(in: document, file: source.file)))
        }
      }
    }
    errors += repeated(written)
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
    return written
  }

  /// Segments that are defined more than once.
  private static func repeated(_ written: [WrittenDefinition]) -> [(String, Diagnostics)] {
    let groups = Dictionary(grouping: written, by: { Text($0.definition.name) })
    return groups.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { name, same in
      let places = same.map { item in
        let line = item.document.line.map(String.init) ?? "?"
        return item.file.map { "\($0):\(line)" } ?? "line \(line)"
      }
      let problem = Diagnostic(
        code: "duplicateSegment", place: "segment",
        message:
          "The segment '\(name)' is defined \(same.count) times: \(places.joined(separator: ", "))."
      )
      return (name.string, same[1].located(Diagnostics([problem])))
    }
  }
}

extension DefinitionSource {
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

extension Document {
  /// For messages about a document that is no definition.
  fileprivate var segmentName: String {
    guard case .mapping(let entries) = value,
      case .scalar(.text(let name))? = entries.first(where: { $0.key == "segment" })?.value.value
    else { return "" }
    return name
  }
}
