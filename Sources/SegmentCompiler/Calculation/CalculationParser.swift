/// An expression as written.
struct CalculationNode: Equatable {
  indirect enum Kind: Equatable {
    case number(String)
    case text(String)
    case boolean(Bool)
    case missing
    case attribute(String)
    case not(CalculationNode)
    case negative(CalculationNode)
    /// `+ - * /`, `= <> < <= > >=`, `and or`.
    case binary(String, CalculationNode, CalculationNode)
    case call(String, [CalculationNode])
  }

  let kind: Kind
  let position: Int
  /// The longest way down from here: 1 for a value.
  let depth: Int

  init(kind: Kind, position: Int) {
    self.kind = kind
    self.position = position
    depth =
      switch kind {
      case .number, .text, .boolean, .missing, .attribute: 1
      case .not(let operand), .negative(let operand): operand.depth + 1
      case .binary(_, let left, let right): max(left.depth, right.depth) + 1
      case .call(_, let arguments): (arguments.map(\.depth).max() ?? 0) + 1
      }
  }
}

/// Precedence climbing: or, and, not, comparison (one only), sum, product, minus, value.
struct CalculationParser {
  /// The most characters of an expression.
  static let maximumLength = 20_000
  /// The deepest nesting of brackets, calls and signs.
  static let maximumDepth = 60
  /// The deepest tree: a chain of operators leans to the left, so a long one is a deep one. DuckDB reads
  /// expressions 1,000 deep, and an operator may become four of its.
  static let maximumTreeDepth = 200

  private let tokens: [CalculationToken]
  private var index = 0
  private var depth = 0

  static func parse(_ text: String) throws(CalculationProblem) -> CalculationNode {
    guard text.utf8.count <= maximumLength else {
      throw CalculationProblem(
        message: "The expression has more than \(maximumLength) bytes.",
        hint: "Calculate parts of it in attributes of their own.", position: 1)
    }
    var parser = CalculationParser(tokens: try CalculationLexer.tokens(text))
    let node = try parser.expression()
    guard parser.current.kind == .end else { throw parser.unexpected("an operator or the end") }
    return node
  }

  private init(tokens: [CalculationToken]) { self.tokens = tokens }

  private var current: CalculationToken { tokens[index] }

  private func unexpected(_ expected: String) -> CalculationProblem {
    CalculationProblem(
      message: "Expected is \(expected), not \(current.description).", position: current.position)
  }

  private mutating func expression() throws(CalculationProblem) -> CalculationNode {
    try nested { (parser) throws(CalculationProblem) in
      try parser.chain(["or"]) { (parser) throws(CalculationProblem) in
        try parser.chain(["and"]) { (parser) throws(CalculationProblem) in try parser.negation() }
      }
    }
  }

  private mutating func negation() throws(CalculationProblem) -> CalculationNode {
    let position = current.position
    guard take(["not"]) != nil else { return try comparison() }
    let operand = try nested { (parser) throws(CalculationProblem) in try parser.negation() }
    return CalculationNode(kind: .not(operand), position: position)
  }

  private mutating func comparison() throws(CalculationProblem) -> CalculationNode {
    let left = try sum()
    let position = current.position
    let signs = ["=", "<>", "<", "<=", ">", ">="]
    guard let sign = take(signs) else { return left }
    let node = CalculationNode(kind: .binary(sign, left, try sum()), position: position)
    guard take(signs) == nil else {
      throw CalculationProblem(
        message: "Comparisons cannot be chained.", hint: "Join two of them by 'and'.",
        position: tokens[index - 1].position)
    }
    return node
  }

  private mutating func sum() throws(CalculationProblem) -> CalculationNode {
    try chain(["+", "-"]) { (parser) throws(CalculationProblem) in
      try parser.chain(["*", "/"]) { (parser) throws(CalculationProblem) in try parser.minus() }
    }
  }

  private mutating func minus() throws(CalculationProblem) -> CalculationNode {
    let position = current.position
    guard take(["-"]) != nil else { return try value() }
    let operand = try nested { (parser) throws(CalculationProblem) in try parser.minus() }
    if case .number(let digits) = operand.kind, !digits.hasPrefix("-") {
      return CalculationNode(kind: .number("-" + digits), position: position)
    }
    return CalculationNode(kind: .negative(operand), position: position)
  }

  private mutating func value() throws(CalculationProblem) -> CalculationNode {
    let token = current
    let kind: CalculationNode.Kind
    switch token.kind {
    case .number(let digits): kind = .number(digits)
    case .text(let text): kind = .text(text)
    case .name(let name): kind = .attribute(name)
    case .word("true"): kind = .boolean(true)
    case .word("false"): kind = .boolean(false)
    case .word("missing"): kind = .missing
    case .word(let word) where ["and", "or", "not"].contains(word):
      throw unexpected("a value")
    case .word(let word):
      index += 1
      guard take(["("]) != nil else {
        return CalculationNode(kind: .attribute(word), position: token.position)
      }
      return CalculationNode(kind: .call(word, try arguments()), position: token.position)
    case .sign("("):
      index += 1
      let node = try expression()
      guard take([")"]) != nil else { throw unexpected("')'") }
      return node
    case .sign, .end:
      throw unexpected("a value")
    }
    index += 1
    return CalculationNode(kind: kind, position: token.position)
  }

  private mutating func arguments() throws(CalculationProblem) -> [CalculationNode] {
    if take([")"]) != nil { return [] }
    var arguments = [try expression()]
    while take([","]) != nil { arguments.append(try expression()) }
    guard take([")"]) != nil else { throw unexpected("',' or ')'") }
    return arguments
  }

  private mutating func chain(
    _ operators: [String],
    _ operand: (inout CalculationParser) throws(CalculationProblem) -> CalculationNode
  ) throws(CalculationProblem) -> CalculationNode {
    var left = try operand(&self)
    while case let position = current.position, let sign = take(operators) {
      let node = CalculationNode(kind: .binary(sign, left, try operand(&self)), position: position)
      guard node.depth <= CalculationParser.maximumTreeDepth else {
        throw CalculationProblem(
          message:
            "The expression is too long: it has more than \(CalculationParser.maximumTreeDepth) operators one after another.",
          hint: "Calculate parts of it in attributes of their own.", position: position)
      }
      left = node
    }
    return left
  }

  /// The sign or keyword that stands here, if it is one of these, passed over.
  private mutating func take(_ spellings: [String]) -> String? {
    switch current.kind {
    case .sign(let text), .word(let text):
      guard spellings.contains(text) else { return nil }
      index += 1
      return text
    default: return nil
    }
  }

  private mutating func nested(
    _ body: (inout CalculationParser) throws(CalculationProblem) -> CalculationNode
  ) throws(CalculationProblem) -> CalculationNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= CalculationParser.maximumDepth else {
      throw CalculationProblem(
        message: "The expression is nested deeper than \(CalculationParser.maximumDepth) levels.",
        position: current.position)
    }
    return try body(&self)
  }
}
