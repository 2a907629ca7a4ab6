import Crypto
import Foundation
import SegmentCompiler
import SegmentStore

/// A backup that was made.
public struct MadeBackup: Sendable, Equatable {
  public var record: BackupRecord
  /// Members that were missing or damaged: the backup is without them.
  public var missing: [String]
  /// Older backups that were removed.
  public var removed: [String]
}

/// A backup that is known, and whether it is still where it was made.
public struct KnownBackup: Sendable, Equatable {
  public var record: BackupRecord
  public var isThere: Bool
}

extension SegmentService {
  /// Copies the whole state to a new folder in `parent`, as of one moment.
  ///
  /// Refreshes, edits and reading go on meanwhile; loads and erasures wait. The workspace's own data files are not
  /// copied, nor are settings, which hold secrets. A folder that is not whole has no `backup.json`.
  ///
  /// - Parameters:
  ///   - keep: how many backups stay in `parent`, this one included; nil for all.
  ///   - progress: from 0 to 1.
  /// - Throws: ``BackupError/insideState(_:)``; what the system says of the files.
  public func backUp(
    to parent: URL, keep: Int? = nil, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> MadeBackup {
    let parent = parent.standardizedFileURL.resolvingSymlinksInPath()
    let state = folder.state.resolvingSymlinksInPath().path
    guard parent.path != state, !parent.path.hasPrefix(state + "/") else {
      throw BackupError.insideState(parent.path)
    }
    let (record, missing) = try await dataTurn.take {
      let writer = try BackupWriter(self, in: parent, at: now(), progress: progress)
      do {
        return try await writer.write()
      } catch {
        writer.discard()
        throw error
      }
    }
    try store.noteBackup(record)
    return MadeBackup(
      record: record, missing: missing, removed: try removeBackups(in: parent, beyond: keep))
  }

  /// Backups that were made, the last one first.
  public func backups() throws -> [KnownBackup] { try SegmentService.known(store.backups()) }

  /// The same of a workspace that another process may own.
  public static func backups(of folder: WorkspaceFolder) throws -> [KnownBackup] {
    guard FileManager.default.fileExists(atPath: folder.store.path) else { return [] }
    return try known(SegmentStore(readingFrom: folder.store.path).backups())
  }

  private static func known(_ records: [BackupRecord]) -> [KnownBackup] {
    records.map { record in
      let description = URL(filePath: record.path).appending(path: Backup.fileName)
      return KnownBackup(
        record: record, isThere: FileManager.default.fileExists(atPath: description.path))
    }
  }

  /// Removes the oldest backups of a folder, and forgets those that somebody else has removed.
  private func removeBackups(in parent: URL, beyond keep: Int?) throws -> [String] {
    let here = try backups().filter {
      URL(filePath: $0.record.path).deletingLastPathComponent().path == parent.path
    }
    let surplus = keep.map { here.filter(\.isThere).dropFirst($0).map(\.record.path) } ?? []
    for path in surplus {
      // Without its description it is no backup, whatever interrupts the rest.
      try StoredFile.remove(URL(filePath: path).appending(path: Backup.fileName))
      try StoredFile.remove(URL(filePath: path))
    }
    let gone = here.filter { !$0.isThere }.map(\.record.path)
    try store.forgetBackups(at: gone + surplus, at: now().microseconds)
    return surplus
  }
}

/// A backup on its way. The caller has the data turn: neither the data file nor members that are published go.
private final class BackupWriter {
  private let service: SegmentService
  private let target: URL
  private let madeAt: Instant
  private let progress: @Sendable (Double) -> Void
  private var files: [Backup.File] = []
  private var missing: [String] = []
  private var total: Int64 = 0
  private var done: Int64 = 0

  init(
    _ service: SegmentService, in parent: URL, at time: Instant,
    progress: @escaping @Sendable (Double) -> Void
  ) throws {
    self.service = service
    self.progress = progress
    madeAt = time
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    let first = "muster-\(BackupNames.stamp(time))"
    var name = first
    var number = 1
    while mkdir(parent.appending(path: name).path, 0o700) != 0 {
      guard errno == EEXIST else { throw FileError(path: parent.appending(path: name).path) }
      number += 1
      name = "\(first)-\(number)"
    }
    target = parent.appending(path: name)
  }

