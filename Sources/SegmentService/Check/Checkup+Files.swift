import Foundation
import SegmentCompiler
import SegmentEngines
import SegmentStore

extension Checkup {
  /// Members match their checksum, their run's counts, and the dictionary of their audience.
  mutating func checkMembers() throws {
    var last: [String: (run: Int64, members: MemberSet)] = [:]
    for run in try service.store.runsWithMembers() {
      guard let result = run.result else { continue }
      let about = "members of run \(run.id) of '\(run.segment)'"
      guard let members = try? service.members(of: run) else {
        // They may have been given up since.
        guard try service.store.run(run.id)?.result?.members.gone == nil else { continue }
        let url = service.folder.members.appending(path: result.members.name)
        let isThere = FileManager.default.fileExists(atPath: url.path)
        report.note(
          .damage, about,
          isThere
            ? "The file \(result.members.name) does not match its checksum."
            : "The file \(result.members.name) is missing.", .computeMembers(run: run.id))
        continue
      }
      report.verified.members += 1
      if let problem = try problem(of: run, result, members, before: last[run.segment]) {
        report.note(.damage, about, problem, .advice("Refresh the segment again."))
      }
      last[run.segment] = (run.id, members)
    }
  }

  private func problem(
    of run: RunRecord, _ result: RunResult, _ members: MemberSet,
    before: (run: Int64, members: MemberSet)?
  ) throws -> String? {
    if result.count != members.count + result.erased {
      return "The run has a count of \(result.count), and the file \(members.count) members."
    }
    if let audience = try service.audience(of: run), let size = dictionaries[audience],
      let highest = members.isEmpty ? nil : members.ordinal(at: members.count - 1),
      Int64(highest) >= size.ordinals
    {
      return "It holds an ordinal of \(audience) that was never given."
    }
    // Erased members have left the files, and not the counts.
    guard let before, before.run == result.previousRun, result.erased == 0,
      try service.store.run(before.run)?.result?.erased == 0
    else { return nil }
    let entered = members.subtractingCount(before.members)
    let exited = before.members.subtractingCount(members)
    guard (result.entered, result.exited) != (entered, exited) else { return nil }
    return
      "The run says that \(result.entered) entered and \(result.exited) exited, and by the members it was \(entered) and \(exited)."
  }

  /// Files of output tables are what was written, and show the last run.
  mutating func checkOutputFiles() throws {
    for wanted in try service.store.wantedOutputFiles() {
      let url = service.folder.outputFile(wanted.name)
      let about = "output/\(url.lastPathComponent)"
      let isThere = FileManager.default.fileExists(atPath: url.path)
      if !isThere || !wanted.isCurrent {
        report.note(
          .notice, about,
          isThere ? "It does not show the last run." : "It is not written yet.",
          .advice("Run 'muster outputs'; the next refresh does it, too."))
      } else if try DurableFile.checksum(of: url) != wanted.written?.sha256 {
        report.note(
          .damage, about, "The file does not match its checksum; 'muster outputs' makes it again.",
          .removeFile(url))
      } else {
        report.verified.outputFiles += 1
      }
    }
    for file in try service.unwantedOutputFiles() {
      report.note(
        .leftover, "output/\(file.url.lastPathComponent)", "No segment keeps it.",
        .removeFile(file.url))
    }
  }

  mutating func checkCache() throws {
    let cache = service.data.current.cache
    for file in try StoredFile.all(in: service.folder.cache) {
      let name = file.url.lastPathComponent
      if file.url.pathExtension != "leaf" {
        report.note(.leftover, "cache/\(name)", "It is no kept result.", .removeFile(file.url))
      } else if cache.isWhole(file.url) {
        report.verified.cached += 1
      } else if FileManager.default.fileExists(atPath: file.url.path) {
        report.note(
          .damage, "cache/\(name)", "The kept result does not match its checksum.",
          .removeFile(file.url))
      }
    }
  }

  /// Tables and files that nothing refers to.
  mutating func findLeftovers() async throws {
    let live = Set(parts.map(\.part.storedName))
    let stored = try await tables.parts()
    for name in stored where !live.contains(name) {
      report.note(.leftover, "table \(name)", "No data version has it.", .dropTable(name))
    }
    for name in try await tables.all()
    where !stored.contains(name) && !name.hasPrefix(LoadNames.ordinals("")) {
      report.note(.notice, "table \(name)", "It is none of Muster's.", .none)
    }
    let used = Set(try service.store.usedPartIDs())
    for record in parts where !used.contains(record.part.id) {
      report.note(
        .leftover, "part \(record.part.storedName)", "No data version has it.",
        .forgetPart(record.part.id))
    }
    for file in try service.unusedMembers() {
      report.note(
        .leftover, "members/\(file.url.lastPathComponent)", "No run has it.",
        .removeFile(file.url))
    }
    for file in try StoredFile.all(in: service.folder.state)
    where !service.folder.isKnown(file.url.lastPathComponent, dataFile: service.data.current.name) {
      report.note(.notice, file.url.lastPathComponent, "It is none of Muster's.", .none)
    }
    for state in service.folder.statesAside {
      report.note(
        .notice, state.lastPathComponent, "It was set aside when a backup was restored.",
        .advice("Delete it when you are sure that nobody needs it; the next erasure does."))
    }
    let aside = (try? StoredFile.all(in: service.folder.damaged).count) ?? 0
    if aside > 0 {
      report.note(
        .notice, "damaged/",
        "\(aside.counted("file")) \(aside == 1 ? "was" : "were") set aside by --mend.",
        .advice("Delete them when you are sure that nobody needs them."))
    }
  }
}

extension WorkspaceFolder {
  /// What could not be made again, moved out of the way.
  var damaged: URL { state.appending(path: "damaged") }

  func isKnown(_ name: String, dataFile: String) -> Bool {
    let store = store.lastPathComponent
    let folders = [members, outputs, cache, temporary, damaged, lock, socket].map(
      \.lastPathComponent)
    let files = [store, store + "-wal", store + "-shm", dataFile, dataFile + ".wal"]
    return (folders + files).contains(name) || name.hasPrefix(dataFile + ".staging")
  }

  /// Moves a file out of the way; one that is not there is none to move.
  func setAside(_ url: URL, at time: Int64) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    try FileManager.default.createDirectory(
      at: damaged, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let name = "\(url.lastPathComponent).\(time / 1_000_000)"
    try FileManager.default.moveItem(at: url, to: damaged.appending(path: name))
  }
}
