import ArgumentParser
import SegmentCompiler
import SegmentEngines
import SegmentService

struct ValuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "values",
    abstract: "Show the values of an attribute, the most frequent first, or search among them.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The attribute, such as Customer.City.")
  var attribute: String

  @Option(
    help:
      "Only values that hold this text, whatever the case of its letters; first those that begin with it."
  )
  var search: String?

  @Option(help: "At most so many values.")
  var limit = SegmentService.suggestedValues

  func validate() throws {
    if limit < 1 { throw ValidationError("--limit must be at least 1.") }
  }

  func run() async throws {
    let service = try options.open(for: "values")
    let values = try await service.values(of: attribute, search: search, limit: limit)
    if output.json {
      try Terminal.printJSON(AttributeJSON(values))
    } else {
      Terminal.print(valuesText(values, isSearch: search != nil))
    }
  }
}

func valuesText(_ values: AttributeValues, isSearch: Bool) -> String {
  let counts = values.counts
  let heading = "\(values.attribute), \(values.type.name): \(counts.totals.text)"
  var table = TextTable(.left("Value"), .right("Rows"))
  for value in counts.values { table.add(value.text, value.rows.grouped) }
  if counts.isComplete {
    return counts.values.isEmpty
      ? "\(heading)\n\n\(isSearch ? "No value holds the text." : "There is none.")"
      : "\(heading)\n\n\(table)"
  }
  let rest = "There are more\(isSearch ? "" : "; find them with --search")."
  return counts.values.isEmpty ? "\(heading)\n\n\(rest)" : "\(heading)\n\n\(table)\n\n\(rest)"
}

extension ValueCount {
  var text: String {
    isExcerpt ? "\(value.plainText)…" : value == .text("") ? "\"\"" : value.plainText
  }
}

extension ValueTotals {
  /// `20,000 rows, 35 values, 12 missing`.
  var text: String {
    let values = isDistinctExact ? distinct.counted("value") : "about \(distinct.counted("value"))"
    return "\(rows.counted("row")), \(values), \(missing.grouped) missing"
  }
}
