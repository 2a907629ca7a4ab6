/// One test on its way to a predicate: reads its operand, notes what is wrong with it.
struct Lowering {
  /// The type of what is compared, as far as operators care.
  enum SubjectType: Hashable {
    case text
    case integer
    case exact(ExactType)
    case double
    case date, datetime, boolean, row
  }

  let scope: PathScope
  let reader: DocumentReader
  let test: Test
  /// Of the comparison (or the quantifier).
  let place: String
  let subject: RowExpression
  let type: SubjectType
  /// The row of a row operator.
  let row: RowReference?
  /// Whether the operand may be another attribute of the joined row.
  let mayCompareAttributes: Bool

  var subjectClass: Operator.SubjectClass { type.operatorClass }

  /// The predicate; nil where a problem was noted.
  func predicate() -> RowPredicate? {
    guard let entry = Operator.find(test.operator, on: subjectClass) else {
      noteUnknownOperator()
      return nil
    }
    let value = test.value
    if entry.argument == .nothing, value != nil {
      reader.note(
        "unknownKey", at: DocumentReader.join(place, "value"), "'\(entry.id)' takes no value.")
      return nil
    }
    if test.ignoreCase, !entry.takesIgnoreCase {
      reader.note(
        "ignoreCaseOnlyText", at: DocumentReader.join(place, "ignoreCase"),
        "'ignoreCase' goes with comparisons of texts only.")
      return nil
    }
    if test.allLevels, entry.argument != .key {
      reader.note(
        "unknownKey", at: DocumentReader.join(place, "levels"),
        "'levels' goes with childOf and parentOf only.")
      return nil
    }
    guard attributesAllowed(by: entry) else { return nil }
    let predicate = entry.lower(self)
    return test.negated ? predicate.map { .negation(of: $0) } : predicate
  }

  private func noteUnknownOperator() {
    let place = DocumentReader.join(place, test.negated ? "isNot" : "is")
    let here = Operator.ids(on: subjectClass)
    if Operator.all.contains(where: { $0.id == test.operator }) {
      reader.note(
        "operatorNotForType", at: place,
        "'\(test.operator)' does not apply to a \(subjectClass.rawValue); possible are \(here.joined(separator: ", "))."
      )
    } else {
      reader.note(
        "unknownOperator", at: place,
        "There is no operator '\(test.operator)'; possible are \(here.joined(separator: ", ")).",
        hint: NearNames.hint(test.operator, among: here))
    }
  }

  private func attributesAllowed(by entry: Operator) -> Bool {
    guard let value = test.value else { return true }
    let (operands, suffixes): ([Operand], [String]) =
      if case .list(let list) = value {
        (list, list.indices.map { "[\($0)]" })
      } else {
        ([value], [""])
      }
    var allowed = true
    for (operand, suffix) in zip(operands, suffixes) {
      guard case .attribute = operand, !(entry.takesAttribute && mayCompareAttributes) else {
        continue
      }
      reader.note(
        "attributeOperandNotAllowed", at: DocumentReader.join(place, "value" + suffix),
        "'\(entry.id)' cannot compare with another attribute here; a value is expected.")
      allowed = false
    }
    return allowed
  }

  // MARK: Operands

  func missingValue() {
    reader.note("missingKey", at: place, "'\(test.operator)' needs a 'value'.")
  }

  func wrongValue(_ operand: Operand, at place: String, expected: String) {
    reader.note(
      "wrongValueType", at: place, "Expected is \(expected), not \(operand.kind).",
      hint: operand.quotingHint(expected: expected))
  }

  /// The single operand, read by `read`.
  func one<Value>(_ read: (Operand, String) -> Value?) -> Value? {
    guard let value = test.value else {
      missingValue()
      return nil
    }
    return read(value, DocumentReader.join(place, "value"))
  }

  /// A non-empty list of operands.
  func list<Value>(_ read: (Operand, String) -> Value?) -> [Value]? {
    guard let value = test.value else {
      missingValue()
      return nil
    }
    let place = DocumentReader.join(place, "value")
    guard case .list(let operands) = value else {
      wrongValue(value, at: place, expected: "a list of values")
      return nil
    }
    guard !operands.isEmpty else {
      reader.note("emptyList", at: place, "At least one value is needed here.")
      return nil
    }
    let values = operands.enumerated().compactMap { read($1, "\(place)[\($0)]") }
    return values.count == operands.count ? values : nil
  }

  /// A list of exactly two operands.
  func range<Value>(_ read: (Operand, String) -> Value?) -> (Value, Value)? {
    guard let value = test.value else {
      missingValue()
      return nil
    }
    let place = DocumentReader.join(place, "value")
    guard case .list(let operands) = value, operands.count == 2 else {
      wrongValue(value, at: place, expected: "a list of two values, [low, high]")
      return nil
    }
    let low = read(operands[0], "\(place)[0]")
    let high = read(operands[1], "\(place)[1]")
    guard let low, let high else { return nil }
    return (low, high)
  }

  func warnReversed(_ low: String, _ high: String) {
    reader.note(
      "betweenLowAboveHigh", at: DocumentReader.join(place, "value"),
      "\(low) is above \(high): this is never true.", hint: "Swap the two values.",
      severity: .warning)
  }

