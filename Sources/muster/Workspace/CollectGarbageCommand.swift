import ArgumentParser
import SegmentService

struct CollectGarbageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove files that nothing refers to any more.")

  @OptionGroup var options: WorkspaceOptions

  @Flag(help: "Also what was kept to make later refreshes faster.")
  var cache = false

  func run() throws {
    let service = try options.open(for: "gc")
    report(try service.sweep(), of: "unused files")
    if cache { report(try service.clearCache(), of: "kept results") }
  }

  private func report(_ removed: Removed, of kind: String) {
    Terminal.print(
      "Removed \(removed.files.grouped) \(kind), \((removed.bytes + 1023) / 1024) KB.")
  }
}
