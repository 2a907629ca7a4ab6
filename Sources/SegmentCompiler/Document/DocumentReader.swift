/// Reads values out of a ``Document`` and collects every problem with its place, instead of stopping at
/// the first.
///
/// Each function returns nil where the value is absent or wrong; a wrong one has been noted.
public final class DocumentReader {
  private var kept: [Diagnostic] = []
  /// How many of each severity there are, those that were not kept included.
  private var counts: [Diagnostic.Severity: Int] = [:]

  /// The most problems that are told of each severity.
  public static let maximumProblems = 100

  public init() {}

  /// What was noted, in its order, and how much more there is.
  public var diagnostics: [Diagnostic] {
    kept
      + [Diagnostic.Severity.error, .warning].compactMap { severity in
        let more = counts[severity, default: 0] - DocumentReader.maximumProblems
        guard more > 0 else { return nil }
        return Diagnostic(
          severity: severity, code: "moreProblems", place: "",
          message: "There are \(more) more \(severity.rawValue)s.")
      }
  }

  public func note(
    _ code: String, at place: String, _ message: String,
    hint: @autoclosure () -> String? = nil,
    severity: Diagnostic.Severity = .error, in document: Document? = nil
  ) {
    counts[severity, default: 0] += 1
    guard counts[severity, default: 0] <= DocumentReader.maximumProblems else { return }
    kept.append(
      Diagnostic(
        severity: severity, code: code, place: place, message: message, hint: hint(),
        line: document?.line))
  }

  /// The entries of a mapping by key; every key outside `known` is noted with near names.
  public func mapping(
    _ document: Document, at place: String, known: [String]
  ) -> [String: Document]? {
    guard case .mapping(let entries) = document.value else {
      note(
        "wrongShape", at: place,
        "A mapping with \(known.joined(separator: ", ")) is expected here, not \(document.kind).",
        in: document)
      return nil
    }
    return fields(entries, at: place, known: known)
  }

  /// The same of the entries themselves.
  func fields(
    _ entries: [Document.Entry], at place: String, known: [String]
  ) -> [String: Document] {
    var result: [String: Document] = [:]
    for entry in entries {
      if known.contains(entry.key) {
        result[entry.key] = entry.value
      } else {
        note(
          "unknownKey", at: DocumentReader.join(place, entry.key),
          "There is no key '\(entry.key)' here; known are \(known.joined(separator: ", ")).",
          hint: NearNames.hint(entry.key, among: known), in: entry.value)
      }
    }
    return result
  }

  public func list(_ document: Document, at place: String) -> [Document]? {
    guard case .list(let items) = document.value else {
      note(
        "wrongShape", at: place, "A list is expected here, not \(document.kind).", in: document)
      return nil
    }
    return items
  }

  public func scalar(_ document: Document, at place: String, expected: String = "a plain value")
    -> Scalar?
  {
    guard case .scalar(let scalar) = document.value else {
      note(
        "wrongShape", at: place, "Expected is \(expected), not \(document.kind).", in: document)
      return nil
    }
    return scalar
  }

  public func text(_ document: Document, at place: String, expected: String = "a text") -> String? {
    guard case .scalar(.text(let text)) = document.value else {
      note(
        "wrongShape", at: place, "Expected is \(expected), not \(document.kind).",
        hint: document.isQuotable ? "Write the value in quotes to make it a text." : nil,
        in: document)
      return nil
    }
    return text
  }

  public func wholeNumber(
    _ document: Document, at place: String, in range: ClosedRange<Int>
  ) -> Int? {
    guard case .scalar(.number(let text)) = document.value, let number = Int(text) else {
      note(
        "wrongShape", at: place,
        "A whole number from \(range.lowerBound) to \(range.upperBound) is expected here, not \(document.kind).",
        in: document)
      return nil
    }
    guard range.contains(number) else {
      note(
        "outOfRange", at: place,
        "\(number) is outside of \(range.lowerBound) to \(range.upperBound).", in: document)
      return nil
    }
    return number
  }

  public func boolean(_ document: Document, at place: String) -> Bool? {
    guard case .scalar(.boolean(let value)) = document.value else {
      note(
        "wrongShape", at: place, "true or false is expected here, not \(document.kind).",
        in: document)
      return nil
    }
    return value
  }

  /// One of a closed set of words.
  public func word<Word: RawRepresentable & CaseIterable>(
    _ document: Document, at place: String, as type: Word.Type
  ) -> Word? where Word.RawValue == String {
    let known = Word.allCases.map(\.rawValue)
    guard let text = text(document, at: place, expected: "one of \(known.joined(separator: ", "))")
    else { return nil }
    guard let word = Word(rawValue: text) else {
      note(
        "wrongShape", at: place,
        "'\(text)' is none of \(known.joined(separator: ", ")).",
        hint: NearNames.hint(text, among: known), in: document)
      return nil
    }
    return word
  }

  public func missing(_ key: String, at place: String, in document: Document) {
    note("missingKey", at: place, "The key '\(key)' is missing here.", in: document)
  }

  /// `rules[0]` + `match` → `rules[0].match`.
  public static func join(_ place: String, _ key: String) -> String {
    place.isEmpty ? key : "\(place).\(key)"
  }
}

extension Document {
  fileprivate var isQuotable: Bool {
    switch value {
    case .scalar(.number), .scalar(.boolean): true
    default: false
    }
  }
}

extension Diagnostics {
  /// The same with the file, and with the line of every place that the document has.
  public func located(in document: Document, file: String? = nil) -> Diagnostics {
    Diagnostics(
      all.map { diagnostic in
        var located = diagnostic
        located.line = diagnostic.line ?? document.line(at: diagnostic.place)
        located.file = diagnostic.file ?? file
        return located
      })
  }
}

extension Document {
  /// The line of a place such as `rules[1].match.value`, or of the nearest place around it.
  func line(at place: String) -> Int? {
    var current = self
    for step in place.split(whereSeparator: { $0 == "." || $0 == "[" || $0 == "]" }) {
      switch current.value {
      case .mapping(let entries):
        guard let entry = entries.first(where: { $0.key == step }) else { break }
        current = entry.value
        continue
      case .list(let items):
        guard let index = Int(step), items.indices.contains(index) else { break }
        current = items[index]
        continue
      case .null, .scalar: break
      }
      break
    }
    return current.line
  }
}
