extension TableDefinition {
  /// The stored attributes that an attribute is computed from, over other calculated ones too; empty for a stored one.
  public func inputs(of attribute: String) -> Set<String> {
    guard let index = calculated.firstIndex(where: { $0.name == attribute }),
      let node = try? CalculationParser.parse(calculated[index].expression)
    else { return [] }
    // An expression uses only what stands before it, so this ends.
    let before = Set(calculated[..<index].map(\.name))
    return node.attributes.reduce(into: []) { inputs, name in
      inputs.formUnion(before.contains(name) ? self.inputs(of: name) : [name])
    }
  }
}

extension CalculationNode {
  fileprivate var attributes: Set<String> {
    switch kind {
    case .number, .text, .boolean, .missing: []
    case .attribute(let name): [name]
    case .not(let node), .negative(let node): node.attributes
    case .binary(_, let left, let right): left.attributes.union(right.attributes)
    case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.attributes) }
    }
  }
}
