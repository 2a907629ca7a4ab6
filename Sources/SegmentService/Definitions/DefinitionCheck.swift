import SegmentCompiler
import SegmentStore

/// A definition that was saved, or found valid.
public struct CheckedDefinition: Sendable {
  public var definition: SegmentDefinition
  /// In words.
  public var sentence: String
  public var warnings: [Diagnostic]
  /// The saved version; nil where nothing was saved.
  public var version: Int?
}

/// The problems of several definitions, by the name of the definition; the name is empty where it is not known.
public struct DefinitionErrors: Error, CustomStringConvertible {
  public var all: [(segment: String, diagnostics: Diagnostics)]

  public var description: String {
    all.map { segment, diagnostics in
      segment.isEmpty ? diagnostics.description : "\(segment.printable):\n\(diagnostics)"
    }.joined(separator: "\n")
  }
}

/// What definitions are checked against.
struct DefinitionCheck {
  let catalog: Catalog
  let asOf: Instant
  /// Every segment that may be referred to.
  let facts: [String: SegmentFacts]

  /// A definition and its plan.
  struct Planned {
    var checked: CheckedDefinition
    var plan: LogicalPlan
  }

  /// - Throws: ``DefinitionErrors`` with every problem of every definition.
  func planning(_ definitions: [WrittenDefinition]) throws -> [Planned] {
    let planner = Planner(PlanContext(catalog: catalog, asOf: asOf, segments: facts))
    var planned: [Planned] = []
    var errors: [(String, Diagnostics)] = []
    for written in definitions {
      let definition = written.definition
      if let partial = written.partial {
        let problems = Diagnostics(partial.problems(planning: planner))
        errors.append((definition.name, written.located(problems).byLine))
        continue
      }
      do {
        var plan = try planner.plan(definition)
        plan.warnings = written.located(Diagnostics(plan.warnings)).all
        planned.append(
          Planned(
            checked: CheckedDefinition(
              definition: definition,
              sentence: Sentence.definition(definition, catalog: catalog),
              warnings: plan.warnings),
            plan: plan))
      } catch let problems as Diagnostics {
        errors.append((definition.name, written.located(problems)))
      }
    }
    guard errors.isEmpty else { throw DefinitionErrors(all: errors) }
    return planned
  }
}

extension [String: SegmentFacts] {
  /// What a segment means to those that refer to it.
  mutating func add(
    _ definition: SegmentDefinition, isAvailable: Bool, in workspace: WorkspaceDefinition
  ) {
    // One that cannot be read may have no name.
    guard !definition.name.isEmpty else { return }
    self[definition.name] = SegmentFacts(
      audience: definition.audience ?? workspace.soleAudience, references: definition.references,
      isAvailable: isAvailable)
  }
}

extension WorkspaceDefinition {
  /// The name of the attribute that its keys are; a general one for an audience that is no more.
  func keyAttribute(ofAudience name: String) -> String {
    let audience = audiences.first { $0.name == name }
    return audience.flatMap { table($0.table)?.key.first } ?? "key"
  }
}

extension Diagnostics {
  /// In the order of the text, as far as lines are known.
  fileprivate var byLine: Diagnostics {
    let numbered = all.enumerated().sorted { left, right in
      (left.element.line ?? .max, left.offset) < (right.element.line ?? .max, right.offset)
    }
    return Diagnostics(numbered.map(\.element))
  }
}
