import HTTPTypes
import SegmentCompiler
import SegmentStore

/// Reads the routes out of an OpenAPI document, and notes what this program cannot keep.
struct ContractReading {
  let document: Document
  private(set) var problems: [Diagnostic] = []

  init(document: Document) { self.document = document }

  private static let methods = ["get", "put", "post", "patch", "delete"]

  mutating func routes() -> [Route] {
    var routes: [Route] = []
    for path in document["paths"]?.entries ?? [] {
      let shared = path.value["parameters"]?.items ?? []
      for entry in path.value.entries ?? [] where ContractReading.methods.contains(entry.key) {
        if let route = route(entry.key, path.key, entry.value, shared) { routes.append(route) }
      }
    }
    let ids = routes.map(\.endpoint)
    for endpoint in Endpoint.allCases where ids.count(where: { $0 == endpoint }) != 1 {
      note("paths", "'\(endpoint.rawValue)' must be the id of one operation.")
    }
    return routes
  }

  private mutating func route(
    _ method: String, _ path: String, _ operation: Document, _ shared: [Document]
  ) -> Route? {
    let place = "paths.\(path).\(method)"
    guard let endpoint = operation["operationId"]?.textValue.flatMap(Endpoint.init) else {
      note(place, "Its operationId must be one that the program has.")
      return nil
    }
    guard let role = operation["x-role"]?.textValue.flatMap(Route.Role.init) else {
      note(place, "x-role must be one of \(Route.Role.allCases.map(\.rawValue)).")
      return nil
    }
    let scope = scope(of: operation, role, at: place)
    let parameters = (shared + (operation["parameters"]?.items ?? [])).compactMap {
      parameter(resolved($0), at: place)
    }
    let seconds = operation["x-time-limit"]?.integer ?? 60
    return Route(
      endpoint: endpoint, method: HTTPRequest.Method(method.uppercased())!, path: path, role: role,
      scope: scope,
      parameters: parameters, isQueryOpen: operation["x-open-query"]?.flag ?? false,
      body: operation["requestBody"].map { body(resolved($0), of: operation) },
      timeLimit: seconds == 0 ? nil : .seconds(seconds))
  }

  /// What the tag and the role say, unless `x-scope` does.
  private mutating func scope(of operation: Document, _ role: Route.Role, at place: String)
    -> Scope?
  {
    switch (role, operation["x-scope"]?.textValue) {
    case (.anyone, nil), (_, "none"): return nil
    case (.administrator, nil): return .administer
    case (_, let text?):
      if let scope = Scope(rawValue: text) { return scope }
      note(place, "x-scope must be none, or one of \(Scope.allCases.map(\.rawValue)).")
    case (.viewer, nil), (.contributor, nil):
      let tag = operation["tags"]?.items?.first?.textValue ?? ""
      let scopes: [Route.Role: Scope] =
        switch tag {
        case "Segments", "Versions", "Trash", "Definitions":
          [.viewer: .readSegments, .contributor: .writeSegments]
        case "Catalog": [.viewer: .readCatalog]
        case "Jobs", "Schedules", "Events", "Status", "Cleanup":
          [.viewer: .readJobs, .contributor: .writeJobs]
        // Whatever else there is to read is of customers.
        default: [.viewer: .readResults]
        }
      if let scope = scopes[role] { return scope }
      note(place, "Neither x-scope nor its first tag says which scope an API key needs.")
    }
    return nil
  }

  private func body(_ body: Document, of operation: Document) -> Route.Body {
    Route.Body(
      isRequired: body["required"]?.flag ?? false,
      types: (body["content"]?.entries ?? []).map(\.key),
      limit: operation["x-body-limit"]?.integer ?? 1 << 20)
  }

  private mutating func parameter(_ parameter: Document, at place: String) -> Parameter? {
    guard let name = parameter["name"]?.textValue,
      let location = parameter["in"]?.textValue.flatMap(Parameter.Place.init),
      let schema = parameter["schema"].map(resolved)
    else {
      note(place, "A parameter needs a name, a place and a schema.")
      return nil
    }
    let isList = schema["type"]?.textValue == "array"
    let one = isList ? schema["items"].map(resolved) : schema
    guard let kind = one.flatMap(kind) else {
      note(place, "The schema of the parameter '\(name)' is of no kind that can be checked.")
      return nil
    }
    let standard = schema["default"]?.text
    return Parameter(
      name: name, place: location, isRequired: parameter["required"]?.flag ?? false, kind: kind,
      isList: isList, mostValues: schema["maxItems"]?.integer, standard: standard)
  }

  private func kind(of schema: Document) -> Parameter.Kind? {
    if let words = schema["enum"]?.items { return .word(words.compactMap(\.textValue)) }
    switch (schema["type"]?.textValue, schema["format"]?.textValue) {
    case ("string", "date-time"): return .instant
    case ("string", _):
      guard let most = schema["maxLength"]?.integer else { return nil }
      return .text(
        length: (schema["minLength"]?.integer ?? 0)...most, isASCII: schema["pattern"] != nil)
    case ("integer", _):
      guard let least = schema["minimum"]?.integer, let most = schema["maximum"]?.integer else {
        return nil
      }
      return .number(least...most)
    case ("boolean", _): return .flag
    default: return nil
    }
  }

  /// What a reference stands for.
  private func resolved(_ document: Document) -> Document {
    guard let reference = document["$ref"]?.textValue else { return document }
    let steps = reference.split(separator: "/").dropFirst()
    return steps.reduce(self.document) { $0[String($1)] ?? Document(.null) }
  }

  private mutating func note(_ place: String, _ message: String) {
    problems.append(Diagnostic(code: "contract", place: place, message: message))
  }
}

extension Document {
  fileprivate var text: String? {
    switch value {
    case .scalar(.text(let text)), .scalar(.number(let text)): text
    case .scalar(.boolean(let flag)): "\(flag)"
    case .null, .list, .mapping: nil
    }
  }

  fileprivate var integer: Int? { text.flatMap { Int($0) } }

  fileprivate var flag: Bool? { text.flatMap { Bool($0) } }
}
