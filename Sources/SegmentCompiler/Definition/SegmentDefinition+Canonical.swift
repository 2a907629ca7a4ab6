extension SegmentDefinition {
  /// The definition as it is saved: its audience named, every `from` replaced by the path it stands for in this
  /// catalog, and every key in one spelling and once.
  ///
  /// - Throws: ``Diagnostics`` where a path cannot be resolved; a definition that can be planned never throws.
  public func canonical(in catalog: Catalog) throws -> SegmentDefinition {
    guard
      let audience = audience.flatMap(catalog.audience)
        ?? (catalog.audiences.count == 1 ? catalog.audiences[0] : nil)
    else { return self }
    var definition = self
    definition.audience = audience.name
    switch content {
    case .rules(let items):
      definition.content = .rules(try SegmentDefinition.namingPaths(items, audience, catalog))
    case .keys(let keys): definition.content = .keys(SegmentDefinition.canonical(keys))
    case .keysFile: break
    }
    return definition
  }

  private static func canonical(_ keys: [Scalar]) -> [Scalar] {
    var seen: Set<ProfileKey> = []
    return keys.compactMap { key in
      guard let key = ProfileKey(key), seen.insert(key).inserted else { return nil }
      return key.scalar
    }
  }

  private static func namingPaths(_ items: [RuleItem], _ audience: Audience, _ catalog: Catalog)
    throws -> [RuleItem]
  {
    let paths = PathResolver(catalog: catalog, audience: audience)
    let reader = DocumentReader()
    func named(_ has: Has, at place: String) -> Has {
      var has = has
      if let path = paths.resolve(has.origin, at: place, reader: reader) {
        has.origin = path.steps.isEmpty ? .profile : .steps(path.steps)
      }
      has.where = has.where.map { named($0, at: "\(place).where") }
      has.match = has.match.map { named($0, at: "\(place).match") }
      return has
    }
    func named(_ condition: Condition, at place: String) -> Condition {
      switch condition {
      case .all(let parts): .all(parts.map { named($0, at: place) })
      case .any(let parts): .any(parts.map { named($0, at: place) })
      case .has(let has): .has(named(has, at: place))
      case .comparison: condition
      }
    }
    func named(_ items: [RuleItem], at place: String) -> [RuleItem] {
      items.enumerated().map { index, item in
        let place = "\(place)[\(index)]"
        switch item.content {
        case .group(let inner):
          return RuleItem(
            combine: item.combine, content: .group(named(inner, at: "\(place).group")))
        case .rule(let rule):
          return RuleItem(
            combine: item.combine,
            content: .rule(Rule(name: rule.name, has: named(rule.has, at: place))))
        }
      }
    }
    let result = named(items, at: "rules")
    guard reader.diagnostics.isEmpty else { throw Diagnostics(reader.diagnostics) }
    return result
  }
}

extension ProfileKey {
  /// As a definition writes it; nil for a scalar that cannot be a key.
  public init?(_ scalar: Scalar) {
    switch scalar {
    case .text(let text): self = .text(Text(text))
    case .number(let number):
      guard let number = Int64(number) else { return nil }
      self = .integer(number)
    case .boolean: return nil
    }
  }

  public var scalar: Scalar {
    switch self {
    case .integer(let number): .number(String(number))
    case .text(let text): .text(text.string)
    }
  }
}
