extension SegmentDefinition {
  /// Names of the segments it refers to, each once, in order of first mention.
  public var references: [String] {
    var names: [String] = []
    _ = mappingReferences { name in
      if !names.contains(name) { names.append(name) }
      return name
    }
    return names
  }

  /// The same definition, referring to `new` wherever this one refers to `old`.
  public func referring(to new: String, insteadOf old: String) -> SegmentDefinition {
    mappingReferences { $0 == old ? new : $0 }
  }

  private func mappingReferences(_ map: (String) -> String) -> SegmentDefinition {
    guard case .rules(let items) = content else { return self }
    var definition = self
    definition.content = .rules(items.map { $0.mappingReferences(map) })
    return definition
  }
}

extension RuleItem {
  fileprivate func mappingReferences(_ map: (String) -> String) -> RuleItem {
    switch content {
    case .group(let inner):
      return RuleItem(combine: combine, content: .group(inner.map { $0.mappingReferences(map) }))
    case .rule(var rule):
      rule.has = rule.has.mappingReferences(map)
      return RuleItem(combine: combine, content: .rule(rule))
    }
  }
}

extension Has {
  fileprivate func mappingReferences(_ map: (String) -> String) -> Has {
    var has = self
    has.where = `where`?.mappingReferences(map)
    has.match = match?.mappingReferences(map)
    return has
  }
}

extension Condition {
  fileprivate func mappingReferences(_ map: (String) -> String) -> Condition {
    switch self {
    case .all(let parts): return .all(parts.map { $0.mappingReferences(map) })
    case .any(let parts): return .any(parts.map { $0.mappingReferences(map) })
    case .has(let has): return .has(has.mappingReferences(map))
    case .comparison(var comparison):
      guard comparison.test.operator == "memberOf",
        case .scalar(.text(let written)) = comparison.test.value
      else { return self }
      let name = SegmentDefinition.canonicalName(written)
      let mapped = map(name)
      // What is not changed stays as it was written.
      if mapped != name { comparison.test.value = .scalar(.text(mapped)) }
      return .comparison(comparison)
    }
  }
}
