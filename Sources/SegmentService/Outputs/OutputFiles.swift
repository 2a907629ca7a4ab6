import Foundation
import SegmentCompiler
import SegmentStore

/// Members were published, and files that show them could not be written.
public struct OutputFilesFailure: Error, CustomStringConvertible {
  /// Why, by segment.
  public var causes: [(segment: String, cause: any Error)]

  public var description: String {
    let list = causes.map { "  '\($0.segment)': \($0.cause)" }.joined(separator: "\n")
    return
      "Output files could not be written:\n\(list)\nWhat was published is not touched by that; the next refresh tries it again, and so does 'muster outputs'."
  }
}

extension SegmentService {
  /// Writes the files of output tables that do not show the last run, and removes those that nobody wants any more.
  ///
  /// A file is made from what is published. Whoever reads one sees the rows of one run, and when this is interrupted,
  /// the next call does the rest.
  ///
  /// - Returns: the names of the tables whose files were written.
  /// - Throws: ``OutputFilesFailure``, after the others were written.
  @discardableResult
  public func writeOutputFiles() async throws -> [String] {
    // One at a time; an erasure waits for it, and removes what was made from the data of before.
    try await outputTurn.take {
      try removeUnwantedOutputFiles()
      var written: [String] = []
      var causes: [(segment: String, cause: any Error)] = []
      for wanted in try store.wantedOutputFiles() where !isShown(wanted) {
        do {
          try await write(wanted)
          written.append(wanted.name)
        } catch let error where !(error is CancellationError) {
          causes.append((wanted.segment, error))
        }
      }
      guard causes.isEmpty else { throw OutputFilesFailure(causes: causes) }
      return written
    }
  }

  private func isShown(_ wanted: WantedOutputFile) -> Bool {
    wanted.isCurrent
      && FileManager.default.fileExists(atPath: folder.outputFile(wanted.name).path)
  }

  private func write(_ wanted: WantedOutputFile) async throws {
    let partial = folder.temporary.appending(path: "output-\(wanted.run).parquet")
    defer { unlink(partial.path) }
    try await writeMembersAsParquet(
      MemberSelection(segment: wanted.segment, run: wanted.run), to: partial.path)
    try DurableFile.synchronize(file: partial)
    let record = OutputFileRecord(
      segmentID: wanted.segmentID, name: wanted.name, run: wanted.run,
      sha256: try DurableFile.checksum(of: partial))
    try folder.createOutputs()
    let url = folder.outputFile(wanted.name)
    guard rename(partial.path, url.path) == 0 else { throw FileError(path: url.path) }
    try DurableFile.synchronize(folder: folder.outputs)
    // It may have been renamed or deleted meanwhile.
    if try !store.noteOutputFile(record) { try StoredFile.remove(url) }
  }

  /// Removes files that no segment is to have: of those that were deleted, renamed, or keep none any more.
  func removeUnwantedOutputFiles() throws {
    for file in try unwantedOutputFiles() { try StoredFile.remove(file.url) }
  }

  func unwantedOutputFiles() throws -> [StoredFile] {
    guard FileManager.default.fileExists(atPath: folder.outputs.path) else { return [] }
    let files = try StoredFile.all(in: folder.outputs)
    let wanted = Set(try store.wantedOutputFiles().map { "\($0.name).parquet" })
    return files.filter { !wanted.contains($0.url.lastPathComponent) }
  }

  /// Of an erasure: all are written anew from what is left.
  func removeOutputFiles() throws {
    try store.forgetOutputFiles()
    guard FileManager.default.fileExists(atPath: folder.outputs.path) else { return }
    for file in try StoredFile.all(in: folder.outputs) { try StoredFile.remove(file.url) }
    try DurableFile.synchronize(folder: folder.outputs)
  }
}

extension WorkspaceFolder {
  /// Output tables as files, made when the first one is written.
  var outputs: URL { state.appending(path: "output") }

  func outputFile(_ name: String) -> URL { outputs.appending(path: "\(name).parquet") }

  fileprivate func createOutputs() throws {
    guard !FileManager.default.fileExists(atPath: outputs.path) else { return }
    guard mkdir(outputs.path, 0o700) == 0 else { throw FileError(path: outputs.path) }
    try DurableFile.synchronize(folder: state)
  }
}
