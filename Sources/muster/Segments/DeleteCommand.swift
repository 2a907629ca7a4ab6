import ArgumentParser

struct DeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete a segment with its versions and runs, unless others refer to it.",
    discussion: "There is no way back: export the segment before, if you may want it again.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  func run() throws {
    let (versions, runs) = try options.open(for: "delete").delete(segment)
    Terminal.print(
      "Deleted \(segment.printable) with \(versions.counted("version")) and \(runs.counted("run")): these cannot be brought back."
    )
  }
}
