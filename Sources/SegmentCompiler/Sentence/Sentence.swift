/// Says definitions in plain English.
public enum Sentence {
  /// The whole definition in one sentence (or a few).
  public static func definition(_ definition: SegmentDefinition, catalog: Catalog) -> String {
    let writer = writer(for: definition, catalog: catalog)
    let audience = audience(of: definition, catalog: catalog)
    var text =
      switch definition.content {
      case .keys, .keysFile: "\(audience): \(writer.content(definition.content))"
      case .rules: "\(audience) where \(writer.content(definition.content))"
      }
    if let limit = definition.limit { text += "; of these \(writer.limit(limit))" }
    if let zone = definition.timeZone { text += " (days of \(zone))" }
    return text + "."
  }

  private static func audience(of definition: SegmentDefinition, catalog: Catalog) -> String {
    definition.audience ?? (catalog.audiences.count == 1 ? catalog.audiences[0].name : "profile")
  }

  /// What says the parts of a definition.
  static func writer(for definition: SegmentDefinition, catalog: Catalog) -> SentenceWriter {
    let audience = audience(of: definition, catalog: catalog)
    return SentenceWriter(profile: catalog.audience(audience)?.table ?? audience, subject: "it")
  }

  /// One comparison, such as `Customer.City is equal to 'Oslo'`.
  ///
  /// - Parameter subject: what the profile is called; nil leaves it out: `is a member of 'vip'`.
  static func comparison(_ comparison: Comparison, profile: String, subject: String?) -> String {
    SentenceWriter(profile: profile, subject: subject).comparison(comparison)
  }

  /// One has condition with its resolved path, its subject left out.
  static func has(_ has: Has, path: ResolvedPath) -> String {
    SentenceWriter(profile: path.places[0].table, subject: nil)
      .has(has, from: path.places.last?.name)
  }
}

struct SentenceWriter {
  let profile: String
  /// What the profile is called where something is said of itself; nil leaves it out.
  let subject: String?

  /// Of a long list so many values are said, and of a long text so many characters.
  private static let mostValues = 100
  private static let longestValue = 200

  /// Says what must hold of joined rows, where "it" would be taken for the row.
  private var ofRows: SentenceWriter { SentenceWriter(profile: profile, subject: profile) }

  private var of: String { subject.map { "\($0) " } ?? "" }

  // MARK: Rules

  func content(_ content: SegmentDefinition.Content) -> String {
    switch content {
    case .keys(let keys): "\(keys.count) \(keys.count == 1 ? "key" : "keys") listed by hand"
    case .keysFile(let file):
      "the keys in \(file.path)" + (file.column.map { ", column \($0)" } ?? "")
    case .rules(let items): self.items(items)
    }
  }

  func items(_ items: [RuleItem]) -> String {
    var text = ""
    for (index, item) in items.enumerated() {
      let part = self.item(item, alone: items.count == 1)
      guard index > 0, let combine = item.combine else {
        text = part
        continue
      }
      // Rules combine from left to right: brackets show it from the third on.
      let left = index > 1 ? "(\(text))" : text
      text = "\(left), \(word(for: combine)) where \(part)"
    }
    return text
  }

  func word(for combine: SetOperator) -> String {
    switch combine {
    case .union: "or also"
    case .intersect: "and also"
    case .except: "but not"
    case .exclusive: "or else (not both)"
    }
  }

  private func item(_ item: RuleItem, alone: Bool) -> String {
    switch item.content {
    case .group(let inner): "(\(items(inner)))"
    case .rule(let rule): rule.has.isTree && !alone ? "(\(self.rule(rule)))" : self.rule(rule)
    }
  }

  private func rule(_ rule: Rule) -> String { has(rule.has, from: nil) }

  /// A rule or a group by itself.
  func rule(_ item: RuleItem) -> String { self.item(item, alone: true) }

  /// The same with how it joins those before it: `but not where it is a member of 'vip'`.
  func combined(_ item: RuleItem) -> String {
    (item.combine.map { "\(word(for: $0)) where " } ?? "") + rule(item)
  }

