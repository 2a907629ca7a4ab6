import Foundation
import SegmentStore

extension WorkspaceFolder {
  /// Deletes data files that are not in force, and rows that were staged: left by an erasure or by a process
  /// that was killed. Where the one in force is missing, which only somebody else can have done, all stay.
  func removeDataFiles(except dataFile: String) throws {
    guard FileManager.default.fileExists(atPath: database(dataFile).path) else { return }
    let files = try FileManager.default.contentsOfDirectory(
      at: state, includingPropertiesForKeys: nil)
    for file in files {
      let name = file.lastPathComponent
      guard
        let parts = name.wholeMatch(
          of: /(data(?:-[0-9]+)?\.duckdb)(\.staging)?(?:\.(?:wal|checkpoint|recovery|tmp))*/),
        parts.1 != dataFile || parts.2 != nil
      else { continue }
      try FileManager.default.removeItem(at: file)
    }
    try DurableFile.synchronize(folder: state)
  }

  /// Deletes what queries of a process that was killed had spilled. Only while no data file is open.
  func removeSpilledFiles() throws {
    let files = try FileManager.default.contentsOfDirectory(
      at: temporary, includingPropertiesForKeys: nil)
    for file in files { try FileManager.default.removeItem(at: file) }
  }
}

extension SegmentService {
  /// Removes everything that a published erasure has replaced, in whatever file it is left. Where it is
  /// interrupted, the next opening of the workspace does it again.
  func finishErasure() throws {
    try folder.removeDataFiles(except: data.current.name)
    for file in try unusedMembers() + data.current.cache.beyond(0) {
      try StoredFile.remove(file.url)
    }
    try removeOutputFiles()
    for state in [folder.damaged] + folder.statesAside { try StoredFile.remove(state) }
    for folder in [folder.members, folder.cache] { try DurableFile.synchronize(folder: folder) }
    try store.finishErasures()
  }
}
