import ArgumentParser

struct DeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete a segment with its versions and runs, unless others refer to it.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segment's name.")
  var segment: String

  func run() throws {
    try options.open(for: "delete").delete(segment)
    Terminal.print("Deleted \(segment.printable).")
  }
}
