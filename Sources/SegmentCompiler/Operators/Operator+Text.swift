extension Operator {
  static let textOperators: [Operator] = [
    Operator(
      "equalTo", "is equal to", not: "is not equal to", on: [.text], .value,
      takesAttribute: true, takesIgnoreCase: true,
      meaning: "The same code points."
    ) { lowering in
      lowering.text().map { .compare(lowering.caseFolded(lowering.subject), .equal, $0) }
    },
    Operator(
      "anyOf", "is any of", not: "is none of", on: [.text], .list, takesIgnoreCase: true,
      meaning: "Equal to one of the values."
    ) { lowering in
      guard let values = lowering.list({ lowering.textLiteral($0, at: $1) }) else { return nil }
      guard lowering.test.ignoreCase else {
        return .oneOf(lowering.subject, values)
      }
      return .any(
        of: values.map {
          .compare(lowering.caseFolded(lowering.subject), .equal, .lowercased(.literal($0)))
        })
    },
    search("contains", "contains", not: "does not contain", .contains, "somewhere"),
    search("startsWith", "starts with", not: "does not start with", .startsWith, "at its start"),
    search("endsWith", "ends with", not: "does not end with", .endsWith, "at its end"),
    Operator(
      "empty", "is empty", not: "is not empty", on: [.text], .nothing,
      meaning: "Missing, or a text of length zero."
    ) { lowering in
      .any(of: [
        .missing(lowering.subject),
        .compare(lowering.subject, .equal, .literal(.text(Text("")))),
      ])
    },
  ]

  private static func search(
    _ id: String, _ label: String, not negatedLabel: String, _ test: RowPredicate.TextTest,
    _ where: String
  ) -> Operator {
    Operator(
      id, label, not: negatedLabel, on: [.text], .value, takesAttribute: true,
      takesIgnoreCase: true,
      meaning: "Has the value's code points \(`where`); %, _ and backslashes are plain characters."
    ) { lowering in
      lowering.text().map { .text(lowering.caseFolded(lowering.subject), test, $0) }
    }
  }
}

extension Operator {
  static let booleanOperators: [Operator] = [
    Operator(
      "equalTo", "is", not: "is not", on: [.boolean], .value, takesAttribute: true,
      meaning: "The same truth value."
    ) { lowering in
      lowering.boolean().map { .compare(lowering.subject, .equal, $0) }
    },
    Operator(
      "empty", "is empty", not: "is not empty", on: [.number, .date, .datetime, .boolean], .nothing,
      meaning: "Missing."
    ) { .missing($0.subject) },
  ]
}
