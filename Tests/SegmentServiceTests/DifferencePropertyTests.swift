import Foundation
import SegmentCompiler
import Testing

@testable import SegmentService

/// Every definition of the cases with one thing changed after the other.
@Suite struct DifferencePropertyTests {
  @Test(arguments: CaseTests.files) func `whatever is changed is said`(_ url: URL) throws {
    let file = try Document.file(url)
    let catalog = Catalog(workspace: "", tables: [], relationships: [], audiences: [])
    let documents =
      (file["segments"]?.items ?? [])
      + (file["cases"]?.items ?? []).filter { $0["errors"] == nil }.compactMap { $0["definition"] }
    for document in documents {
      let named =
        document["segment"] == nil ? document.setting("segment", to: .text("s")) : document
      let before = try SegmentDefinition(decoding: named)
      #expect(DefinitionDifference.changes(from: before, to: before, catalog: catalog).isEmpty)
      for changed in named.variations {
        guard let after = try? SegmentDefinition(decoding: changed.document),
          Text(after.json) != Text(before.json)
        else { continue }
        let changes = DefinitionDifference.changes(from: before, to: after, catalog: catalog)
        #expect(!changes.isEmpty, "\(before.json)\n\(after.json)")
        if let text = changed.newText {
          let said = changes.map(\.description).joined(separator: "\n")
          let isSaid = Data(said.utf8).range(of: Data(text.utf8)) != nil
          #expect(isSaid, "\(text) in\n\(said)")
        }
      }
    }
  }
}

extension Document {
  typealias Variation = (document: Document, newText: String?)

  /// The document with one value changed, or one entry or item left out; and what is new in it, where the
  /// words must show it.
  fileprivate var variations: [Variation] {
    switch value {
    case .null: return []
    case .scalar(.text(let text)): return [(.text(text + "x"), text + "x")]
    case .scalar(.number(let number)):
      return [(Document(.scalar(.number(number + "1"))), nil)]
    case .scalar(.boolean(let value)): return [(Document(.scalar(.boolean(!value))), nil)]
    case .list(let items):
      return items.indices.flatMap { index -> [Variation] in
        var shorter = items
        shorter.remove(at: index)
        return [(.list(shorter), nil)]
          + items[index].variations.map { variation in
            var changed = items
            changed[index] = variation.document
            return (.list(changed), variation.newText)
          }
      }
    case .mapping(let entries):
      return entries.indices.flatMap { index -> [Variation] in
        var fewer = entries
        fewer.remove(at: index)
        return [(Document(.mapping(fewer)), nil)]
          + entries[index].value.variations.map { variation in
            var changed = entries
            changed[index].value = variation.document
            return (Document(.mapping(changed)), variation.newText)
          }
      }
    }
  }
}
