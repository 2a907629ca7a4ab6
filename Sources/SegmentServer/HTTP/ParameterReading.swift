import Foundation
import HTTPTypes
import Hummingbird
import SegmentCompiler

/// Reads what a request says beside its body, and notes everything that is not as the contract has it.
struct ParameterReading {
  let route: Route
  private(set) var problems: [DiagnosticBody] = []
  private(set) var values: [String: [String]] = [:]

  init(route: Route) { self.route = route }

  /// - Throws: ``Problem``.
  static func values(of request: Request, _ path: Parameters, for route: Route) throws
    -> [String: [String]]
  {
    var reading = ParameterReading(route: route)
    let query = reading.query(request.uri.query ?? "")
    for parameter in route.parameters {
      switch parameter.place {
      case .path: reading.take(parameter, path.get(parameter.name).map { [decoded($0)] } ?? [])
      case .query: reading.take(parameter, query[parameter.name]?.map(Optional.some) ?? [])
      case .header:
        let field = HTTPField.Name(parameter.name).flatMap { request.headers[$0] }
        reading.take(parameter, field.map { [$0] } ?? [])
      }
    }
    try reading.finish()
    return reading.values
  }

  /// nil for what is no percent-encoded UTF-8.
  private static func decoded(_ text: String) -> String? { text.removingPercentEncoding }

  private mutating func query(_ query: String) -> [String: [String]] {
    let known = route.parameters.filter { $0.place == .query }.map(\.name)
    var found: [String: [String]] = [:]
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { String($0).replacing("+", with: " ") }
      guard let name = ParameterReading.decoded(parts[0]),
        let value = ParameterReading.decoded(parts.count > 1 ? parts[1] : "")
      else {
        note("notEncoded", "query", "'\(pair)' is not percent-encoded UTF-8.")
        continue
      }
      guard known.contains(name) || route.isQueryOpen else {
        note(
          "unknownParameter", name,
          known.isEmpty
            ? "There is no parameter '\(name)' here; there is none at all."
            : "There is no parameter '\(name)' here; known are \(known.joined(separator: ", ")).",
          hint: NearNames.hint(name, among: known))
        continue
      }
      found[name, default: []].append(value)
    }
    return found
  }

  /// - Parameter given: nil for a value that cannot be decoded.
  private mutating func take(_ parameter: Parameter, _ given: [String?]) {
    let name = parameter.name
    if given.isEmpty {
      if let standard = parameter.standard {
        values[name] = [standard]
      } else if parameter.isRequired {
        note("missingParameter", name, "The parameter '\(name)' is missing.")
      }
      return
    }
    let most = parameter.isList ? parameter.mostValues ?? Int.max : 1
    guard given.count <= most else {
      note("tooManyValues", name, "There are \(given.count) values; at most \(most) are possible.")
      return
    }
    for text in given {
      guard let text else {
        note("notEncoded", name, "The value is not percent-encoded UTF-8.")
        continue
      }
      if let problem = parameter.problem(of: text) {
        note("wrongParameter", name, "'\(text)' does not fit. \(problem)")
      } else {
        values[name, default: []].append(text)
      }
    }
  }

  private mutating func note(
    _ code: String, _ place: String, _ message: String, hint: String? = nil
  ) {
    problems.append(
      DiagnosticBody(Diagnostic(code: code, place: place, message: message, hint: hint)))
  }

  private func finish() throws {
    guard let first = problems.first else { return }
    let isOnlyIfMatch = problems.count == 1 && first.place == "If-Match"
    if isOnlyIfMatch, first.code == "missingParameter" {
      throw Problem(
        .preconditionRequired, "revisionRequired",
        "Say in If-Match which revision is meant: the ETag that was read, or * for any.", problems)
    }
    throw Problem(
      .badRequest, "wrongParameters",
      problems.count == 1 ? first.message : "There are \(problems.count) problems.", problems)
  }
}
