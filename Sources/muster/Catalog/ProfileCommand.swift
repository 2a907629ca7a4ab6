import ArgumentParser
import SegmentCompiler
import SegmentEngines
import SegmentService

struct ProfileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Show what an attribute holds: its most frequent values, or how they are distributed."
  )

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The attribute, such as Customer.City.")
  var attribute: String

  func run() async throws {
    let service = try options.open(for: "profile")
    let profile = try await service.profile(of: attribute)
    if output.json {
      try Terminal.printJSON(AttributeJSON(profile))
    } else {
      Terminal.print(profileText(profile))
    }
  }
}

func profileText(_ profile: AttributeProfile) -> String {
  let heading = "\(profile.attribute), \(profile.type.name): \(profile.totals.text)"
  switch profile.shape {
  case .categories(let counts):
    var table = TextTable(.left("Value"), .right("Rows"))
    for value in counts.values { table.add(value.text, value.rows.grouped) }
    return counts.values.isEmpty ? heading : "\(heading)\n\n\(table)"
  case .distribution(let distribution):
    guard !distribution.percentiles.isEmpty else { return heading }
    var percentiles = TextTable(.left("Percentile"), .right("Value"))
    percentiles.add("lowest", distribution.minimum.plainText)
    for percent in [1, 5, 10, 25, 50, 75, 90, 95, 99] {
      percentiles.add("\(percent) %", distribution.percentiles[percent - 1].plainText)
    }
    percentiles.add("highest", distribution.maximum.plainText)
    var histogram = TextTable(.right("From"), .right("To"), .right("Rows"), .left(""))
    let most = distribution.histogram.map(\.rows).max() ?? 0
    for bin in distribution.histogram {
      let width = most == 0 ? 0 : (bin.rows * 30 + most - 1) / most
      histogram.add(
        bin.from.plainText, bin.to.plainText, bin.rows.grouped,
        String(repeating: "█", count: width))
    }
    return "\(heading)\n\n\(percentiles)\n\n\(histogram)"
  }
}
