import Crypto
import Foundation
import SegmentCompiler
import SegmentStore

/// What a backup holds: `backup.json` in its folder. A folder without one is none, or not a whole one.
public struct Backup: Sendable, Equatable, Codable {
  public struct File: Sendable, Equatable, Codable {
    /// Within the backup.
    public var path: String
    public var bytes: Int64
    public var sha256: String
  }

  /// Of this description.
  public var format = 1
  /// The workspace's name.
  public var workspace: String
  /// The state is of this moment, in microseconds since 1970-01-01T00:00:00Z.
  public var madeAt: Int64
  public var dataFile: String
  public var files: [File]
  /// Members that were missing or damaged when it was made.
  public var missing: [String]

  public var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }

  static let fileName = "backup.json"
  static let newestFormat = 1
}

/// Why there is no backup, or it cannot be used.
public enum BackupError: Error, Equatable, CustomStringConvertible {
  case insideState(String)
  case noBackup(String)
  case newerFormat(String)
  /// What is wrong with its files.
  case damaged(String, problems: [String])
  /// Nobody would know whom to take out of the backup again.
  case currentStateUnreadable(reason: String)

  public var description: String {
    switch self {
    case .insideState(let path):
      "\(path) is where Muster keeps what is backed up. Name a folder elsewhere, best on another disk."
    case .noBackup(let path):
      "There is no backup in \(path): no backup.json, or it is not one that was finished."
    case .newerFormat(let path):
      "The backup in \(path) was made by a later version of Muster. Use that, or a later one."
    case .damaged(let path, let problems):
      "The backup in \(path) is damaged: \(problems.prefix(20).joined(separator: "; "))\(problems.count > 20 ? "; and more" : ""). Use another one."
    case .currentStateUnreadable(let reason):
      "What was erased since the backup cannot be read from the workspace as it is (\(reason)), so those people would come back. Restore into an empty folder, and erase them there again."
    }
  }
}

extension Backup {
  /// Reads a backup's description, and verifies every file by its checksum.
  ///
  /// - Parameter progress: from 0 to 1.
  /// - Throws: ``BackupError``
  public static func check(
    _ folder: URL, progress: @Sendable (Double) -> Void = { _ in }
  ) async throws -> Backup {
    let backup = try Backup(of: folder)
    var problems: [String] = []
    var done: Int64 = 0
    for file in backup.files {
      let url = folder.appending(path: file.path)
      if !FileManager.default.fileExists(atPath: url.path) {
        problems.append("\(file.path) is missing")
      } else if try DurableFile.checksum(of: url) != file.sha256 {
        problems.append("\(file.path) does not match its checksum")
      }
      done += file.bytes
      progress(Double(done) / Double(max(backup.bytes, 1)))
      try Task.checkCancellation()
      await Task.yield()
    }
    guard problems.isEmpty else {
      throw BackupError.damaged(folder.path, problems: problems)
    }
    return backup
  }

  /// Reads the description alone.
  public init(of folder: URL) throws {
    guard let data = try? Data(contentsOf: folder.appending(path: Backup.fileName)) else {
      throw BackupError.noBackup(folder.path)
    }
    struct Format: Decodable { var format: Int }
    guard let format = try? JSONDecoder().decode(Format.self, from: data) else {
      throw BackupError.noBackup(folder.path)
    }
    guard format.format <= Backup.newestFormat else { throw BackupError.newerFormat(folder.path) }
    do {
      self = try JSONDecoder().decode(Backup.self, from: data)
    } catch {
      throw BackupError.damaged(folder.path, problems: ["backup.json cannot be read"])
    }
    // Whoever wrote the backup must not decide where its files go.
    let strange = files.filter { !isOwn($0.path) }.map { "\($0.path) is none of its files" }
    guard strange.isEmpty else { throw BackupError.damaged(folder.path, problems: strange) }
  }

  private func isOwn(_ path: String) -> Bool {
    path == BackupNames.store || path == BackupNames.workspaceFile
      || path == dataFile && path.wholeMatch(of: /data(-[0-9]+)?\.duckdb/) != nil
      || path == dataFile + ".wal"
      || path.wholeMatch(of: /members\/[0-9]+(-[0-9]+)?\.members/) != nil
  }
}

/// Names of files in a backup: those of a workspace's state, and its workspace file.
enum BackupNames {
  static let store = "muster.sqlite"
  static let workspaceFile = "workspace.yaml"
  static let members = "members"

  /// A moment as a part of a folder's name: `20260331T060000Z`, with as many digits as it has.
  static func stamp(_ time: Instant) -> String {
    time.description.filter { $0.isNumber || $0 == "T" || $0 == "Z" }
  }
}
