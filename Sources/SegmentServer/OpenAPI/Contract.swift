import Foundation
import HTTPTypes
import SegmentCompiler

/// The OpenAPI document that the server answers with and is made from: paths, parameters, limits and roles
/// stand nowhere else.
struct Contract: Sendable {
  static let basePath = "/api/v1"

  /// With the JSON Schema of definitions.
  let document: Document
  /// As the server answers with it.
  let json: String
  let routes: [Route]

  /// That of this program.
  static let own: Contract = {
    do {
      return try Contract(
        texts: [
          PackageResources.openapi_yaml, PackageResources.segments_yaml,
          PackageResources.definitions_yaml, PackageResources.catalog_yaml,
          PackageResources.results_yaml, PackageResources.jobs_yaml, PackageResources.outputs_yaml,
          PackageResources.erasure_yaml, PackageResources.backups_yaml,
          PackageResources.identity_yaml, PackageResources.notifications_yaml,
        ].map { String(decoding: $0, as: UTF8.self) })
    } catch {
      // It is a part of the program, and a test reads it.
      fatalError("The contract cannot be read: \(error)")
    }
  }()

  /// Puts the documents together: the first is the frame, of the others paths and components are added.
  ///
  /// - Throws: ``Diagnostics`` with everything in them that is not as this program needs it.
  init(texts: [String]) throws {
    var document = Document(.mapping([]))
    for text in texts {
      for part in try Document.parse(text) { document = document.merging(part) }
    }
    document = document.merging(DefinitionSchema.components)
    var reading = ContractReading(document: document)
    routes = reading.routes()
    guard reading.problems.isEmpty else { throw Diagnostics(reading.problems) }
    self.document = document
    json = document.json
  }

  /// What can be asked for at a path, sorted.
  func methods(at path: String) -> [String] {
    routes.filter { $0.values(in: path) != nil }.map(\.method.rawValue).sorted()
  }

  /// The route of a path without parameters behind it, and the values in it.
  func match(_ path: String, _ method: HTTPRequest.Method) -> (Route, [String: [String]])? {
    for route in routes where route.method == method {
      if let values = route.values(in: path) { return (route, values) }
    }
    return nil
  }
}

extension Route {
  /// The values that stand in a path; nil for a path that is not this route's.
  fileprivate func values(in path: String) -> [String: [String]]? {
    let steps = path.split(separator: "/")
    let template = (Contract.basePath + self.path).split(separator: "/")
    guard template.count == steps.count else { return nil }
    var values: [String: [String]] = [:]
    for (name, step) in zip(template, steps) {
      if name.hasPrefix("{") {
        values[String(name.dropFirst().dropLast())] = [step.removingPercentEncoding ?? String(step)]
      } else if name != step {
        return nil
      }
    }
    return values
  }
}

extension DefinitionSchema {
  /// As schemas of an OpenAPI document: what it defines for itself stands beside it there.
  fileprivate static var components: Document {
    let own = "#/$defs/"
    let prefix = "Definition-"
    func moved(_ document: Document) -> Document {
      switch document.value {
      case .list(let items): Document(.list(items.map(moved)))
      case .mapping(let entries):
        Document(
          .mapping(
            entries.map { Document.Entry(key: $0.key, value: moved($0.value)) }))
      case .scalar(.text(let text)) where text.hasPrefix(own):
        .text("#/components/schemas/\(prefix)\(text.dropFirst(own.count))")
      case .scalar, .null: document
      }
    }
    var schema = moved(document)
    let definitions = schema["$defs"]?.entries ?? []
    schema["$defs"] = nil
    schema["$schema"] = nil
    return .mapping([
      (
        "components",
        .mapping([
          (
            "schemas",
            .mapping(
              [("SegmentDefinition", schema)]
                + definitions.map { ("\(prefix)\($0.key)", $0.value) })
          )
        ])
      )
    ])
  }
}

extension Document {
  /// Both mappings in one, as deep as both have them.
  fileprivate func merging(_ other: Document) -> Document {
    guard case .mapping(let entries) = other.value, case .mapping = value else { return other }
    var merged = self
    for entry in entries {
      merged[entry.key] = merged[entry.key].map { $0.merging(entry.value) } ?? entry.value
    }
    return merged
  }

  var entries: [Document.Entry]? {
    if case .mapping(let entries) = value { entries } else { nil }
  }

  var items: [Document]? {
    if case .list(let items) = value { items } else { nil }
  }
}
