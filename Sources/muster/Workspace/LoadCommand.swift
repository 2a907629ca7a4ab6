import ArgumentParser
import SegmentService

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Read the data files that are new, changed or gone since the last load.",
    discussion: "A table with wrong data keeps what was loaded before.")

  @OptionGroup var options: WorkspaceOptions

  func run() async throws {
    let service = try options.open(for: "load")
    let progress = ProgressDisplay()
    defer { progress.clear() }
    let report = try await service.load { step in
      progress.show(
        ProgressBar(
          title: "Loading", fraction: step.fraction, detail: "\(step.phase.rawValue) \(step.table)")
      )
    }
    progress.clear()
    Terminal.print(loadText(report))
    for table in report.tables {
      for problem in table.problems {
        let severity = problem.isFatal ? "error" : "warning"
        Terminal.printError("\(severity): \(table.table.printable): \(problem)")
      }
    }
    for warning in report.warnings { Terminal.printError("warning: \(warning.printable)") }
    if !report.failed.isEmpty { throw ExitCode.failure }
  }
}

func loadText(_ report: LoadReport) -> String {
  var table = TextTable(.left("Table"), .left("Outcome"), .right("Rows"), .left("Files"))
  for part in report.tables {
    table.add(part.table, part.outcome.rawValue, part.rows.grouped, filesText(part.files))
  }
  var lines = ["\(table)"]
  for part in report.tables where part.erased > 0 {
    lines.append(
      "\(part.erased.counted("row")) of erased profiles left out of \(part.table.printable)")
  }
  for part in report.tables {
    for orphan in part.orphans {
      lines.append(
        "\(orphan.rows.counted("row")) of \(part.table.printable) \(orphan.rows == 1 ? "has" : "have") no target by \(orphan.relationship.description.printable)"
      )
    }
  }
  let version = report.dataVersion.map { "Data version \($0)" } ?? "No data version"
  let took = durationText(microseconds: Int64(report.seconds * 1e6))
  lines.append(report.isNew ? "\(version), in \(took)." : "\(version): nothing has changed.")
  return lines.joined(separator: "\n")
}

private func filesText(_ files: FileCounts) -> String {
  let counts = [
    (files.new, "new"), (files.changed, "changed"), (files.renamed, "renamed"),
    (files.vanished, "gone"), (files.unchanged, "unchanged"),
  ]
  return counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
}
