/// Says in words how two definitions differ.
public enum DefinitionDifference {
  /// What changed, in the order of the format; empty where both are written alike. Every difference
  /// that the encoded definitions show is said.
  public static func changes(
    from before: SegmentDefinition, to after: SegmentDefinition, catalog: Catalog
  ) -> [DefinitionChange] {
    guard Text(before.json) != Text(after.json) else { return [] }
    let writer = DifferenceWriter(
      before: Sentence.writer(for: before, catalog: catalog),
      after: Sentence.writer(for: after, catalog: catalog))
    return writer.changes(before, after)
  }
}

/// Collects the differences of one kind of thing after the other.
struct DifferenceWriter {
  /// What says things of the old definition, and of the new one.
  let before: SentenceWriter
  let after: SentenceWriter

  typealias Changes = [DefinitionChange]

  func changes(_ old: SegmentDefinition, _ new: SegmentDefinition) -> Changes {
    value("name", quoted(old.name), quoted(new.name))
      + value("display name", old.displayName.map(quoted), new.displayName.map(quoted))
      + value("description", old.description.map(quoted), new.description.map(quoted))
      + list("tag", old.tags, new.tags)
      + value("audience", old.audience, new.audience)
      + value("time zone", old.timeZone, new.timeZone)
      + value("first day of the week", old.weekStart?.rawValue, new.weekStart?.rawValue)
      + content(old, new)
      + value("limit", old.limit.map(limit), new.limit.map(limit))
      + list(
        "projected attribute", old.projection.map(\.description), new.projection.map(\.description))
  }

  // MARK: Plain values

  func value(_ subject: String, _ old: String?, _ new: String?) -> Changes {
    guard old.map({ Text($0) }) != new.map({ Text($0) }) else { return [] }
    return [DefinitionChange(subject, before: old, after: new)]
  }

  private func limit(_ limit: Limit) -> String {
    let words = after.limit(limit)
    guard case .random(let salt) = limit.choice, !salt.isEmpty else { return words }
    return "\(words) (salt '\(salt)')"
  }

  private func quoted(_ text: String) -> String { "'\(text)'" }

  /// What was added, what was removed, and whether the rest stands in another order.
  private func list(_ subject: String, _ old: [String], _ new: [String]) -> Changes {
    let (left, right) = (old.map { Text($0) }, new.map { Text($0) })
    let removed = left.subtracting(right)
    let added = right.subtracting(left)
    var changes = removed.map { DefinitionChange(subject, before: $0.string, after: nil) }
    changes += added.map { DefinitionChange(subject, before: nil, after: $0.string) }
    let (stayed, stays) = (left.subtracting(removed), right.subtracting(added))
    if stayed != stays {
      changes.append(
        DefinitionChange(
          "order of \(subject)s", before: stayed.map(\.string).joined(separator: ", "),
          after: stays.map(\.string).joined(separator: ", ")))
    }
    return changes
  }

  // MARK: Content

  private func content(_ old: SegmentDefinition, _ new: SegmentDefinition) -> Changes {
    switch (old.content, new.content) {
    case (.rules(let old), .rules(let new)): return rules(old, new, in: "")
    case (.keys(let old), .keys(let new)): return keys(old, new)
    default:
      return value("members", before.content(old.content), after.content(new.content))
    }
  }

  private func keys(_ old: [Scalar], _ new: [Scalar]) -> Changes {
    let (left, right) = (old.map(\.spelling), new.map(\.spelling))
    let removed = left.subtracting(right)
    let added = right.subtracting(left)
    var changes: Changes = []
    if !removed.isEmpty {
      changes.append(DefinitionChange("keys", before: summary(removed), after: nil))
    }
    if !added.isEmpty {
      changes.append(DefinitionChange("keys", before: nil, after: summary(added)))
    }
    let (stayed, stays) = (left.subtracting(removed), right.subtracting(added))
    if stayed != stays {
      changes.append(
        DefinitionChange("order of keys", before: summary(stayed), after: summary(stays)))
    }
    return changes
  }

  /// `3: 1001, 1002, 1003`, `1205: 1001, 1002, 1003, 1004, 1005, …`.
  private func summary(_ keys: [Text]) -> String {
    let shown = keys.prefix(5).map(\.string).joined(separator: ", ")
    return "\(keys.count): \(shown)" + (keys.count > 5 ? ", …" : "")
  }

  // MARK: Rules

  /// - Parameter group: the number of the group they stand in, with a dot: `2.`.
  func rules(_ old: [RuleItem], _ new: [RuleItem], in group: String) -> Changes {
    var changes: Changes = []
    let pairs = ListPairing(
      before: old.map(\.uncombined), after: new.map(\.uncombined),
      featuresBefore: { old[$0].features }, featuresAfter: { new[$0].features })
    for step in pairs.steps {
      switch step {
      case .removed(let i):
        changes.append(
          DefinitionChange(
            "rule \(group)\(i + 1)\(old[i].title)", before: before.combined(old[i]), after: nil))
      case .added(let j):
        changes.append(
          DefinitionChange(
            "rule \(group)\(j + 1)\(new[j].title)", before: nil, after: after.combined(new[j])))
      case .moved(let i, let j):
        changes += value(
          "place of \(after.rule(new[j]))", "\(group)\(i + 1)", "\(group)\(j + 1)")
        changes += combine(old[i], new[j], "rule \(group)\(j + 1)")
      case .both(let i, let j):
        let was = i == j ? "" : " (was \(group)\(i + 1))"
        changes += item(old[i], new[j], "rule \(group)\(j + 1)\(was)", number: "\(group)\(j + 1).")
      }
    }
    return changes
  }

  private func item(_ old: RuleItem, _ new: RuleItem, _ label: String, number: String) -> Changes {
    let changes = combine(old, new, label)
    switch (old.content, new.content) {
    case (.group(let old), .group(let new)):
      return changes + rules(old, new, in: number)
    case (.rule(let old), .rule(let new)):
      return changes + value("\(label), name", old.name, new.name) + has(old.has, new.has, label)
    default:
      return changes + value(label, before.rule(old), after.rule(new))
    }
  }

  private func combine(_ old: RuleItem, _ new: RuleItem, _ label: String) -> Changes {
    guard old.combine != new.combine else { return [] }
    func words(_ combine: SetOperator?) -> String {
      combine.map { "\(after.word(for: $0)) (\($0.rawValue))" } ?? "the first"
    }
    return [
      DefinitionChange(
        "\(label), set operator", before: words(old.combine), after: words(new.combine))
    ]
  }
}

extension RuleItem {
  /// The rule or group alone, to compare it wherever it stands.
  fileprivate var uncombined: Text {
    Text(RuleItem(combine: nil, content: content).json)
  }

  /// ` 'Coffee for 400'`, or nothing.
  fileprivate var title: String {
    if case .rule(let rule) = content, let name = rule.name { " '\(name)'" } else { "" }
  }
}

extension Scalar {
  /// As a definition in JSON writes it: the text "7" is not the number 7.
  fileprivate var spelling: Text { Text(Document(.scalar(self)).json) }
}

extension [Text] {
  /// The elements without those of another list, each as often as it stands there.
  fileprivate func subtracting(_ other: [Text]) -> [Text] {
    var counts: [Text: Int] = [:]
    for element in other { counts[element, default: 0] += 1 }
    return filter { element in
      guard let count = counts[element], count > 0 else { return true }
      counts[element] = count - 1
      return false
    }
  }
}