  /// Another attribute of the joined row, of one of the types.
  func column(_ reference: Reference, at place: String, like types: [Operator.SubjectClass])
    -> Column?
  {
    let place = DocumentReader.join(place, "attribute")
    guard let column = scope.column(reference, at: place, reader: reader) else { return nil }
    let theirs = SubjectType(column.type)
    guard types.contains(theirs.operatorClass) else {
      reader.note(
        "differentTypes", at: place,
        "\(reference) is a \(column.type.name) and cannot be compared with a \(subjectClass.rawValue)."
      )
      return nil
    }
    return column
  }

  func caseFolded(_ expression: RowExpression) -> RowExpression {
    test.ignoreCase ? .lowercased(expression) : expression
  }

  func textLiteral(_ operand: Operand, at place: String) -> Literal? {
    guard case .scalar(.text(let text)) = operand else {
      wrongValue(operand, at: place, expected: "a text")
      return nil
    }
    return .text(Text(text))
  }

  func text() -> RowExpression? {
    one { operand, place in
      if case .attribute(let reference) = operand {
        return column(reference, at: place, like: [.text]).map { caseFolded(.column($0)) }
      }
      return textLiteral(operand, at: place).map { caseFolded(.literal($0)) }
    }
  }

  func boolean() -> RowExpression? {
    one { operand, place in
      switch operand {
      case .attribute(let reference):
        return column(reference, at: place, like: [.boolean]).map { .column($0) }
      case .scalar(.boolean(let value)):
        return .literal(.boolean(value))
      default:
        wrongValue(operand, at: place, expected: "true or false")
        return nil
      }
    }
  }

  // MARK: Rows

  func segmentName() -> String? {
    one { operand, place in
      guard case .scalar(.text(let name)) = operand else {
        wrongValue(operand, at: place, expected: "a segment's name")
        return nil
      }
      return SegmentDefinition.canonicalName(name)
    }
  }

  func member(_ row: RowReference, of segment: String) -> RowPredicate? {
    let place = DocumentReader.join(place, "value")
    guard let facts = scope.segment(segment, at: place, reader: reader) else { return nil }
    let table = scope.path.table(of: row)
    guard let audience = scope.catalog.audience(facts.audience), audience.table == table else {
      reader.note(
        "wrongAudience", at: place,
        "'\(segment)' is a segment of the audience '\(facts.audience)'; the row is one of '\(table)'."
      )
      return nil
    }
    return .member(row, audience: facts.audience, segment: segment)
  }

  /// The key of the profile, where the row is the profile.
  func profileKey() -> Column? {
    guard row == RowReference(place: 0) else {
      reader.note(
        "notAPlaceOfAudience", at: DocumentReader.join(place, "row"),
        "'\(test.operator)' applies to the profile itself.")
      return nil
    }
    let audience = scope.audience
    let table = scope.catalog.table(audience.table)
    guard let type = table?.attribute(audience.key)?.type else {
      scope.noteUndeclared(audience.key, of: audience.table, at: place, reader: reader)
      return nil
    }
    return Column(row: RowReference(place: 0), attribute: audience.key, type: type)
  }

  func keyLiteral(_ operand: Operand, at place: String, type: AttributeType) -> Literal? {
    switch (operand, type) {
    case (.scalar(.text(let text)), .text): return .text(Text(text))
    case (.scalar(.number(let text)), .integer):
      if let number = Int64(text) { return .integer(number) }
    default: break
    }
    wrongValue(
      operand, at: place, expected: type == .integer ? "a whole number as key" : "a text as key")
    return nil
  }
}

extension Lowering.SubjectType {
  init(_ type: AttributeType) {
    self =
      switch type {
      case .text: .text
      case .integer: .integer
      case .decimal(let precision, let scale): .exact(.decimal(precision: precision, scale: scale))
      case .double: .double
      case .date: .date
      case .datetime: .datetime
      case .boolean: .boolean
      }
  }

  var operatorClass: Operator.SubjectClass {
    switch self {
    case .text: .text
    case .integer, .exact, .double: .number
    case .date: .date
    case .datetime: .datetime
    case .boolean: .boolean
    case .row: .row
    }
  }
}

extension Operand {
  fileprivate var kind: String {
    switch self {
    case .scalar(let scalar): Document(.scalar(scalar)).kind
    case .attribute: "an attribute"
    case .list: "a list"
    case .split: "a mapping"
    }
  }

  fileprivate func quotingHint(expected: String) -> String? {
    guard expected.hasPrefix("a text") || expected.hasPrefix("a date") else { return nil }
    switch self {
    case .scalar(.number), .scalar(.boolean):
      return "Write the value in quotes to make it a text."
    default: return nil
    }
  }
}

extension RowPredicate {
  /// A conjunction without needless parts.
  static func all(of parts: [RowPredicate]) -> RowPredicate {
    let parts = parts.flatMap { part -> [RowPredicate] in
      if case .all(let inner) = part { return inner }
      return part == .always(true) ? [] : [part]
    }
    if parts.contains(.always(false)) { return .always(false) }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .always(true) : .all(parts)
  }

  /// A disjunction without needless parts.
  static func any(of parts: [RowPredicate]) -> RowPredicate {
    let parts = parts.flatMap { part -> [RowPredicate] in
      if case .any(let inner) = part { return inner }
      return part == .always(false) ? [] : [part]
    }
    if parts.contains(.always(true)) { return .always(true) }
    return parts.count == 1 ? parts[0] : parts.isEmpty ? .always(false) : .any(parts)
  }

  static func negation(of part: RowPredicate) -> RowPredicate {
    switch part {
    case .always(let value): .always(!value)
    case .not(let inner): inner
    default: .not(part)
    }
  }
}
