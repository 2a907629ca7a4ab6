import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

extension SegmentService {
  /// Does what findings propose, one after another; one that fails does not stop the others.
  func mending(_ findings: [Finding]) async throws -> [CheckReport.Mended] {
    var mended: [CheckReport.Mended] = []
    var done: [Remedy] = []
    // Dictionaries first: they are made from parts that are whole, of which some may be forgotten next.
    let order = findings.filter(\.remedy.isDictionary) + findings.filter { !$0.remedy.isDictionary }
    for finding in order where finding.remedy.isMending {
      do {
        if !done.contains(finding.remedy) {
          try await mend(finding.remedy, sound: findings)
          done.append(finding.remedy)
        }
        mended.append(CheckReport.Mended(finding: finding, failure: nil))
      } catch let error where !(error is CancellationError) {
        mended.append(CheckReport.Mended(finding: finding, failure: "\(error)"))
      }
    }
    return mended
  }

  private func mend(_ remedy: Remedy, sound findings: [Finding]) async throws {
    switch remedy {
    case .removeFile(let url): try StoredFile.remove(url)
    case .dropTable(let name): try await StoredTables(database).drop([name])
    case .forgetPart(let id):
      try store.forgetPart(id: id, at: now().microseconds)
      let name = try await StoredTables(database).parts().filter { $0.hasSuffix("@\(id)") }
      try await StoredTables(database).drop(name)
    case .computeMembers(let run): try await computeMembers(ofRun: run)
    case .rebuildDictionary(let audience):
      let damaged = findings.compactMap { finding -> Int64? in
        if case .forgetPart(let id) = finding.remedy { id } else { nil }
      }
      try await rebuildDictionary(of: audience, withoutParts: Set(damaged))
    case .reindex: try store.reindex()
    case .raiseSequences: try store.raiseSequences()
    case .beginWithoutData, .advice, .none: break
    }
  }

  // MARK: Members

  /// Evaluates a run again. Its members are taken only if they are, byte for byte, what was published.
  ///
  /// - Throws: ``Unmendable``; members of a run that is not in force are given up then.
  private func computeMembers(ofRun id: Int64) async throws {
    guard let run = try store.run(id), let file = run.result?.members else { return }
    let reason: String
    do {
      let bytes = try await reading(run) { context in
        let evaluator = Evaluator(data: data.current, snapshot: context.snapshot)
        let evaluated = try await evaluator.evaluate([context.plan], with: context.references)
        return try evaluated[0].get().members.bytes
      }
      if DurableFile.checksum(bytes) == file.sha256 {
        try replaceMembers(file, with: bytes)
        return
      }
      reason = "Computed again, they are others than were published."
    } catch let error where !(error is CancellationError) {
      reason = "They cannot be computed again: \(error)"
    }
    guard try !store.runsInForce().contains(id) else {
      throw Unmendable(reason: reason + " Refresh the segment again.")
    }
    let time = now().microseconds
    try folder.setAside(folder.members.appending(path: file.name), at: time)
    try store.giveUpMembers(ofRun: id, at: time)
  }

  private func replaceMembers(_ file: MembersFile, with bytes: [UInt8]) throws {
    let partial = folder.temporary.appending(path: file.name)
    try DurableFile.write(bytes, to: partial)
    let url = folder.members.appending(path: file.name)
    guard rename(partial.path, url.path) == 0 else { throw FileError(path: url.path) }
    try DurableFile.synchronize(folder: folder.members)
  }

  // MARK: Dictionaries

  /// Makes a dictionary from the keys and ordinals beside the profiles of all parts that are whole.
  private func rebuildDictionary(
    of audience: String, withoutParts damaged: Set<Int64>
  ) async throws {
    let records = try store.partRecords().filter { !damaged.contains($0.part.id) }
    let sources = records.compactMap { record -> SQLQuery? in
      guard let route = record.part.route(audience: audience, steps: []),
        let key = definition.table(record.part.table)?.key.first
      else { return nil }
      return """
        SELECT \(identifier: key) AS key, \(identifier: route.column) AS ordinal
        FROM \(identifier: record.part.storedName)
        """
    }
    guard !sources.isEmpty else {
      throw Unmendable(reason: "No whole part has the ordinals. Restore .muster from a backup.")
    }
    let table = LoadNames.ordinals(audience)
    let draft = table + "_new"
    let size = try await database.connect().transaction { session in
      try session.execute(
        "CREATE OR REPLACE TABLE \(identifier: draft) AS \(sources.joined(" UNION "))")
      let doubled = try session.rows(
        """
        SELECT count(*) - count(DISTINCT ordinal) + count(*) - count(DISTINCT key)
        FROM \(identifier: draft)
        """)
      guard doubled[0][0].integer == 0 else {
        throw Unmendable(
          reason: "The parts do not agree on the ordinals. Restore .muster from a backup.")
      }
      try session.execute("DROP TABLE IF EXISTS \(identifier: table)")
      try session.execute("ALTER TABLE \(identifier: draft) RENAME TO \(identifier: table)")
      let counts = try session.rows(
        """
        SELECT coalesce(max(CAST(ordinal AS BIGINT)) + 1, 0), count(*) FROM \(identifier: table)
        """)
      return DictionarySize(
        ordinals: counts[0][0].integer ?? 0, rows: counts[0][1].integer ?? 0)
    }
    try await database.connect().checkpoint()
    try store.setDictionarySize(size, of: audience)
  }

  // MARK: The data file

  /// Sets a lost data file aside, with the members that nobody can read without it.
  static func beginWithoutData(
    _ folder: WorkspaceFolder, purpose: String, author: Author, at time: Int64
  ) throws {
    let lock = try WorkspaceLock(folder, purpose: purpose)
    try withExtendedLifetime(lock) {
      let store = try SegmentStore(path: folder.store.path, author: author)
      let name = try store.dataFile()
      try store.giveUpData(at: time)
      for file in [name, name + ".wal"] { try folder.setAside(folder.database(file), at: time) }
      for file in try StoredFile.all(in: folder.members) { try folder.setAside(file.url, at: time) }
    }
  }
}

/// Why something could not be mended.
struct Unmendable: Error, CustomStringConvertible {
  var reason: String
  var description: String { reason }
}

extension Remedy {
  fileprivate var isDictionary: Bool {
    if case .rebuildDictionary = self { true } else { false }
  }
}
