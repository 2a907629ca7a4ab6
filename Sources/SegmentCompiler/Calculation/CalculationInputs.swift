extension TableDefinition {
  /// The stored attributes that an attribute is computed from, over other calculated ones too; empty for a stored one.
  public func inputs(of attribute: String) -> Set<String> {
    guard let start = calculated.firstIndex(where: { $0.name == attribute }) else { return [] }
    var inputs: Set<String> = []
    // Each is looked at once: the ways to one may be more than anyone can walk.
    var seen: Set<Int> = [start]
    var waiting = [start]
    while let current = waiting.popLast() {
      let node = try? CalculationParser.parse(calculated[current].expression)
      for name in node?.attributes ?? [] {
        // An expression uses only what stands before it.
        if let index = calculated[..<current].firstIndex(where: { $0.name == name }) {
          if seen.insert(index).inserted { waiting.append(index) }
        } else {
          inputs.insert(name)
        }
      }
    }
    return inputs
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
