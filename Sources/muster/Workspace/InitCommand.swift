import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Propose a workspace.yaml for a folder of data files.",
    discussion: """
      Reads all rows of all CSV, NDJSON and Parquet files of the folder and of those below it, finds keys, \
      relationships, audiences and types, and names what may go wrong. The data files are only read.
      """)

  @Argument(help: "The folder with the data files.", completion: .directory)
  var folder = "."

  @Option(
    name: [.short, .long],
    help: "Where to write; workspace.yaml in the folder unless given, '-' for the standard output.",
    completion: .file())
  var output: String?

  @Flag(help: "Replace the file where it exists.")
  var force = false

  @OptionGroup var format: JSONOption

  @Option(help: "The most memory to use before spilling to disk.")
  var memoryLimit = "2GB"

  @Option(help: "How many threads to use; one per core unless given.")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
  }

  func run() async throws {
    let root = URL(filePath: folder, directoryHint: .isDirectory)
    let target = output.map { URL(filePath: $0) } ?? root.appending(path: "workspace.yaml")
    // Before the files are read, which may take a while.
    if output != "-", !force, FileManager.default.fileExists(atPath: target.path) {
      throw ProposalError.workspaceExists(target.path)
    }
    let proposal = try await propose(root)
    if output != "-" { try proposal.write(to: target, replacing: force) }
    if format.json {
      try Terminal.printJSON(ProposalJSON(proposal))
    } else if output == "-" {
      Terminal.write(Array(proposal.yaml.utf8))
      Terminal.printError(proposalText(proposal))
    } else {
      Terminal.print(proposalText(proposal))
      Terminal.print("\n" + nextStep(after: target, in: root))
    }
  }

  /// Files are named from the folder of `workspace.yaml`, so there it has to be.
  private func nextStep(after target: URL, in root: URL) -> String {
    let place = root.appending(path: "workspace.yaml")
    let isThere = target.standardizedFileURL.path == place.standardizedFileURL.path
    let save = isThere ? "" : ", save it as \(place.relativePath.printable)"
    return
      "Wrote \(target.relativePath.printable). Look it through\(save), then: muster load --workspace \(folder.printable)"
  }

  private func propose(_ root: URL) async throws -> WorkspaceProposal {
    let progress = ProgressDisplay()
    defer { progress.clear() }
    let proposer = WorkspaceProposer(
      folder: root, settings: SegmentService.Settings(memoryLimit: memoryLimit, threads: threads))
    return try await proposer.propose { step in
      progress.show(ProgressBar(title: "Reading", fraction: step.fraction, detail: step.detail))
    }
  }
}
