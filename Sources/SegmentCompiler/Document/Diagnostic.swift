/// One problem (or warning) of a document: what, where, what was expected, what to do.
///
/// What it quotes cannot command the terminal it is shown on, and of long texts it quotes the ends.
public struct Diagnostic: Sendable, Equatable, Error, CustomStringConvertible {
  public enum Severity: String, Sendable { case error, warning }

  public var severity: Severity
  /// A stable identifier such as `unknownAttribute`.
  public var code: String
  /// Where in the document, such as `rules[1].match.all[0].value`; empty for the document itself.
  public var place: String
  /// What was found and what was expected, in one sentence.
  public var message: String
  /// What to do about it.
  public var hint: String?
  /// Line of the source text, counted from 1, where it is known.
  public var line: Int?
  /// The file of the source text, where it is one.
  public var file: String?

  public init(
    severity: Severity = .error, code: String, place: String, message: String,
    hint: String? = nil, line: Int? = nil, file: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.place = place.printable.excerpt(Diagnostic.longestPlace)
    self.message = message.printable.excerpt(Diagnostic.longestMessage)
    self.hint = hint?.printable.excerpt(Diagnostic.longestMessage)
    self.line = line
    self.file = file
  }

  /// In characters: a place may be 200 conditions deep.
  private static let longestPlace = 10_000
  private static let longestMessage = 2_000

  /// The place with its middle left out where it is very deep.
  private var shownPlace: String {
    let steps = place.split(separator: ".")
    guard place.count > 200, steps.count > 8 else { return place.excerpt(400) }
    let (start, end) = (steps.prefix(3), steps.suffix(1))
    return "\(start.joined(separator: "."))…\(end.joined(separator: "."))"
  }

  public var description: String {
    // With a file it begins as compilers write it, so that editors find the place.
    var text = file.map { $0.printable + (line.map { ":\($0)" } ?? "") + ": " } ?? ""
    text += "\(severity.rawValue): "
    if file == nil, let line { text += "line \(line): " }
    if !place.isEmpty { text += "\(shownPlace): " }
    text += "\(message) [\(code)]"
    if let hint { text += "\n  \(hint)" }
    return text
  }
}

/// All problems of one document, thrown together.
public struct Diagnostics: Sendable, Equatable, Error, CustomStringConvertible {
  public var all: [Diagnostic]

  public init(_ all: [Diagnostic] = []) { self.all = all }

  public var errors: [Diagnostic] { all.filter { $0.severity == .error } }
  public var description: String { all.map(\.description).joined(separator: "\n") }
}
