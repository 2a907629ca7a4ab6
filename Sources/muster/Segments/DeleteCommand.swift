import ArgumentParser
import SegmentService

struct DeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Put segments in the trash, unless others refer to them.",
    discussion:
      "Versions, runs and members go with them and come back with 'muster trash restore'.")

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "The segments' names.")
  var segments: [String]

  @Flag(help: "Also those that others refer to, which fail to refresh until they are changed.")
  var force = false

  func run() throws {
    let service = try options.open(for: "delete")
    var failed = false
    for item in try service.change(segments, [.trash(evenIfUsed: force)]) {
      switch item.outcome {
      case .success(let record):
        Terminal.print("\(record.name.printable) is in the trash.")
      case .failure(let error):
        failed = true
        Terminal.printError("Error: \(error)")
      }
    }
    if failed { throw ExitCode.failure }
  }
}
