import CExchange
import Foundation
import SegmentCompiler
import SegmentStore

/// What restoring a backup did.
public struct RestoreReport: Sendable, Equatable {
  public var backup: Backup
  /// How many keys were taken out of the backup because they were erased after it was made.
  public var erasedSince: Int
  /// The folder with the state that was replaced; nil where there was none.
  public var replaced: String?
  /// Whether the workspace file says something else than when the backup was made.
  public var workspaceFileDiffers: Bool
}

extension SegmentService {
  /// Puts the state of a backup in the place of the workspace's.
  ///
  /// The state is made ready beside the one in force: every file is verified, and who was erased since the backup is
  /// taken out of it. Then both change places in one step: whatever interrupts it, the workspace has the old state or
  /// the new one. The old one is set aside. All sessions end; accounts, keys and definitions are those of the backup.
  ///
  /// - Parameters:
  ///   - folder: of the workspace. Where it has no workspace file it gets that of the backup.
  ///   - purpose: what a second process is told it has to wait for.
  ///   - progress: from 0 to 1, of what is copied.
  /// - Throws: ``BackupError``; ``WorkspaceError/locked(by:)`` where somebody uses the workspace.
  public static func restore(
    _ source: URL, to folder: WorkspaceFolder, purpose: String, author: Author,
    settings: Settings = Settings(), now: @escaping @Sendable () -> Instant = { Instant(Date()) },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> RestoreReport {
    let backup = try await Backup.check(source) { progress($0 / 2) }
    try FileManager.default.createDirectory(at: folder.root, withIntermediateDirectories: true)
    let hadState = FileManager.default.fileExists(atPath: folder.store.path)
    try folder.createState()
    let lock = try WorkspaceLock(folder, purpose: purpose)
    try folder.removeUnfinishedStates()
    defer { withExtendedLifetime(lock) {} }

    let next = WorkspaceFolder(
      folder.root, state: WorkspaceFolder.asidePrefix + BackupNames.stamp(now()))
    do {
      try await backup.copy(from: source, to: next) { progress(0.5 + $0 / 2) }
      let differs = try backup.putWorkspaceFile(from: source, to: folder)
      let erased = try await makeReady(
        next, backup, current: hadState ? folder : nil, purpose: purpose, author: author,
        settings: settings, now: now)
      try StoredFile.remove(next.unfinished)
      try DurableFile.synchronize(folder: next.state)
      try WorkspaceFolder.exchange(next.state, folder.state)
      try DurableFile.synchronize(folder: folder.root)
      if !hadState { try StoredFile.remove(next.state) }
      return RestoreReport(
        backup: backup, erasedSince: erased, replaced: hadState ? next.state.path : nil,
        workspaceFileDiffers: differs)
    } catch {
      try? FileManager.default.removeItem(at: next.state)
      throw error
    }
  }

  /// Brings a copied state up to date with what may not come back.
  private static func makeReady(
    _ next: WorkspaceFolder, _ backup: Backup, current: WorkspaceFolder?, purpose: String,
    author: Author, settings: Settings, now: @escaping @Sendable () -> Instant
  ) async throws -> Int {
    let erased = try {
      let store = try SegmentStore(path: next.store.path, author: author)
      return try store.takeOver(
        from: try current.map(laterStore), backup: backup.madeAt, at: now().microseconds)
    }()
    let service = try SegmentService(
      folder: next, purpose: purpose, author: author, settings: settings, now: now)
    if erased > 0 { _ = try await service.erase(.again) }
    return erased
  }

  private static func laterStore(_ folder: WorkspaceFolder) throws -> SegmentStore {
    do {
      return try SegmentStore(readingFrom: folder.store.path)
    } catch {
      throw BackupError.currentStateUnreadable(reason: "\(error)")
    }
  }
}

extension Backup {
  fileprivate func copy(
    from source: URL, to folder: WorkspaceFolder, progress: @Sendable (Double) -> Void
  ) async throws {
    try folder.createState()
    try DurableFile.write([], to: folder.unfinished)
    try DurableFile.synchronize(folder: folder.state)
    var done: Int64 = 0
    for file in files where file.path != BackupNames.workspaceFile {
      let target = folder.state.appending(path: file.path)
      try FileManager.default.copyItem(at: source.appending(path: file.path), to: target)
      guard chmod(target.path, 0o600) == 0 else { throw FileError(path: target.path) }
      try DurableFile.synchronize(file: target)
      done += file.bytes
      progress(Double(done) / Double(max(bytes, 1)))
      try Task.checkCancellation()
      await Task.yield()
    }
    for folder in [folder.members, folder.state] { try DurableFile.synchronize(folder: folder) }
  }

  /// - Returns: whether the workspace has a file of its own that says something else.
  fileprivate func putWorkspaceFile(from source: URL, to folder: WorkspaceFolder) throws -> Bool {
    let then = try Data(contentsOf: source.appending(path: BackupNames.workspaceFile))
    guard FileManager.default.fileExists(atPath: folder.definition.path) else {
      try DurableFile.write([UInt8](then), to: folder.definition)
      return false
    }
    return try Data(contentsOf: folder.definition) != then
  }
}

extension WorkspaceFolder {
  /// Begins the names of states beside the one in force: those that a restore has set aside, or was making ready.
  static let asidePrefix = ".muster-"

  /// Other states that a restore has set aside, or was making ready.
  var statesAside: [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
    return names.filter {
      $0.wholeMatch(of: /\.muster-[0-9]{8}T[0-9]+Z/) != nil && $0 != state.lastPathComponent
    }.sorted().map { root.appending(path: $0) }
  }

  /// Marks a state that is being made ready.
  fileprivate var unfinished: URL { state.appending(path: "unfinished") }

  /// Removes what a restore that was killed has left. Only while nobody else has the workspace open.
  func removeUnfinishedStates() throws {
    for aside in statesAside {
      let folder = WorkspaceFolder(root, state: aside.lastPathComponent)
      guard FileManager.default.fileExists(atPath: folder.unfinished.path) else { continue }
      try StoredFile.remove(aside)
    }
  }

  /// Lets two folders change places in one step.
  static func exchange(_ one: URL, _ other: URL) throws {
    guard muster_exchange(one.path, other.path) == 0 else { throw FileError(path: one.path) }
  }
}
