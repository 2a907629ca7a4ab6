/// A definition as far as it can be read, so that all that is wrong with it can be said at once: what its shape
/// is and what its names mean.
public struct PartialDefinition: Sendable {
  /// What cannot be read is left out, or something that says nothing stands in its place.
  public var definition: SegmentDefinition
  /// Everything that is wrong with the shape.
  public private(set) var problems: [Diagnostic]
  /// Places of what cannot be read.
  private var holes: [String]

  public init(decoding document: Document, defaultName: String? = nil) {
    let decoder = DefinitionDecoder()
    definition = decoder.definition(document, defaultName: defaultName)
    problems = decoder.reader.diagnostics
    holes = decoder.holes
  }

  /// Of a definition that can be read.
  public init(_ definition: SegmentDefinition) {
    self.definition = definition
    problems = []
    holes = []
  }

  /// Of a text that cannot be read at all.
  public init(unreadable problems: Diagnostics) {
    definition = SegmentDefinition(name: "", content: .rules([]))
    self.problems = problems.all
    holes = [""]
  }

  public var isWhole: Bool { problems.isEmpty }

  /// Takes note that something else cannot be read.
  public mutating func lose(_ place: String, because found: Diagnostics) {
    holes.append(place)
    problems += found.all
  }

  /// Adds what planning the rest finds. What only follows from what could not be read is left out.
  public func problems(planning planner: Planner) -> [Diagnostic] {
    // Without an audience every name is unknown.
    guard !holes.contains(where: { ["", "audience"].contains($0) }) else { return problems }
    do {
      _ = try planner.plan(definition)
      return problems
    } catch let found as Diagnostics {
      return problems + found.errors.filter { !isConsequence($0.place) }
    } catch {
      return problems
    }
  }

  private func isConsequence(_ place: String) -> Bool {
    // Attributes are projected out of the rows of rules.
    if !holes.isEmpty, place.hasPrefix("project") { return true }
    return holes.contains { hole in
      place == hole || place.hasPrefix(hole + ".") || place.hasPrefix(hole + "[")
    }
  }
}
