import ArgumentParser
import SegmentService

struct CollectGarbageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove what nothing needs any more.",
    discussion: """
      Old data versions, members and deleted segments beyond what 'retention' in the workspace file keeps, and what \
      interrupted commands have left behind. What is in force always stays: the current data, and \
      of each segment the members of its last two runs with the data they were computed from.
      """)

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Flag(help: "Show what would be removed, and remove nothing.")
  var dryRun = false

  @Flag(help: "Also what was kept to make later refreshes faster.")
  var cache = false

  func run() async throws {
    let service = try options.open(for: "gc")
    let garbage = try await service.collectGarbage(dryRun: dryRun, clearingCache: cache)
    let space = try await service.storedSpace()
    if output.json {
      try Terminal.printJSON(GarbageJSON(garbage, space, isDryRun: dryRun))
    } else {
      Terminal.print(garbageText(garbage, space, isDryRun: dryRun))
    }
  }
}

func garbageText(_ garbage: Garbage, _ space: StoredSpace, isDryRun: Bool) -> String {
  var table = TextTable(
    .left(isDryRun ? "Would be removed" : "Removed"), .right("Number"), .right("Size"))
  func add(_ what: String, _ number: Int, _ bytes: Int? = nil) {
    if number > 0 { table.add(what, number.grouped, bytes.map(bytesText) ?? "") }
  }
  add("data versions", garbage.dataVersions.count)
  add("stored tables", garbage.parts.count, garbage.parts.reduce(0) { $0 + $1.bytes })
  add("members of runs", garbage.members.count, garbage.members.reduce(0) { $0 + $1.bytes })
  add("output files", garbage.outputs.count, garbage.outputs.reduce(0) { $0 + $1.bytes })
  add("records of runs", garbage.runs.count)
  add("deleted segments", garbage.trash.count)
  add("finished jobs", garbage.jobs.count)
  add("entries of the audit log", garbage.auditEntries)
  add("results kept for reuse", garbage.cache.count, garbage.cache.reduce(0) { $0 + $1.bytes })
  var lines = [table.rows.isEmpty ? "Nothing to remove." : "\(table)"]
  lines.append(
    space.free == 0
      ? "The data file has \(bytesText(space.bytes))."
      : "The data file has \(bytesText(space.bytes)), of which \(bytesText(space.free)) are free for the next loads."
  )
  for held in space.held {
    let segments = held.segments.map { "'\($0.printable)'" }
    let names =
      segments.count <= 3
      ? segments.joined(separator: ", ")
      : segments.prefix(3).joined(separator: ", ") + " and \((segments.count - 3).grouped) more"
    lines.append(
      "Data version \(held.dataVersion) (\(bytesText(held.bytes))) is kept for the last two runs of \(names) alone."
    )
  }
  return lines.joined(separator: "\n")
}

private struct GarbageJSON: Encodable {
  struct Held: Encodable {
    var dataVersion: Int64
    var segments: [String]
    var bytes: Int
  }
  struct Item: Encodable {
    var name: String
    var bytes: Int
  }

  var dryRun: Bool
  var dataVersions: [Int64]
  var runs: [Int64]
  var trash: [String]
  var jobs: [Int64]
  var auditEntries: Int
  var tables: [Item]
  var members: [Item]
  var outputs: [Item]
  var cache: [Item]
  var bytes: Int
  var dataFileBytes: Int
  var dataFileFreeBytes: Int
  var held: [Held]

  init(_ garbage: Garbage, _ space: StoredSpace, isDryRun: Bool) {
    let item = { (file: StoredFile) in Item(name: file.url.lastPathComponent, bytes: file.bytes) }
    dryRun = isDryRun
    dataVersions = garbage.dataVersions
    runs = garbage.runs
    trash = garbage.trash
    jobs = garbage.jobs
    auditEntries = garbage.auditEntries
    tables = garbage.parts.map { Item(name: $0.name, bytes: $0.bytes) }
    members = garbage.members.map(item)
    outputs = garbage.outputs.map(item)
    cache = garbage.cache.map(item)
    bytes = garbage.bytes
    dataFileBytes = space.bytes
    dataFileFreeBytes = space.free
    held = space.held.map {
      Held(dataVersion: $0.dataVersion, segments: $0.segments, bytes: $0.bytes)
    }
  }
}
