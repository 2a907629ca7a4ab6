import HTTPTypes
import SegmentCompiler
import SegmentStore

/// One operation of the contract: what a request must look like, and who may make it.
struct Route: Sendable {
  var endpoint: Endpoint
  var method: HTTPRequest.Method
  /// Below `/api/v1`, such as `/segments/{segment}`.
  var path: String
  var role: Role
  /// What an API key needs to do it; nil where no key may, or nobody needs one.
  var scope: Scope?
  var parameters: [Parameter]
  /// Whether there may be parameters that the contract does not have: others write the query.
  var isQueryOpen: Bool
  var body: Body?
  /// nil for a stream that has no end.
  var timeLimit: Duration?

  /// Who may do it at least.
  enum Role: String, Sendable, CaseIterable {
    case anyone, viewer, contributor, administrator
  }

  struct Body: Sendable {
    var isRequired: Bool
    /// The media types that can be read.
    var types: [String]
    /// In bytes.
    var limit: Int
  }
}

/// A value of a request beside its body.
struct Parameter: Sendable {
  enum Place: String, Sendable, CaseIterable {
    case path, query, header
  }

  var name: String
  var place: Place
  var isRequired: Bool
  var kind: Kind
  var isList: Bool
  /// The most values of a list.
  var mostValues: Int?
  /// The text of its value where none is given.
  var standard: String?

  enum Kind: Sendable {
    case text(length: ClosedRange<Int>, isASCII: Bool)
    case word([String])
    case number(ClosedRange<Int>)
    case flag
    case instant
  }

  /// What is wrong with the text of a value; nil where it fits.
  func problem(of text: String) -> String? {
    switch kind {
    case .text(let length, let isASCII):
      guard length.contains(text.unicodeScalars.count) else {
        return "It has \(length.lowerBound) to \(length.upperBound) characters."
      }
      let isFit = !isASCII || text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
      return isFit ? nil : "It has visible ASCII characters only."
    case .word(let words):
      return words.contains(text) ? nil : "It is one of \(words.joined(separator: ", "))."
    case .number(let range):
      return Int(text).map(range.contains) == true
        ? nil : "It is a whole number from \(range.lowerBound) to \(range.upperBound)."
    case .flag: return ["true", "false"].contains(text) ? nil : "It is true or false."
    case .instant:
      return Instant(text) == nil ? "It is a time such as 2026-03-31T06:00:00Z." : nil
    }
  }
}
