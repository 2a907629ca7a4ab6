extension Reference: CustomStringConvertible {
  /// Parses `Order."net.total"` into its parts; nil where it is not well formed.
  public init?(_ text: String) {
    var parts: [String] = []
    var rest = Substring(text)
    while true {
      guard let part = Reference.takePart(&rest) else { return nil }
      parts.append(part)
      if rest.isEmpty { break }
      guard rest.first == "." else { return nil }
      rest.removeFirst()
    }
    self.init(parts)
  }

  private static func takePart(_ rest: inout Substring) -> String? {
    if rest.first == "\"" {
      rest.removeFirst()
      var part = ""
      while let quote = rest.firstIndex(of: "\"") {
        part += rest[..<quote]
        rest = rest[rest.index(after: quote)...]
        guard rest.first == "\"" else { return part.isEmpty ? nil : part }
        part += "\""
        rest.removeFirst()
      }
      return nil
    }
    let end = rest.firstIndex(of: ".") ?? rest.endIndex
    let part = String(rest[..<end])
    rest = rest[end...]
    guard !part.isEmpty, part.first != " ", part.last != " ", !part.contains("\"") else {
      return nil
    }
    return part
  }

  /// The canonical spelling.
  public var description: String { parts.map(Reference.quoted).joined(separator: ".") }

  /// A name as it stands in a reference: quoted where it must be.
  public static func quoted(_ name: String) -> String {
    let plain =
      !name.isEmpty && name.first != " " && name.last != " "
      && !name.contains { $0 == "." || $0 == "\"" || $0 == "~" }
    return plain ? name : "\"" + name.replacing("\"", with: "\"\"") + "\""
  }
}

extension RelationshipName: CustomStringConvertible {
  public var description: String { Reference([table, name]).description }
}

extension PathStep: CustomStringConvertible {
  /// Parses `Order.Customer` or `~Customer.Store`; nil where it is neither.
  public init?(_ text: String) {
    let reversed = text.hasPrefix("~")
    guard let reference = Reference(String(text.dropFirst(reversed ? 1 : 0))),
      reference.parts.count == 2
    else { return nil }
    self.init(
      relationship: RelationshipName(table: reference.parts[0], name: reference.parts[1]),
      reversed: reversed)
  }

  public var description: String { (reversed ? "~" : "") + relationship.description }
}
