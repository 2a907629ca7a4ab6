import Hummingbird
import SegmentCompiler
import SegmentService

/// Definitions that are not saved.
struct DefinitionHandlers: Sendable {
  let service: SegmentService

  func validate(_ request: APIRequest) throws -> Response {
    struct Validation: Encodable {
      var items: [CheckedDefinitionBody]
      var problems: [DiagnosticBody]
    }
    do {
      let checked = try service.validate(try request.definitions())
      return .json(Validation(items: checked.map(CheckedDefinitionBody.init), problems: []))
    } catch let errors as DefinitionErrors {
      return .json(Validation(items: [], problems: Problem(errors).diagnostics))
    }
  }

  func preview(_ request: APIRequest) async throws -> Response {
    let previews = try await service.preview(
      try request.definitions(), rows: request.integer("rows") ?? 100, asOf: request.instant("asOf")
    )
    guard previews.count == 1 else {
      throw Problem(
        .badRequest, "notJSON", "One definition is expected here, not \(previews.count).")
    }
    return .json(PreviewBody(previews[0]))
  }

  func explain(_ request: APIRequest) throws -> Response {
    let explanations = try service.explain(
      try request.definitions(), asOf: request.instant("asOf"))
    return .json(Items(items: explanations.map(ExplanationBody.init)))
  }
}

extension APIRequest {
  /// The definitions of the body: one, several, or a list of them.
  func definitions() throws -> [DefinitionSource] {
    let text = try bodyText()
    let documents = try Document(json: text).map { [$0] } ?? Document.parse(text)
    let list = documents.count == 1 ? documents[0].items : nil
    let definitions = list ?? documents.filter { $0.value != .null }
    guard !definitions.isEmpty else {
      throw Problem(.badRequest, "missingBody", "A definition is expected here.")
    }
    try requireMappings(definitions)
    guard let list else { return [DefinitionSource(text: text)] }
    // One text, so that what is defined twice is found.
    return [DefinitionSource(text: list.map { "--- \($0.json)\n" }.joined())]
  }

  private func requireMappings(_ definitions: [Document]) throws {
    let problems = definitions.enumerated().compactMap { index, definition -> Diagnostic? in
      guard definition.entries == nil else { return nil }
      return Diagnostic(
        code: "wrongShape", place: definitions.count == 1 ? "" : "[\(index)]",
        message: "A definition is expected here, not \(definition.kind).", line: definition.line)
    }
    guard problems.isEmpty else { throw Diagnostics(problems) }
  }
}

private struct CheckedDefinitionBody: Encodable {
  var segment: String
  var sentence: String
  var warnings: [DiagnosticBody]

  init(_ checked: CheckedDefinition) {
    segment = checked.definition.name
    sentence = checked.sentence
    warnings = checked.warnings.map { DiagnosticBody($0) }
  }
}

/// How many profiles a rule selects.
struct RuleCountBody: Encodable, Sendable {
  var rule: Int
  var cumulative: Int
}

private struct PreviewBody: Encodable {
  var segment: String
  var sentence: String
  var count: Int
  var rules: [RuleCountBody]
  var warnings: [DiagnosticBody]
  var pending: Int
  var columns: [String]
  var rows: [[ValueBody]]
  var milliseconds: Double

  init(_ preview: Preview) {
    segment = preview.segment
    sentence = preview.sentence
    count = preview.count
    rules = preview.counts.map { RuleCountBody(rule: $0.rule, cumulative: $0.cumulative) }
    warnings = preview.warnings.map { DiagnosticBody($0) }
    pending = preview.pending.count
    columns = preview.rows.columns
    rows = preview.rows.rows.map { $0.map(ValueBody.init) }
    milliseconds = preview.took / .milliseconds(1)
  }
}

struct ExplanationBody: Encodable {
  struct Rule: Encodable {
    var combine: String?
    var text: String
    var sets: String
  }

  struct Query: Encodable {
    var sql: String
    var values: [String]
  }

  var segment: String
  var sentence: String
  var asOf: String
  var timeZone: String
  var rules: [Rule]
  var queries: [Query]
  var warnings: [DiagnosticBody]

  init(_ explanation: Explanation) {
    segment = explanation.segment
    sentence = explanation.sentence
    asOf = explanation.asOf.description
    timeZone = explanation.timeZone
    rules = explanation.rules.map {
      Rule(combine: $0.combine?.rawValue, text: $0.text, sets: $0.sets)
    }
    queries = explanation.queries.map { Query(sql: $0.sql, values: $0.values.map(\.description)) }
    warnings = explanation.warnings.map { DiagnosticBody($0) }
  }
}
