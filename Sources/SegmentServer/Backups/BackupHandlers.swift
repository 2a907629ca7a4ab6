import Foundation
import Hummingbird
import SegmentCompiler
import SegmentService

/// Copies of the workspace's state.
struct BackupHandlers: Sendable {
  let service: SegmentService
  let settings: BackupSettings?

  func list() throws -> Response {
    .json(Items(items: try service.backups().map(KnownBackupJSON.init)))
  }

  func make(_ request: APIRequest) async throws -> Response {
    let wanted = try request.decode(body)
    // Nobody else is to choose where this machine's disk is written to.
    guard wanted == BackupBody() || request.caller.isCommandLine else {
      throw Problem(
        .forbidden, "commandLineOnly",
        "Where backups go, and how many stay, is in the server's settings.")
    }
    guard let path = wanted.path ?? settings?.path else {
      throw Problem(
        .conflict, "noBackupFolder", "The server's settings do not say where: set backup.folder.")
    }
    let made = try await service.backUp(
      to: URL(filePath: path, directoryHint: .isDirectory), keep: wanted.keep ?? settings?.keep)
    return .json(BackupJSON(made), status: .created)
  }

  private func body(_ reader: DocumentReader, _ document: Document) -> BackupBody? {
    guard let fields = reader.mapping(document, at: "", known: ["path", "keep"]) else { return nil }
    return BackupBody(
      path: fields["path"].flatMap { reader.text($0, at: "path") },
      keep: fields["keep"].flatMap { reader.wholeNumber($0, at: "keep", in: 1...100_000) })
  }
}

private struct BackupBody: Equatable {
  var path: String?
  var keep: Int?
}
