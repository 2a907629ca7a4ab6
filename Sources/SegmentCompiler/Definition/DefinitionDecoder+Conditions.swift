extension DefinitionDecoder {
  /// A condition, or one that says nothing where it cannot be read.
  func tree(_ document: Document, at place: String, depth: Int) -> Condition {
    condition(document, at: place, depth: depth) ?? hole(place, .all([]))
  }

  private func condition(_ document: Document, at place: String, depth: Int) -> Condition? {
    conditions += 1
    if conditions == SegmentDefinition.maximumConditions + 1 {
      reader.note(
        "tooManyConditions", at: place,
        "A definition has at most \(SegmentDefinition.maximumConditions) conditions.", in: document)
    }
    // So many are not planned.
    guard conditions <= SegmentDefinition.maximumConditions else { return hole("", nil) }
    guard depth <= SegmentDefinition.maximumDepth else {
      reader.note(
        "tooDeep", at: place,
        "Conditions are nested at most \(SegmentDefinition.maximumDepth) deep.", in: document)
      return nil
    }
    guard case .mapping(let entries) = document.value else {
      reader.note(
        "wrongShape", at: place, "A condition is expected here, not \(document.kind).", in: document
      )
      return nil
    }
    if entries.count == 1, let entry = entries.first {
      switch entry.key {
      case "all":
        return conditions(entry.value, at: "\(place).all", depth: depth).map { .all($0) }
      case "any":
        return conditions(entry.value, at: "\(place).any", depth: depth).map { .any($0) }
      case "has":
        let place = "\(place).has"
        let known = ["from", "path", "quantifier", "where", "match"]
        return reader.mapping(entry.value, at: place, known: known)
          .flatMap { has($0, at: place, in: entry.value, depth: depth) }.map { .has($0) }
      default: break
      }
    }
    return comparison(entries, at: place, in: document).map { .comparison($0) }
  }

  private func conditions(_ document: Document, at place: String, depth: Int) -> [Condition]? {
    guard let list = reader.list(document, at: place) else { return nil }
    guard !list.isEmpty else {
      reader.note("emptyList", at: place, "At least one condition is needed here.", in: document)
      return nil
    }
    return list.enumerated().map { index, item in
      tree(item, at: "\(place)[\(index)]", depth: depth + 1)
    }
  }

  static let testKeys = ["is", "isNot", "value", "ignoreCase", "levels"]

  private func comparison(
    _ entries: [Document.Entry], at place: String, in document: Document
  ) -> Comparison? {
    let known = ["attribute", "row"] + DefinitionDecoder.testKeys
    let fields = reader.fields(entries, at: place, known: known)
    let subject: Comparison.Subject?
    if let attribute = fields["attribute"] {
      subject = reference(attribute, at: "\(place).attribute").map { .attribute($0) }
      if let row = fields["row"] {
        reader.note(
          "unknownKey", at: "\(place).row", "'row' does not go with 'attribute'.", in: row)
      }
    } else if let row = fields["row"] {
      subject = reference(row, at: "\(place).row").map { .row($0) }
    } else {
      subject = .row(nil)
    }
    let test = test(fields, at: place, in: document)
    guard let subject, let test else { return nil }
    return Comparison(subject: subject, test: test)
  }

  func test(_ fields: Fields, at place: String, in document: Document) -> Test? {
    let name: String?
    switch (fields["is"], fields["isNot"]) {
    case (let field?, nil):
      name = reader.text(field, at: "\(place).is", expected: "an operator")
    case (nil, let field?):
      name = reader.text(field, at: "\(place).isNot", expected: "an operator")
    case (nil, nil):
      reader.missing("is", at: place, in: document)
      name = nil
    case (_?, let field?):
      reader.note(
        "unknownKey", at: "\(place).isNot", "'is' and 'isNot' exclude each other.", in: field)
      name = nil
    }
    let value = fields["value"].map { operand($0, at: "\(place).value") }
    let ignoreCase: Bool? =
      fields["ignoreCase"].map { reader.boolean($0, at: "\(place).ignoreCase") } ?? false
    var allLevels = false
    if let levels = fields["levels"] {
      allLevels = reader.word(levels, at: "\(place).levels", as: Levels.self) == .all
    }
    guard let name, let ignoreCase, value != .some(nil) else { return nil }
    return Test(
      negated: fields["isNot"] != nil, operator: name, value: value ?? nil,
      ignoreCase: ignoreCase, allLevels: allLevels)
  }

  private enum Levels: String, CaseIterable { case one, all }

  private func operand(_ document: Document, at place: String) -> Operand? {
    switch document.value {
    case .scalar(let scalar):
      return .scalar(scalar)
    case .list(let items):
      let operands = items.enumerated().compactMap { index, item -> Operand? in
        if case .list = item.value {
          reader.note(
            "wrongShape", at: "\(place)[\(index)]", "A plain value is expected here, not a list.",
            in: item)
          return nil
        }
        return operand(item, at: "\(place)[\(index)]")
      }
      return operands.count == items.count ? .list(operands) : nil
    case .mapping(let entries) where entries.contains { $0.key == "attribute" }:
      return reader.fields(entries, at: place, known: ["attribute"])["attribute"]
        .flatMap { reference($0, at: "\(place).attribute") }.map { .attribute($0) }
    case .mapping(let entries):
      return split(entries, at: place, in: document).map { .split($0) }
    case .null:
      reader.note(
        "wrongShape", at: place, "A value is expected here, not nothing.",
        hint: "To find missing values, use the operator 'empty'.", in: document)
      return nil
    }
  }

  private func split(
    _ entries: [Document.Entry], at place: String, in document: Document
  ) -> RandomSplit? {
    let fields = reader.fields(entries, at: place, known: ["salt", "of", "bucket"])
    for key in ["of", "bucket"] where fields[key] == nil {
      reader.missing(key, at: place, in: document)
    }
    guard let of = fields["of"], let bucket = fields["bucket"],
      let count = reader.wholeNumber(of, at: "\(place).of", in: 1...1_000_000)
    else { return nil }
    let list: [Document]
    if case .list(let items) = bucket.value { list = items } else { list = [bucket] }
    guard !list.isEmpty else {
      reader.note("emptyList", at: "\(place).bucket", "Name at least one bucket.", in: bucket)
      return nil
    }
    let buckets = list.enumerated().compactMap { index, item in
      reader.wholeNumber(
        item, at: "\(place).bucket" + (list.count > 1 ? "[\(index)]" : ""), in: 0...count - 1)
    }
    guard buckets.count == list.count else { return nil }
    return RandomSplit(
      salt: text("salt", of: fields, at: place) ?? "", of: count, buckets: buckets)
  }
}
