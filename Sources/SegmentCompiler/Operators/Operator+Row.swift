extension Operator {
  static let rowOperators: [Operator] = [
    Operator(
      "memberOf", "is a member of", not: "is not a member of", on: [.row], .segment,
      meaning:
        "The row's key is among the members of the segment: those published by the same refresh, else by its last one."
    ) { lowering in
      guard let row = lowering.row, let name = lowering.segmentName() else { return nil }
      return lowering.member(row, of: name)
    },
    Operator(
      "inRandomSplit", "is in random split", not: "is not in random split", on: [.row], .split,
      meaning:
        "The key falls into one of the buckets 0 … of − 1: the first 15 hexadecimal digits of md5(salt, 0x00, key) modulo `of`."
    ) { lowering in
      guard let key = lowering.profileKey() else { return nil }
      return lowering.one { operand, place in
        guard case .split(let split) = operand else {
          lowering.wrongValue(
            operand, at: place, expected: "{salt: …, of: buckets, bucket: number or list}")
          return nil
        }
        return .split(key, split)
      }
    },
    kinship("childOf", "is a child of", not: "is not a child of", child: true),
    kinship("parentOf", "is the parent of", not: "is not the parent of", child: false),
  ]

  private static func kinship(
    _ id: String, _ label: String, not negatedLabel: String, child: Bool
  ) -> Operator {
    Operator(
      id, label, not: negatedLabel, on: [.row], .key,
      meaning: child
        ? "The profile's parent in the audience's hierarchy is the one with this key; with `levels: all`, any ancestor is."
        : "The profile is the parent of the one with this key; with `levels: all`, any ancestor."
    ) { lowering in
      guard let key = lowering.profileKey() else { return nil }
      let audience = lowering.scope.audience
      guard let name = audience.hierarchy, let hierarchy = lowering.scope.catalog.relationship(name)
      else {
        lowering.reader.note(
          "noHierarchy", at: lowering.place,
          "The audience '\(audience.name)' has no hierarchy.",
          hint:
            "Declare it in the workspace file: hierarchy: a relationship of the table to itself.")
        return nil
      }
      return lowering.one { operand, place in
        lowering.keyLiteral(operand, at: place, type: key.type).map { literal in
          .related(
            key,
            RowPredicate.Kinship(
              table: audience.table, key: hierarchy.targetKey, parentKey: hierarchy.foreignKey,
              of: literal, child: child, allLevels: lowering.test.allLevels))
        }
      }
    }
  }
}
