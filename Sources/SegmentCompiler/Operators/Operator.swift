/// One row of the operator table: what an operator is called, where it applies, what it needs, and what
/// it means. The planner, the schema and the reference read the same table.
public struct Operator: Sendable {
  /// What an operator can be applied to.
  public enum SubjectClass: String, Sendable, CaseIterable {
    case text, number, date, datetime, boolean
    /// A row: the profile, another place, or a lookup.
    case row
  }

  /// The shape of `value`.
  public enum Argument: String, Sendable {
    case nothing, value, list, range, duration, days, numbers, times, segment, split, key
  }

  public let id: String
  /// After the subject: "City *is equal to* …".
  public let label: String
  /// The same with `isNot`.
  public let negatedLabel: String
  public let subjects: [SubjectClass]
  public let argument: Argument
  /// Whether `value` may be another attribute.
  public let takesAttribute: Bool
  public let takesIgnoreCase: Bool
  /// For the reference: what it means, in one sentence.
  public let meaning: String
  let lower: @Sendable (Lowering) -> RowPredicate?

  init(
    _ id: String, _ label: String, not negatedLabel: String, on subjects: [SubjectClass],
    _ argument: Argument, takesAttribute: Bool = false, takesIgnoreCase: Bool = false,
    meaning: String, lower: @escaping @Sendable (Lowering) -> RowPredicate?
  ) {
    self.id = id
    self.label = label
    self.negatedLabel = negatedLabel
    self.subjects = subjects
    self.argument = argument
    self.takesAttribute = takesAttribute
    self.takesIgnoreCase = takesIgnoreCase
    self.meaning = meaning
    self.lower = lower
  }

  /// Every operator; an id may stand for several, on different subjects.
  public static let all: [Operator] =
    textOperators + numberOperators + dateOperators + booleanOperators + rowOperators

  /// The ids of the operators on values of a type.
  public static func ids(on type: AttributeType) -> [String] {
    ids(on: Lowering.SubjectType(type).operatorClass)
  }

  static func find(_ id: String, on subject: SubjectClass) -> Operator? {
    all.first { $0.id == id && $0.subjects.contains(subject) }
  }

  static func ids(on subject: SubjectClass) -> [String] {
    all.filter { $0.subjects.contains(subject) }.map(\.id)
  }
}
