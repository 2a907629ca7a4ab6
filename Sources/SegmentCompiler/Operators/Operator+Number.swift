extension Operator {
  static let numberOperators: [Operator] = [
    comparison("equalTo", "is equal to", not: "is not equal to", .equal, "The same number."),
    comparison(
      "greaterThan", "is greater than", not: "is not greater than", .greater, "Above the value."),
    comparison(
      "greaterThanOrEqualTo", "is at least", not: "is not at least", .greaterOrEqual,
      "The value or above."),
    comparison("lessThan", "is less than", not: "is not less than", .less, "Below the value."),
    comparison(
      "lessThanOrEqualTo", "is at most", not: "is not at most", .lessOrEqual,
      "The value or below."),
    Operator(
      "between", "is between", not: "is not between", on: [.number], .range, takesAttribute: true,
      meaning: "From the first value to the second, both included."
    ) { lowering in
      guard let (low, high) = lowering.range({ lowering.number($0, at: $1) }) else { return nil }
      lowering.warnIfReversed(low, high)
      return .all(of: [
        lowering.compare(.greaterOrEqual, low), lowering.compare(.lessOrEqual, high),
      ])
    },
    Operator(
      "anyOf", "is any of", not: "is none of", on: [.number], .list,
      meaning: "Equal to one of the values."
    ) { lowering in
      lowering.list { lowering.number($0, at: $1) }.map { values in
        .any(of: values.map { lowering.compare(.equal, $0) })
      }
    },
  ]

  private static func comparison(
    _ id: String, _ label: String, not negatedLabel: String, _ relation: RowPredicate.Relation,
    _ meaning: String
  ) -> Operator {
    Operator(
      id, label, not: negatedLabel, on: [.number], .value, takesAttribute: true, meaning: meaning
    ) { lowering in
      lowering.one { lowering.number($0, at: $1) }.map { lowering.compare(relation, $0) }
    }
  }
}

extension ExactNumber {
  /// With more, value × n would not fit into the 38 digits that engines compute with.
  fileprivate static let averageDigits = (whole: 19, fraction: 18)

  fileprivate var canBeAverage: Bool {
    wholeDigits <= ExactNumber.averageDigits.whole && scale <= ExactNumber.averageDigits.fraction
  }
}

/// What a number is compared with.
enum NumberOperand {
  case literal(ExactNumber)
  case column(RowExpression)
}

extension Lowering {
  func number(_ operand: Operand, at place: String) -> NumberOperand? {
    if case .attribute(let reference) = operand {
      return column(reference, at: place, like: [.number]).map { .column(.column($0)) }
    }
    guard case .scalar(.number(let text)) = operand else {
      wrongValue(operand, at: place, expected: "a number")
      return nil
    }
    guard let number = ExactNumber(text) else {
      reader.note(
        "invalidNumber", at: place,
        "'\(text)' has more than \(ExactNumber.maximumDigits) digits.")
      return nil
    }
    guard type != .exact(.ratio) || number.canBeAverage else {
      reader.note(
        "invalidNumber", at: place,
        "An average is compared with a number of at most \(ExactNumber.averageDigits.whole) digits before the point and \(ExactNumber.averageDigits.fraction) behind it."
      )
      return nil
    }
    return .literal(number)
  }

  /// Compares the subject, exactly: a literal that does not fit the subject's type is moved to the next
  /// number that does, without changing the answer.
  func compare(_ relation: RowPredicate.Relation, _ operand: NumberOperand) -> RowPredicate {
    switch operand {
    case .column(let column):
      return .compare(subject, relation, column)
    case .literal(let number):
      switch type {
      case .double:
        return .compare(subject, relation, .literal(.double(number.double)))
      case .exact(.ratio):
        return .compare(subject, relation, .literal(.exact(number, .ratio)))
      case .integer:
        return compareExact(relation, number, scale: 0, fits: { $0.int64 != nil }) {
          .integer($0.int64!)
        }
      case .exact(.wide):
        return compareExact(relation, number, scale: 0, fits: { $0.wholeDigits <= 38 }) {
          .exact($0, .wide)
        }
      case .exact(.decimal(let precision, let scale)):
        return compareExact(
          relation, number, scale: scale, fits: { $0.wholeDigits <= precision - scale }
        ) { .exact($0, .decimal(precision: precision, scale: scale)) }
      case .text, .date, .datetime, .boolean, .row:
        preconditionFailure("the operator table applies number operators to numbers only")
      }
    }
  }

  private func compareExact(
    _ relation: RowPredicate.Relation, _ number: ExactNumber, scale: Int,
    fits: (ExactNumber) -> Bool, literal: (ExactNumber) -> Literal
  ) -> RowPredicate {
    let floor = number.floored(toScale: scale)
    guard fits(floor) else {
      // Beyond every value of the type.
      let holds =
        switch relation {
        case .equal: false
        case .less, .lessOrEqual: !number.isNegative
        case .greater, .greaterOrEqual: number.isNegative
        }
      return holds ? .negation(of: .missing(subject)) : .always(false)
    }
    let bound = RowExpression.literal(literal(floor))
    if floor == number { return .compare(subject, relation, bound) }
    switch relation {
    case .equal: return .always(false)
    case .less, .lessOrEqual: return .compare(subject, .lessOrEqual, bound)
    case .greater, .greaterOrEqual: return .compare(subject, .greater, bound)
    }
  }

  func warnIfReversed(_ low: NumberOperand, _ high: NumberOperand) {
    if case .literal(let low) = low, case .literal(let high) = high, low.isGreater(than: high) {
      warnReversed("\(low)", "\(high)")
    }
  }
}
