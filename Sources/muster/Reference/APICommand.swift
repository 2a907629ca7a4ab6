import ArgumentParser
import Foundation
import SegmentService

struct APICommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "api",
    abstract: "Ask the server that owns the workspace.",
    discussion: """
      For example 'muster api GET /segments', or 'muster api POST /jobs --input request.json'. The paths are \
      those of docs/API.md. It needs no account: whoever can read .muster can do what commands do.
      """)

  @OptionGroup var options: WorkspaceOptions

  @Argument(help: "GET, POST, PUT, PATCH or DELETE.")
  var method: String

  @Argument(help: "The path behind /api/v1, with its parameters, such as '/segments?state=active'.")
  var path: String

  @Option(help: "A file with the JSON to send; - for the standard input.")
  var input: String?

  func run() async throws {
    let folder = try options.folder()
    guard let server = LocalServer(of: folder) else {
      throw ValidationError("No server runs on \(folder.root.path): start 'muster serve'.")
    }
    let body = try input.map { name in
      name == "-"
        ? FileHandle.standardInput.readDataToEndOfFile()
        : try Data(contentsOf: URL(filePath: name))
    }
    let answer = try await server.ask(
      method.uppercased(), path.hasPrefix("/") ? path : "/\(path)", body: body)
    if !answer.body.isEmpty {
      FileHandle.standardOutput.write(answer.body)
      if answer.body.last != UInt8(ascii: "\n") { Terminal.print("") }
    }
    if !(200...299).contains(answer.status) { throw ExitCode.failure }
  }
}