  private func conditions(_ parts: [Condition?]) -> String {
    let parts = parts.compactMap { $0 }
    return parts.count == 1 ? condition(parts[0]) : condition(.all(parts))
  }

  // MARK: Has

  /// - Parameter from: the far table's place, where it is known better than from the definition.
  func has(_ has: Has, from: String?) -> String {
    if has.origin == .profile, let text = onProfile(has) { return text }
    let rows = from ?? origin(has.origin)
    let filter = has.where.map { " for which \(ofRows.condition($0))" } ?? ""
    let match = has.match.map(ofRows.condition) ?? "anything"
    let both = [has.where, has.match].compactMap { $0 }
    let conditions = both.isEmpty ? nil : "where \(ofRows.conditions(both))"
    switch has.quantifier {
    case .any: return "\(of)has any \(rows)" + (conditions.map { " \($0)" } ?? "")
    case .none: return "\(of)has no \(rows)" + (conditions.map { " \($0)" } ?? "")
    case .every: return "for every \(rows)\(filter), \(match)"
    case .first(let time): return "for the first \(rows) by \(time)\(filter), \(match)"
    case .last(let time): return "for the last \(rows) by \(time)\(filter), \(match)"
    case .aggregate(let aggregate):
      return self.aggregate(aggregate, rows) + (conditions.map { " (\($0))" } ?? "")
        + " \(test(of: aggregate))"
    }
  }

  /// With the empty path quantifiers come down to the tree; nil for aggregates.
  private func onProfile(_ has: Has) -> String? {
    let tree = conditions([has.where, has.match])
    switch has.quantifier {
    case .any, .every: return tree
    case .none: return "not (\(tree))"
    case .first(let time), .last(let time): return "\(time) is not empty and (\(tree))"
    case .aggregate: return nil
    }
  }

  private func aggregate(_ aggregate: Aggregate, _ rows: String) -> String {
    let of = aggregate.of?.description ?? rows
    switch aggregate.function {
    case .count: return "the number of \(of) rows"
    case .countDistinct: return "the number of different \(of) values"
    case .sum: return "the sum of \(of)"
    case .average: return "the average of \(of)"
    case .minimum: return "the lowest \(of)"
    case .maximum: return "the highest \(of)"
    }
  }

  /// `the sum of Order.Total`.
  func aggregate(_ aggregate: Aggregate, of has: Has) -> String {
    self.aggregate(aggregate, origin(has.origin))
  }

  /// For how many rows, as in `for the last Order by Order.Date`.
  func quantifier(of has: Has) -> String {
    switch has.quantifier {
    case .any: "any"
    case .none: "none"
    case .every: "every"
    case .first(let time): "the first by \(time)"
    case .last(let time): "the last by \(time)"
    case .aggregate(let aggregate): "\(self.aggregate(aggregate, of: has)) \(test(of: aggregate))"
    }
  }

  /// The rows of a has condition.
  func rows(of has: Has) -> String { origin(has.origin) }

  func test(of aggregate: Aggregate) -> String {
    switch aggregate.function {
    // Over no rows they are 0: never without a value.
    case .count, .countDistinct: test(aggregate.test, on: .number, mayBeMissing: false)
    case .sum, .average: test(aggregate.test, on: .number)
    case .minimum, .maximum: test(aggregate.test, on: nil)
    }
  }

  private func origin(_ origin: PathOrigin) -> String {
    switch origin {
    case .profile: profile
    case .table(let name): name
    case .steps(let steps):
      // The far table of a path is the source of its first step, or its target if walked backwards.
      steps.first.map { $0.reversed ? "row behind \($0)" : $0.relationship.table } ?? profile
    }
  }

  // MARK: Conditions

  func condition(_ condition: Condition) -> String {
    switch condition {
    case .all(let parts): join(parts, "and")
    case .any(let parts): join(parts, "or")
    case .has(let has): self.has(has, from: nil)
    case .comparison(let comparison): self.comparison(comparison)
    }
  }

  private func join(_ parts: [Condition], _ word: String) -> String {
    parts.map { part in
      if case .comparison = part { return condition(part) }
      return parts.count == 1 ? condition(part) : "(\(condition(part)))"
    }.joined(separator: " \(word) ")
  }

