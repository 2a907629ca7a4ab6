import ArgumentParser
import SegmentCompiler
import SegmentService

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what applying a folder of definitions would change, in words and in members.",
    discussion: """
      The folder is the whole truth: a saved segment that is not in it would be deleted. Nothing is \
      saved or published.
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case text, json }

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var asOf: AsOfOption
  @OptionGroup var folder: DefinitionFolderOptions

  @Flag(inversion: .prefixedNo, help: "Evaluate how many members come and go.")
  var sizes = true

  @Flag(help: "Also show each change of a definition as a diff of YAML.")
  var yaml = false

  @Option(help: "text or json.")
  var format = Format.text

  @Flag(help: "Exit with 0 where nothing changes, 2 where something does, and 1 on errors.")
  var detailedExitcode = false

  func run() async throws {
    let sources = try DefinitionSource.read(folder.paths)
    let service = try options.open(for: "plan")
    let plan = try await makePlan(
      sources, of: service, keepingOthers: folder.keepOthers, withSizes: sizes,
      asOf: asOf.instant(in: service.definition.timeZone))
    switch format {
    case .json: try Terminal.printJSON(ChangePlanJSON(plan, yaml: yaml))
    case .text: Terminal.print(planText(plan, yaml: yaml))
    }
    printWarnings(plan.items.map { ($0.segment, $0.warnings) })
    if detailedExitcode, !plan.isEmpty { throw ExitCode(2) }
  }
}

/// Makes a plan and shows how far it has come.
func makePlan(
  _ sources: [DefinitionSource], of service: SegmentService, keepingOthers: Bool,
  withSizes: Bool, asOf: Instant?
) async throws -> ChangePlan {
  let progress = ProgressDisplay()
  defer { progress.clear() }
  return try await service.plan(
    sources, keepingOthers: keepingOthers, withSizes: withSizes, asOf: asOf
  ) { done, total in
    progress.show(
      ProgressBar(
        title: "Evaluating", fraction: total > 0 ? Double(done) / Double(total) : nil,
        detail: "\(done) of \(total) queries"))
  }
}
