import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct SampleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Make a workspace with a made-up company: its data, and segments to try.")

  @Argument(help: "A folder that is new or empty.", completion: .directory)
  var folder: String

  @Option(help: "How many customers, 1,000 to 10,000,000.")
  var customers = 20_000

  @Option(help: "Another seed makes another company of the same kind.")
  var seed = 1

  @Option(
    name: .customLong("as-of"),
    help: ArgumentHelp(
      "The last day of its history, or an instant (UTC) in it; today unless given.",
      valueName: "time"))
  var asOf: String?

  @Option(help: "The most memory that queries may use before they spill to disk.")
  var memoryLimit = "2GB"

  func validate() throws {
    guard SampleCompany.customerRange.contains(customers) else {
      throw ValidationError("--customers must be from 1000 to 10000000.")
    }
    if let asOf, lastDay == nil {
      throw ValidationError("'\(asOf)' is no time: --as-of takes one such as 2024-03-31.")
    }
  }

  func run() async throws {
    let today = lastDay ?? Zone.utc.localTime(at: Instant(Date())).date
    let company = SampleCompany(customers: customers, seed: seed, today: today)
    let progress = ProgressDisplay()
    progress.show(ProgressBar(title: "Making", detail: "\(customers.grouped) customers"))
    defer { progress.clear() }
    try await company.write(
      to: URL(filePath: folder, directoryHint: .isDirectory),
      settings: SegmentService.Settings(memoryLimit: memoryLimit))
    progress.clear()
    Terminal.print(
      """
      Made a company with \(customers.grouped) customers in \(folder), up to \(today).
      Next: cd \(folder) && muster load && muster save segments/*.yaml && muster refresh --all
      """)
  }

  private var lastDay: CivilDate? {
    asOf.flatMap { text in
      CivilDate(text) ?? Instant(text).map { Zone.utc.localTime(at: $0).date }
    }
  }
}
