/// The operator reference in Markdown, made from the operator table.
public enum OperatorReference {
  public static var markdown: String {
    var text = """
      # Operators

      Made from the operator table by `muster reference`; do not edit. Every operator goes with `is` and, for its exact complement on one row, with `isNot`.
      A missing value satisfies no `is` but `empty`, and therefore every `isNot` but `empty`. What words such as *local day* and *as-of* mean is in [SEMANTICS.md](SEMANTICS.md).

      """
    for subject in Operator.SubjectClass.allCases {
      text += "\n## On a \(title(of: subject))\n\n"
      text += "| operator | reads | `value` | meaning |\n|---|---|---|---|\n"
      for entry in Operator.all where entry.subjects.contains(subject) {
        text +=
          "| `\(entry.id)` | \(entry.label) / \(entry.negatedLabel) | \(value(of: entry)) | \(entry.meaning) |\n"
      }
    }
    return text
  }

  private static func title(of subject: Operator.SubjectClass) -> String {
    switch subject {
    case .row: "row (the profile, another place of the path, or a lookup)"
    case .text, .number, .date, .datetime, .boolean: subject.rawValue
    }
  }

  private static func value(of entry: Operator) -> String {
    let shape =
      switch entry.argument {
      case .nothing: "–"
      case .value: "one value"
      case .list: "`[value, …]`"
      case .range: "`[low, high]`"
      case .duration: "a duration: `90 days`"
      case .days: "days: `30 days`"
      case .numbers: "a whole number, or `[number, …]`"
      case .times: "`[\"22:00\", \"06:00\"]`"
      case .segment: "a segment's name"
      case .split: "`{salt, of, bucket}`"
      case .key: "a profile's key; `levels: all`"
      }
    var extras: [String] = []
    if entry.takesAttribute { extras.append("another attribute") }
    if entry.takesIgnoreCase { extras.append("`ignoreCase`") }
    return extras.isEmpty ? shape : "\(shape); \(extras.joined(separator: ", "))"
  }
}
