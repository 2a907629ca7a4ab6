extension DifferenceWriter {
  /// - Parameter label: where they stand, such as `rule 2`.
  func has(_ old: Has, _ new: Has, _ label: String) -> [DefinitionChange] {
    guard Text(old.json) != Text(new.json) else { return [] }
    let path = value("\(label), path", old.origin.words, new.origin.words)
    let words = (before.has(old, from: nil), after.has(new, from: nil))
    guard similarity(old.features, new.features) > 0 else {
      // Nothing is left of the old one. A sentence names the far table only, not the way to it.
      let isOnPath = old.origin != .profile && new.origin != .profile
      return value(label, words.0, words.1) + (isOnPath ? path : [])
    }
    let changes =
      path + quantifier(old, new, label) + tree(old.where, new.where, "\(label), rows that count")
      + tree(old.match, new.match, label)
    return changes.isEmpty ? replaced(words.0, words.1, label) : changes
  }

  private func quantifier(_ old: Has, _ new: Has, _ label: String) -> [DefinitionChange] {
    if case .aggregate(let left) = old.quantifier, case .aggregate(let right) = new.quantifier,
      left.function == right.function, left.of == right.of
    {
      let subject = "\(label), \(after.aggregate(right, of: new))"
      return value(subject, before.test(of: left), after.test(of: right))
    }
    return value("\(label), quantifier", before.quantifier(of: old), after.quantifier(of: new))
  }

  // MARK: Trees

  /// Trees as lists of what is joined in them; a tree that is not there has nothing in it.
  private func tree(_ old: Condition?, _ new: Condition?, _ label: String) -> [DefinitionChange] {
    guard old.map({ Text($0.json) }) != new.map({ Text($0.json) }) else { return [] }
    guard let old else {
      return [
        DefinitionChange("condition of \(label)", before: nil, after: new.map(after.condition))
      ]
    }
    guard let new else {
      return [DefinitionChange("condition of \(label)", before: before.condition(old), after: nil)]
    }
    return condition(old, new, label)
  }

  private func condition(_ old: Condition, _ new: Condition, _ label: String)
    -> [DefinitionChange]
  {
    let (oldJoint, newJoint) = (old.joint, new.joint)
    switch (old, new) {
    case (.comparison(let old), .comparison(let new)): return comparison(old, new, label)
    case (.has(let old), .has(let new)):
      return has(old, new, "\(label), \(after.rows(of: new))")
    default:
      guard let joint = newJoint ?? oldJoint else {
        return replaced(before.condition(old), after.condition(new), label)
      }
      var changes: [DefinitionChange] = []
      if let oldJoint, let newJoint, oldJoint != newJoint {
        changes = value(
          "\(label), conditions", "joined by '\(oldJoint.word)'", "joined by '\(newJoint.word)'")
      }
      changes += parts(old.parts, new.parts, joint, label)
      return changes.isEmpty
        ? replaced(before.condition(old), after.condition(new), label) : changes
    }
  }

  private func parts(
    _ old: [Condition], _ new: [Condition], _ joint: Joint, _ label: String
  ) -> [DefinitionChange] {
    var changes: [DefinitionChange] = []
    let pairs = ListPairing(
      before: old.map { Text($0.json) }, after: new.map { Text($0.json) },
      featuresBefore: { old[$0].features }, featuresAfter: { new[$0].features })
    for step in pairs.steps {
      switch step {
      case .removed(let i):
        changes.append(
          DefinitionChange(
            "\(joint.part) of \(label)", before: before.condition(old[i]), after: nil))
      case .added(let j):
        changes.append(
          DefinitionChange("\(joint.part) of \(label)", before: nil, after: after.condition(new[j]))
        )
      case .moved(let i, let j):
        changes += value(
          "\(label), place of \(after.condition(new[j]))", "\(i + 1)", "\(j + 1)")
      case .both(let i, let j):
        if Text(old[i].json) != Text(new[j].json) { changes += condition(old[i], new[j], label) }
      }
    }
    return changes
  }

  // MARK: Comparisons

  private func comparison(_ old: Comparison, _ new: Comparison, _ label: String)
    -> [DefinitionChange]
  {
    guard old.subject == new.subject else {
      return replaced(before.comparison(old), after.comparison(new), label)
    }
    let subject =
      switch new.subject {
      case .attribute(let reference): "\(label), \(reference)"
      case .row(let reference?): "\(label), \(reference)"
      case .row(nil): label
      }
    return replaced(before.test(of: old), after.test(of: new), subject)
  }

  /// Where both say the same, they differ in how they are written, such as in code points that look alike.
  private func replaced(_ old: String, _ new: String, _ label: String) -> [DefinitionChange] {
    let isSaid = Text(old) != Text(new)
    return [
      DefinitionChange(label, before: old, after: isSaid ? new : "the same, written otherwise")
    ]
  }
}

/// How the conditions of a list are joined.
enum Joint {
  case all, any

  var word: String { self == .all ? "and" : "or" }
  /// What one of them is called.
  var part: String { self == .all ? "condition" : "alternative" }
}

extension Condition {
  fileprivate var joint: Joint? {
    switch self {
    case .all: .all
    case .any: .any
    case .has, .comparison: nil
    }
  }

  fileprivate var parts: [Condition] {
    switch self {
    case .all(let parts), .any(let parts): parts
    case .has, .comparison: [self]
    }
  }
}

extension PathOrigin {
  fileprivate var words: String {
    switch self {
    case .profile: "the profile itself"
    case .table(let name): "from \(name)"
    case .steps(let steps): steps.map(\.description).joined(separator: ", ")
    }
  }
}
