import ArgumentParser
import Foundation
import SegmentService

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Make the saved segments what a folder says: all changes at once, or none.",
    discussion: """
      Shows the plan and asks. The folder is the whole truth: a saved segment that is not in it is \
      deleted: it goes to the trash.
      """)

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption
  @OptionGroup var folder: DefinitionFolderOptions

  @Flag(inversion: .prefixedNo, help: "Evaluate how many members come and go, for the plan.")
  var sizes = true

  @Flag(help: "Publish the members of what changes together with it.")
  var refresh = false

  @Flag(help: "Do not ask.")
  var yes = false

  func run() async throws {
    let sources = try DefinitionSource.read(folder.paths)
    let service = try options.open(for: "apply")
    let plan = try await makePlan(
      sources, of: service, keepingOthers: folder.keepOthers, withSizes: sizes,
      asOf: asOf.instant(in: service.definition.timeZone))
    Terminal.print(planText(plan))
    printWarnings(plan.items.map { ($0.segment, $0.warnings) })
    if plan.isEmpty { return }
    if !yes {
      guard Terminal.canAsk else {
        throw ValidationError("Nothing was applied: add --yes to apply without being asked.")
      }
      guard Terminal.confirm("Apply these changes?") else {
        Terminal.printError("Nothing was applied.")
        throw ExitCode.failure
      }
    }
    let applied = try await service.apply(plan, refreshing: refresh)
    if refresh { Terminal.print("\n" + refreshText(applied.refreshed)) }
    Terminal.print("\nApplied.")
    try warnOfLimit(of: service)
    let waiting = plan.items.count { $0.action != .delete }
    if !refresh, waiting > 0 {
      Terminal.print(
        "Members stay as they were until the next refresh: muster refresh --all, or apply with --refresh."
      )
    }
  }
}
