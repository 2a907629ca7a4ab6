/// Which elements of two lists are the same, or what became of each other.
struct ListPairing {
  enum Step: Equatable {
    case both(Int, Int)
    case removed(Int)
    case added(Int)
    /// The same element, but not in order with the others.
    case moved(Int, Int)
  }

  /// In the order of the new list; what was removed stands where it was.
  private(set) var steps: [Step] = []

  /// - Parameters:
  ///   - before: the elements, as far as equality is concerned.
  ///   - featuresBefore: what an element is made of; those that share the most are paired.
  init(
    before: [Text], after: [Text], featuresBefore: (Int) -> Set<Text>,
    featuresAfter: (Int) -> Set<Text>
  ) {
    var start: Alignment.Match = (0, 0)
    for match in Alignment.matches(before, after) + [(before.count, after.count)] {
      pair(
        start.before..<match.before, start.after..<match.after,
        featuresBefore: featuresBefore, featuresAfter: featuresAfter)
      if match.before < before.count { steps.append(.both(match.before, match.after)) }
      start = (match.before + 1, match.after + 1)
    }
    findMoves(before, after)
  }

  /// Pairs what changed between two equal elements, in order, so that the pairs have the most in common.
  private mutating func pair(
    _ old: Range<Int>, _ new: Range<Int>, featuresBefore: (Int) -> Set<Text>,
    featuresAfter: (Int) -> Set<Text>
  ) {
    // One thing in place of another is a change of it, however little is left.
    if old.count == 1, new.count == 1 {
      steps.append(.both(old.lowerBound, new.lowerBound))
      return
    }
    guard !old.isEmpty, !new.isEmpty, old.count * new.count <= 10_000 else {
      steps += old.map { .removed($0) } + new.map { .added($0) }
      return
    }
    let left = old.map(featuresBefore)
    let right = new.map(featuresAfter)
    // best[i][j]: the most that the rest of both lists can have in common.
    var best = [[Double]](
      repeating: [Double](repeating: 0, count: right.count + 1), count: left.count + 1)
    var shared = best
    for i in left.indices.reversed() {
      for j in right.indices.reversed() {
        let common = similarity(left[i], right[j])
        shared[i][j] = common > 0.25 ? common : 0
        best[i][j] = max(best[i + 1][j], best[i][j + 1], shared[i][j] + best[i + 1][j + 1])
      }
    }
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      let (x, y) = (old.lowerBound + i, new.lowerBound + j)
      if i < left.count, j < right.count, shared[i][j] > 0,
        best[i][j] == shared[i][j] + best[i + 1][j + 1]
      {
        steps.append(.both(x, y))
        (i, j) = (i + 1, j + 1)
      } else if i < left.count, j == right.count || best[i][j] == best[i + 1][j] {
        steps.append(.removed(x))
        i += 1
      } else {
        steps.append(.added(y))
        j += 1
      }
    }
  }

  private mutating func findMoves(_ before: [Text], _ after: [Text]) {
    var gone: [Text: [Int]] = [:]
    for case .removed(let i) in steps { gone[before[i], default: []].append(i) }
    var moved: Set<Int> = []
    for (index, step) in steps.enumerated() {
      guard case .added(let j) = step, let i = gone[after[j]]?.first else { continue }
      gone[after[j]]?.removeFirst()
      moved.insert(i)
      steps[index] = .moved(i, j)
    }
    steps.removeAll { step in
      if case .removed(let i) = step { moved.contains(i) } else { false }
    }
  }
}

/// How much of what either is made of belongs to both, 0 … 1.
func similarity(_ a: Set<Text>, _ b: Set<Text>) -> Double {
  let common = a.intersection(b).count
  return Double(common) / Double(max(1, a.count + b.count - common))
}

// MARK: - Features

extension RuleItem {
  var features: Set<Text> {
    switch content {
    case .group(let items): items.reduce(into: [Text("group")]) { $0.formUnion($1.features) }
    case .rule(let rule):
      rule.has.features.union(rule.name.map { [Text("name \($0)")] } ?? [])
    }
  }
}

extension Has {
  var features: Set<Text> {
    var features: Set<Text> = []
    // The profile and `any` are what nearly everything has.
    if origin != .profile { features.insert(Text("path \(origin)")) }
    switch quantifier {
    case .any: break
    case .none: features.insert(Text("none"))
    case .every: features.insert(Text("every"))
    case .first(let time): features.insert(Text("first \(time)"))
    case .last(let time): features.insert(Text("last \(time)"))
    case .aggregate(let aggregate):
      features.insert(Text("aggregate \(aggregate.function)"))
      if let of = aggregate.of { features.insert(Text("of \(of)")) }
      features.formUnion(aggregate.test.features)
    }
    features.formUnion(self.where?.features ?? [])
    features.formUnion(match?.features ?? [])
    return features
  }
}

extension Condition {
  var features: Set<Text> {
    switch self {
    case .all(let parts), .any(let parts):
      return parts.reduce(into: []) { $0.formUnion($1.features) }
    case .has(let has): return has.features
    case .comparison(let comparison):
      // The subject counts twice: with another value it is still a condition on the same thing.
      let subject =
        switch comparison.subject {
        case .attribute(let reference): "\(reference)"
        case .row(let row): "row \(row?.description ?? "") \(comparison.test.operator)"
        }
      return comparison.test.features.union([Text("on \(subject)"), Text("about \(subject)")])
    }
  }
}

extension Test {
  fileprivate var features: Set<Text> {
    var features: Set<Text> = [Text("\(negated ? "isNot" : "is") \(`operator`)")]
    if let value { features.insert(Text("value \(value.json)")) }
    return features
  }
}
