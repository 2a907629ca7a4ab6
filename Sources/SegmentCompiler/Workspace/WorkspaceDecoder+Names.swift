extension WorkspaceDecoder {
  /// The entries of a mapping from names to anything, in order; names that cannot be used are noted.
  func named(_ document: Document, at place: String) -> [(name: String, value: Document)] {
    guard case .mapping(let entries) = document.value else {
      reader.note(
        "wrongShape", at: place, "A mapping from names is expected here, not \(document.kind).",
        in: document)
      return []
    }
    let usable = entries.filter {
      checkedName($0.key, at: DocumentReader.join(place, $0.key), in: $0.value) != nil
    }
    checkNames(usable.map(\.key), of: "names", at: place)
    return usable.map { ($0.key, $0.value) }
  }

  /// The name itself, or nil after a note why it cannot be used.
  func checkedName(_ name: String, at place: String, in document: Document?) -> String? {
    guard let problem = NameRule.problem(name) else { return name }
    reader.note("badName", at: place, problem, in: document)
    return nil
  }

  /// Notes names that differ by no more than upper and lower case.
  func checkNames(_ names: [String], of what: String, at place: String) {
    for (first, second) in NameRule.clashes(names) {
      reader.note(
        "duplicateName", at: place,
        "The \(what) '\(first)' and '\(second)' differ by no more than upper and lower case.")
    }
  }

  func unknownTable(
    _ name: String, at place: String, tables: [TableDefinition], in document: Document? = nil
  ) {
    reader.note(
      "unknownTable", at: place, "There is no table '\(name)'.",
      hint: NearNames.hint(name, among: tables.map(\.name)), in: document)
  }

  /// A text, or a list of texts.
  func texts(_ document: Document, at place: String) -> [String] {
    guard case .list(let items) = document.value else {
      return reader.text(document, at: place).map { [$0] } ?? []
    }
    return items.enumerated().compactMap { reader.text($1, at: "\(place)[\($0)]") }
  }

  /// A relative path that does not leave the workspace.
  func path(_ document: Document, at place: String) -> String? {
    guard let text = reader.text(document, at: place, expected: "a path") else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard !text.isEmpty, !text.hasPrefix("/"), !parts.contains("..") else {
      reader.note(
        "badPath", at: place, "'\(text)' is no path below the workspace.", in: document)
      return nil
    }
    return text
  }
}

/// Which names tables, attributes and relationships may have.
public enum NameRule {
  /// Why a name cannot be used, or nil.
  public static func problem(_ name: String) -> String? {
    if name.isEmpty { return "A name cannot be empty." }
    if name.count > 100 { return "A name has at most 100 characters." }
    if name.lowercased().hasPrefix("_muster") { return "A name cannot start with '_muster'." }
    let isControl = { (scalar: Unicode.Scalar) in scalar.properties.generalCategory == .control }
    if name.unicodeScalars.contains(where: isControl) {
      return "A name cannot hold control characters."
    }
    return nil
  }

  /// Pairs of names that differ by no more than upper and lower case.
  public static func clashes(_ names: [String]) -> [(String, String)] {
    var seen: [String: String] = [:]
    return names.compactMap { name in
      let folded = name.lowercased()
      defer { seen[folded] = seen[folded] ?? name }
      return seen[folded].map { ($0, name) }
    }
  }

  /// What is wrong with two columns of one file that clash.
  public static func columnClash(_ first: String, _ second: String) -> String {
    Text(first) == Text(second)
      ? "two columns are named '\(first)'; rename one"
      : "the columns '\(first)' and '\(second)' differ by no more than upper and lower case; rename one"
  }
}
