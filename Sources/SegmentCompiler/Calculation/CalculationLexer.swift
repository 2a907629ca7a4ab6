/// A piece of an expression, with the position of its first character (counted from 1).
struct CalculationToken: Equatable {
  enum Kind: Equatable {
    case number(String)
    case text(String)
    case name(String)
    /// A word that is written without quotes and so may be a keyword or a function too.
    case word(String)
    case sign(String)
    case end
  }

  var kind: Kind
  var position: Int

  /// As named in messages.
  var description: String {
    switch kind {
    case .number(let text), .sign(let text), .word(let text): "'\(text)'"
    case .text(let text): "the text '\(text)'"
    case .name(let text): "\"\(text)\""
    case .end: "the end"
    }
  }
}

/// A problem of an expression, with its position (counted from 1).
struct CalculationProblem: Error {
  var code = "calculation"
  var message: String
  var hint: String?
  var position: Int
}

struct CalculationLexer {
  private let characters: [Character]
  private var index = 0

  static func tokens(_ text: String) throws(CalculationProblem) -> [CalculationToken] {
    var lexer = CalculationLexer(characters: Array(text))
    var tokens: [CalculationToken] = []
    repeat { tokens.append(try lexer.next()) } while tokens.last?.kind != .end
    return tokens
  }

  private init(characters: [Character]) { self.characters = characters }

  private var current: Character? { index < characters.count ? characters[index] : nil }

  private mutating func next() throws(CalculationProblem) -> CalculationToken {
    while let character = current, character.isWhitespace { index += 1 }
    let position = index + 1
    guard let character = current else { return CalculationToken(kind: .end, position: position) }
    let kind: CalculationToken.Kind
    if character.isASCII, character.isNumber {
      kind = try number(position)
    } else if character == "'" {
      kind = .text(try quoted("'", position))
    } else if character == "\"" {
      kind = .name(try quoted("\"", position))
    } else if character == "_" || character.isLetter {
      kind = .word(take { $0 == "_" || $0.isLetter || $0.isNumber })
    } else {
      kind = .sign(try sign(character, position))
    }
    return CalculationToken(kind: kind, position: position)
  }

  private mutating func take(_ isPart: (Character) -> Bool) -> String {
    var text = ""
    while let character = current, isPart(character) {
      text.append(character)
      index += 1
    }
    return text
  }

  private mutating func number(_ position: Int) throws(CalculationProblem) -> CalculationToken.Kind
  {
    let isDigit = { (character: Character) in ("0"..."9").contains(character) }
    var text = take(isDigit)
    if current == "." {
      index += 1
      text += "." + take(isDigit)
    }
    guard text.last != ".", text.count(where: { $0 != "." }) <= 38, current?.isLetter != true else {
      throw CalculationProblem(
        message: "'\(text)' is no number such as 12.50 with at most 38 digits.", position: position)
    }
    return .number(text)
  }

  private mutating func quoted(
    _ quote: Character, _ position: Int
  ) throws(CalculationProblem) -> String {
    var text = ""
    index += 1
    while let character = current {
      index += 1
      if character != quote {
        text.append(character)
      } else if current == quote {
        text.append(quote)
        index += 1
      } else {
        return text
      }
    }
    throw CalculationProblem(message: "The \(quote) here is never closed.", position: position)
  }

  private mutating func sign(
    _ character: Character, _ position: Int
  ) throws(CalculationProblem) -> String {
    index += 1
    if let following = current, ["<>", "<=", ">="].contains(String([character, following])) {
      index += 1
      return String([character, following])
    }
    guard "+-*/(),=<>".contains(character) else {
      throw CalculationProblem(
        message: "'\(character)' has no meaning here.",
        hint: "Names with blanks or other signs are written in double quotes.", position: position)
    }
    return String(character)
  }
}