  func discard() { try? FileManager.default.removeItem(at: target) }

  func write() async throws -> (BackupRecord, missing: [String]) {
    let (data, wal) = try await restingDataFile()
    let storeCopy = target.appending(path: BackupNames.store)
    try service.store.copy(to: storeCopy.path)
    let runs = try SegmentStore(readingFrom: storeCopy.path).runsWithMembers()
    removeLog(of: storeCopy)
    guard chmod(storeCopy.path, 0o600) == 0 else { throw FileError(path: storeCopy.path) }
    let members = runs.compactMap(\.result?.members)

    let sources = [data, wal].compactMap(\.self)
    total = try ([storeCopy] + sources + members.map(url)).reduce(0) { try $0 + size($1) }
    try DurableFile.synchronize(file: storeCopy)
    files.append(
      Backup.File(
        path: BackupNames.store, bytes: try size(storeCopy),
        sha256: try DurableFile.checksum(of: storeCopy)))
    try await copy(service.folder.definition, as: BackupNames.workspaceFile)
    for file in sources { try await copy(file, as: file.lastPathComponent) }
    let folder = target.appending(path: BackupNames.members)
    guard mkdir(folder.path, 0o700) == 0 else { throw FileError(path: folder.path) }
    for file in members { try await copyMembers(file) }
    try DurableFile.synchronize(folder: folder)
    return (try finish(), missing)
  }

  /// The data file with everything written out; where that did not work because somebody reads, with its log.
  private func restingDataFile() async throws -> (URL, wal: URL?) {
    let open = service.data.current
    try await open.database.connect().checkpoint()
    let data = service.folder.database(open.name)
    let wal = service.folder.database(open.name + ".wal")
    return (data, FileManager.default.fileExists(atPath: wal.path) ? wal : nil)
  }

  private func removeLog(of store: URL) {
    for suffix in ["-wal", "-shm"] { unlink(store.path + suffix) }
  }

  private func url(_ members: MembersFile) -> URL {
    service.folder.members.appending(path: members.name)
  }

  /// 0 of a file that is missing.
  private func size(_ url: URL) throws -> Int64 {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return 0 }
    return Int64(status.st_size)
  }

  private func copyMembers(_ members: MembersFile) async throws {
    guard FileManager.default.fileExists(atPath: url(members).path) else {
      missing.append(members.name)
      return
    }
    let path = "\(BackupNames.members)/\(members.name)"
    try await copy(url(members), as: path)
    if files.last?.sha256 != members.sha256 {
      files.removeLast()
      try StoredFile.remove(target.appending(path: path))
      missing.append(members.name)
    }
  }

  /// Copies a file, on disk when it returns, and takes note of it.
  private func copy(_ source: URL, as path: String) async throws {
    let reader = try FileHandle(forReadingFrom: source)
    defer { try? reader.close() }
    let writer = try FileWriter(path: target.appending(path: path).path, mode: 0o600)
    var hash = SHA256()
    var bytes: Int64 = 0
    while let piece = try reader.read(upToCount: 1 << 20), !piece.isEmpty {
      hash.update(data: piece)
      try writer.write([UInt8](piece))
      bytes += Int64(piece.count)
      done += Int64(piece.count)
      progress(min(1, Double(done) / Double(max(total, 1))))
      try Task.checkCancellation()
      await Task.yield()
    }
    try writer.synchronize()
    files.append(
      Backup.File(path: path, bytes: bytes, sha256: hash.finalize().hexadecimal))
  }

  /// Its description comes last: with it, the backup is whole.
  private func finish() throws -> BackupRecord {
    let backup = Backup(
      workspace: service.definition.name, madeAt: madeAt.microseconds,
      dataFile: service.data.current.name, files: files, missing: missing)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.synchronize(folder: target)
    try DurableFile.write(
      [UInt8](encoder.encode(backup)), to: target.appending(path: Backup.fileName))
    try DurableFile.synchronize(folder: target)
    try DurableFile.synchronize(folder: target.deletingLastPathComponent())
    return BackupRecord(path: target.path, madeAt: madeAt.microseconds, bytes: backup.bytes)
  }
}
