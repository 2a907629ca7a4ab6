import JWTKit

/// What a provider says of somebody.
public struct Claims: Sendable, Equatable {
  private var values: [String: JSONValue]

  /// A text; nil where there is none, or an empty one.
  public func text(_ name: String) -> String? {
    guard case .text(let text) = values[name], !text.isEmpty else { return nil }
    return text
  }

  /// Whether it is true; some providers write it as a text.
  public func flag(_ name: String) -> Bool {
    values[name] == .flag(true) || values[name] == .text("true")
  }

  /// Texts of a list, or a single one.
  ///
  /// - Parameter path: the name of a claim, or names of objects within each other with dots, as in `realm_access.roles`.
  public func texts(at path: String) -> [String] {
    switch value(at: path) {
    case .text(let text): [text]
    case .list(let items): items.compactMap { if case .text(let text) = $0 { text } else { nil } }
    case .number, .flag, .object, .missing, nil: []
    }
  }

  func number(_ name: String) -> Double? {
    guard case .number(let number) = values[name] else { return nil }
    return number
  }

  func has(_ path: String) -> Bool { value(at: path) != nil }

  /// With those of others that these have not.
  func completed(by others: Claims) -> Claims {
    var all = others
    // Whether an address is verified is said of that address.
    if has("email") { all.values["email_verified"] = nil }
    all.values.merge(values) { _, own in own }
    return all
  }

  private func value(at path: String) -> JSONValue? {
    // Names may have dots of their own, as URLs do.
    if let value = values[path] { return value }
    return path.split(separator: ".").reduce(JSONValue.object(values)) { value, name in
      guard case .object(let fields)? = value else { return nil }
      return fields[String(name)]
    }
  }
}

extension Claims: JWTPayload {
  public init(from decoder: any Decoder) throws {
    values = try decoder.singleValueContainer().decode([String: JSONValue].self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }

  /// Nothing: `IDToken` holds claims against what is expected, with a clock.
  public func verify(using algorithm: some JWTAlgorithm) {}
}

private indirect enum JSONValue: Codable, Sendable, Equatable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case list([JSONValue])
  case object([String: JSONValue])
  case missing

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .missing
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let items = try? container.decode([JSONValue].self) {
      self = .list(items)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .list(let items): try container.encode(items)
    case .object(let fields): try container.encode(fields)
    case .missing: try container.encodeNil()
    }
  }
}
