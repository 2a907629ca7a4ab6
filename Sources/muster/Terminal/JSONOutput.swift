import Foundation
import SegmentCompiler

extension Terminal {
  /// Prints a value as indented JSON with sorted keys.
  static func printJSON(_ value: some Encodable) throws {
    try printJSON(value, [.prettyPrinted])
  }

  /// Prints a value as one line of JSON.
  static func printJSONLine(_ value: some Encodable) throws { try printJSON(value, []) }

  private static func printJSON(
    _ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    printDocument(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// A problem as programs read it.
struct DiagnosticJSON: Encodable {
  var severity: String
  var code: String
  var place: String
  var message: String
  var hint: String?

  init(_ diagnostic: Diagnostic) {
    severity = diagnostic.severity.rawValue
    code = diagnostic.code
    place = diagnostic.place
    message = diagnostic.message
    hint = diagnostic.hint
  }
}
