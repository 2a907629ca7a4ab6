extension SegmentDefinition {
  /// The definition as a document: what ``init(decoding:defaultName:)`` reads back to an equal value.
  public var document: Document {
    var entries: [(String, Document?)] = [
      ("segment", .text(name)),
      ("displayName", displayName.map(Document.text)),
      ("description", description.map(Document.text)),
      ("tags", tags.isEmpty ? nil : .list(tags.map(Document.text))),
      ("audience", audience.map(Document.text)),
      ("timeZone", timeZone.map(Document.text)),
      ("weekStart", weekStart.map { .text($0.rawValue) }),
    ]
    switch content {
    case .rules(let items): entries.append(("rules", .list(items.map(\.document))))
    case .keys(let keys): entries.append(("keys", .list(keys.map { Document(.scalar($0)) })))
    case .keysFile(let file): entries.append(("keysFile", file.document))
    }
    entries.append(("limit", limit?.document))
    let projected = projection.map { Document.text($0.description) }
    entries.append(("project", projected.isEmpty ? nil : .list(projected)))
    return .mapping(entries)
  }

  public var yaml: String { document.yaml }
  /// Compact JSON with keys in the order of the format.
  public var json: String { document.json }
}

extension KeysFile {
  fileprivate var document: Document {
    guard let column else { return .text(path) }
    return .mapping([("path", .text(path)), ("column", .text(column))])
  }
}

extension RuleItem {
  var json: String { document.json }

  fileprivate var document: Document {
    let combine: (String, Document?) = ("combine", combine.map { .text($0.rawValue) })
    switch content {
    case .group(let items): return .mapping([combine, ("group", .list(items.map(\.document)))])
    case .rule(let rule):
      return .mapping([combine, ("name", rule.name.map(Document.text))] + rule.has.entries)
    }
  }
}

extension Has {
  var json: String { Document.mapping(entries).json }

  fileprivate var entries: [(String, Document?)] {
    var entries: [(String, Document?)] = []
    switch origin {
    case .profile: break
    case .table(let name): entries.append(("from", .text(name)))
    case .steps(let steps):
      entries.append(("path", .list(steps.map { .text($0.description) })))
    }
    entries.append(("quantifier", quantifier.document))
    entries.append(("where", self.where?.document))
    entries.append(("match", match?.document))
    return entries
  }
}

extension Quantifier {
  /// nil for the default.
  fileprivate var document: Document? {
    switch self {
    case .any: nil
    case .none: .text("none")
    case .every: .text("every")
    case .first(let reference): .mapping([("first", .text(reference.description))])
    case .last(let reference): .mapping([("last", .text(reference.description))])
    case .aggregate(let aggregate):
      .mapping(
        [
          ("aggregate", .text(aggregate.function.rawValue)),
          ("of", aggregate.of.map { .text($0.description) }),
        ] + aggregate.test.entries)
    }
  }
}

extension Condition {
  var json: String { document.json }

  fileprivate var document: Document {
    switch self {
    case .all(let conditions): .mapping([("all", .list(conditions.map(\.document)))])
    case .any(let conditions): .mapping([("any", .list(conditions.map(\.document)))])
    case .has(let has): .mapping([("has", .mapping(has.entries))])
    case .comparison(let comparison): .mapping(comparison.entries)
    }
  }
}

extension Comparison {
  fileprivate var entries: [(String, Document?)] {
    let subjectEntry: (String, Document?) =
      switch subject {
      case .attribute(let reference): ("attribute", .text(reference.description))
      case .row(let reference): ("row", reference.map { .text($0.description) })
      }
    return [subjectEntry] + test.entries
  }
}

extension Test {
  fileprivate var entries: [(String, Document?)] {
    [
      (negated ? "isNot" : "is", .text(`operator`)),
      ("value", value?.document),
      ("ignoreCase", ignoreCase ? Document(.scalar(.boolean(true))) : nil),
      ("levels", allLevels ? .text("all") : nil),
    ]
  }
}

extension Operand {
  var json: String { document.json }

  fileprivate var document: Document {
    switch self {
    case .scalar(let scalar): Document(.scalar(scalar))
    case .attribute(let reference): .mapping([("attribute", .text(reference.description))])
    case .list(let operands): .list(operands.map(\.document))
    case .split(let split):
      .mapping([
        ("salt", split.salt.isEmpty ? nil : .text(split.salt)),
        ("of", .number(split.of)),
        (
          "bucket",
          split.buckets.count == 1
            ? .number(split.buckets[0]) : .list(split.buckets.map(Document.number))
        ),
      ])
    }
  }
}

extension Limit {
  fileprivate var document: Document {
    switch choice {
    case .top(let by, let descending):
      .mapping([
        ("top", .number(count)), ("by", .text(by.description)),
        ("order", descending ? nil : .text("ascending")),
      ])
    case .random(let salt):
      .mapping([("random", .number(count)), ("salt", salt.isEmpty ? nil : .text(salt))])
    }
  }
}

extension Document {
  public static func text(_ text: String) -> Document { Document(.scalar(.text(text))) }
  public static func number(_ number: Int) -> Document { Document(.scalar(.number("\(number)"))) }
  public static func list(_ items: [Document]) -> Document { Document(.list(items)) }

  /// A mapping without the entries that have no value.
  public static func mapping(_ entries: [(String, Document?)]) -> Document {
    Document(
      .mapping(entries.compactMap { key, value in value.map { Entry(key: key, value: $0) } }))
  }
}