  func comparison(_ comparison: Comparison) -> String {
    switch comparison.subject {
    case .attribute(let reference): "\(reference) \(test(of: comparison))"
    case .row(let reference): (reference.map { "\($0) " } ?? of) + test(of: comparison)
    }
  }

  /// What it says of its subject: `is equal to 'Oslo'`.
  func test(of comparison: Comparison) -> String {
    switch comparison.subject {
    case .attribute: test(comparison.test, on: nil)
    case .row: test(comparison.test, on: .row, mayBeMissing: false)
    }
  }

  private func test(
    _ test: Test, on subject: Operator.SubjectClass?, mayBeMissing: Bool = true
  ) -> String {
    let candidates = Operator.all.filter { $0.id == test.operator }
    let fitting = candidates.first { entry in
      subject.map { entry.subjects.contains($0) } ?? entry.fits(test.value)
    }
    guard let entry = fitting ?? candidates.first else { return test.operator }
    var text = test.negated ? entry.negatedLabel : entry.label
    if let value = test.value { text += " " + operand(value, of: entry) }
    if test.ignoreCase { text += " (ignoring case)" }
    if test.allLevels { text += " at any level" }
    // `is not empty` is the one complement that a missing value does not satisfy.
    if test.negated, entry.id != "empty", mayBeMissing { text += " (or has no value)" }
    return text
  }

  private func operand(_ operand: Operand, of entry: Operator) -> String {
    switch operand {
    case .attribute(let reference): return reference.description
    case .split(let split):
      return
        "\(split.buckets.map(String.init).joined(separator: " or ")) of \(split.of) (salt '\(split.salt)')"
    case .list(let operands):
      let word =
        switch entry.argument {
        case .range, .times: " and "
        case .numbers: " or "
        default: ", "
        }
      let said = operands.prefix(SentenceWriter.mostValues).map { self.operand($0, of: entry) }
      let more = operands.count - said.count
      return said.joined(separator: word) + (more > 0 ? "\(word)\(more) more" : "")
    case .scalar(.boolean(let value)): return value ? "true" : "false"
    case .scalar(.number(let number)): return name(ofNumber: number, for: entry.id)
    case .scalar(.text(let text)):
      let isTime = entry.subjects.contains(.date) || entry.subjects.contains(.datetime)
      guard isTime else { return "'\(text.excerpt(SentenceWriter.longestValue))'" }
      let text = text.excerpt(SentenceWriter.longestValue)
      return text.hasPrefix("start of ") || text.hasPrefix("end of ") ? "the \(text)" : text
    }
  }

  private func name(ofNumber number: String, for id: String) -> String {
    let names: [String]
    switch id {
    case "monthOf":
      names = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
      ]
    case "dayOfWeek":
      names = Weekday.allCases.map(\.rawValue.capitalized)
    default: return number
    }
    guard let index = Int(number), names.indices.contains(index - 1) else { return number }
    return names[index - 1]
  }
}

extension Operator {
  /// Whether the operator's subjects go with a value of this kind: tells apart operators of one id.
  fileprivate func fits(_ value: Operand?) -> Bool {
    switch value {
    case .scalar(.text): subjects.contains { $0 == .text || $0 == .date || $0 == .datetime }
    case .scalar(.number): subjects.contains(.number)
    case .scalar(.boolean): subjects.contains(.boolean)
    case .list(let operands): fits(operands.first)
    case nil, .attribute, .split: true
    }
  }
}

extension Has {
  fileprivate var isTree: Bool {
    guard origin == .profile, quantifier == .any || quantifier == .every else { return false }
    if self.where != nil { return true }
    switch match {
    case .all, .any: return true
    default: return false
    }
  }
}

extension SentenceWriter {
  func limit(_ limit: Limit) -> String {
    switch limit.choice {
    case .top(let by, let descending):
      "the \(limit.count) with the \(descending ? "highest" : "lowest") \(by)"
    case .random: "a random \(limit.count)"
    }
  }
}
