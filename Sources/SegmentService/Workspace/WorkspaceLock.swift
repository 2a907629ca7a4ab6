import Foundation

/// Makes one process the owner of a workspace; the system gives the lock back however the process ends.
final class WorkspaceLock: Sendable {
  private let descriptor: Int32

  /// - Throws: ``WorkspaceError/locked(by:)`` where another process owns it.
  init(_ folder: WorkspaceFolder, purpose: String) throws {
    let path = folder.lock.path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    if descriptor < 0 { throw FileError(path: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? String(contentsOf: folder.lock, encoding: .utf8)) ?? ""
      throw WorkspaceError.locked(by: holder.isEmpty ? "another process" : holder)
    }
    let text = Array("\(purpose) (process \(ProcessInfo.processInfo.processIdentifier))".utf8)
    ftruncate(descriptor, 0)
    _ = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  deinit { close(descriptor) }
}

/// Why a workspace cannot be opened or used.
public enum WorkspaceError: Error, Equatable, CustomStringConvertible {
  case noWorkspace(String)
  case locked(by: String)
  case notLoaded
  case changedSinceLoad([String])
  case unknownSegment(String, hint: String?)
  case neverRefreshed(String)
  case noRun(Int64, segment: String)
  case dataGone(run: Int64)
  case membersGone(run: Int64)
  case noProfile(key: String, audience: String)
  case wrongKey(String, audience: String)
  case unknownAudience(String, known: [String], hint: String?)
  case ambiguousAudience([String])
  case membersDamaged(run: Int64)
  case storeGone
  case dataFileGone(String)
  case dataFileDamaged(String, reason: String)
  case storedDataMissing([String])
  case folderNotEmpty(String)

  public var description: String {
    switch self {
    case .noWorkspace(let path):
      "There is no workspace.yaml in \(path) or above it. Name a workspace with --workspace."
    case .locked(let holder):
      holder.hasPrefix("muster serve")
        ? "The workspace is in use by \(holder). Ask that, by 'muster api' or its HTTP API, or stop it."
        : "The workspace is in use by \(holder). Wait until it is done."
    case .changedSinceLoad(let tables):
      "The workspace file says something else of \(tables.joined(separator: ", ")) than at the last load. Run 'muster load'."
    case .notLoaded: "No data is loaded yet. Run 'muster load'."
    case .unknownSegment(let name, let hint):
      "There is no segment '\(name)'." + (hint.map { " \($0)" } ?? "")
    case .neverRefreshed(let name):
      "The segment '\(name)' was never refreshed. Run 'muster refresh \(name)'."
    case .noRun(let run, let segment): "The segment '\(segment)' has no published run \(run)."
    case .dataGone(let run):
      "The data that run \(run) was computed from is no longer kept, so its members can be neither listed nor explained. Its counts are in 'muster history'; 'retention' in workspace.yaml says how much is kept."
    case .membersGone(let run):
      "The members of run \(run) are no longer kept. Its counts are in 'muster history'; 'retention' in workspace.yaml says how much is kept."
    case .noProfile(let key, let audience): "There is no \(audience) with the key \(key)."
    case .wrongKey(let key, let audience):
      "The keys of \(audience) are whole numbers; '\(key)' is none."
    case .unknownAudience(let name, let known, let hint):
      "There is no audience '\(name)'; there are \(known.joined(separator: ", "))."
        + (hint.map { " \($0)" } ?? "")
    case .ambiguousAudience(let names):
      names.isEmpty
        ? "The workspace has no audience."
        : "The workspace has several audiences: name one of \(names.joined(separator: ", "))."
    case .membersDamaged(let run):
      "The stored members of run \(run) do not match their checksum. Refresh the segment again."
    case .storeGone:
      "The file muster.sqlite with definitions and runs is missing in .muster, and other files of the workspace are there. Restore the .muster folder from a backup, or move it away to begin anew."
    case .dataFileGone(let name):
      "The data file \(name) is missing in .muster. Restore the folder from a backup; without one, 'muster check' says what can be done."
    case .dataFileDamaged(let name, let reason):
      "The data file \(name) in .muster cannot be opened (\(reason)). Restore the folder from a backup; without one, 'muster check' says what can be done."
    case .storedDataMissing(let names):
      "Stored data is missing: \(names.joined(separator: ", ")). Run 'muster check'."
    case .folderNotEmpty(let path): "The folder \(path) is not empty."
    }
  }
}
