import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct JobsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs",
    abstract: "Show what 'muster serve' has done and does.",
    discussion: "It only reads, so it need not wait for whoever owns the workspace.")

  @OptionGroup var options: WorkspaceOptions
  @OptionGroup var output: JSONOption

  @Argument(help: "The number of a job, to see its tasks.")
  var job: Int64?

  @Option(help: "How many jobs to show.")
  var limit = 20

  func run() throws {
    let folder = try options.folder()
    guard let job else { return try list(SegmentService.jobs(in: folder, limit: limit)) }
    guard let record = try SegmentService.job(job, in: folder) else {
      throw ValidationError("There is no job \(job).")
    }
    if output.json {
      try Terminal.printJSON(JobJSON(record, tasks: record.tasks.map(TaskJSON.init)))
    } else {
      Terminal.print(tasksText(record))
    }
  }

  private func list(_ jobs: [JobSummary]) throws {
    if output.json {
      try Terminal.printJSON(
        jobs.map { summary in
          JobJSON(
            summary.job,
            counts: Dictionary(
              uniqueKeysWithValues: summary.counts.map { ($0.key.rawValue, $0.value) }))
        })
    } else {
      Terminal.print(jobs.isEmpty ? "There were no jobs yet." : jobsText(jobs))
    }
  }
}

private func jobsText(_ jobs: [JobSummary]) -> String {
  var table = TextTable(
    .right("Job"), .left("Requested"), .left("Because"), .left("By"), .left("Tasks"))
  for summary in jobs {
    let job = summary.job
    table.add(
      "\(job.id)", Instant(microseconds: job.requested).description, job.trigger.rawValue,
      job.author ?? "–", countsText(summary.counts))
  }
  return "\(table)"
}

/// `12 successful, 1 failed`.
private func countsText(_ counts: [TaskStatus: Int]) -> String {
  TaskStatus.allCases.compactMap { status in
    counts[status].map { "\($0.grouped) \(status.text)" }
  }.joined(separator: ", ")
}

private func tasksText(_ job: JobRecord) -> String {
  var table = TextTable(
    .right("Task"), .left("What"), .left("Status"), .left("Waits for"), .right("Run"),
    .right("Took"), .left("Cause"))
  for task in job.tasks {
    let took = task.started.flatMap { started in
      task.finished.map { String(format: "%.1f s", Double($0 - started) / 1e6) }
    }
    table.add(
      "\(task.id)", "\(task.kind.rawValue) \(task.name)", task.state.status.text,
      task.dependsOn.map(String.init).joined(separator: ", "), task.run.map(String.init) ?? "",
      took ?? "", task.state.cause ?? "")
  }
  return "\(table)"
}

extension TaskStatus {
  /// As people read it.
  var text: String {
    switch self {
    case .notStarted: "not started"
    case .queued: "queued"
    case .processing: "processing"
    case .successful: "successful"
    case .failureRetrying: "failed, retrying"
    case .failed: "failed"
    case .skipped: "skipped"
    case .canceled: "canceled"
    }
  }
}

private func text(_ time: Int64?) -> String? {
  time.map { Instant(microseconds: $0).description }
}

private struct JobJSON: Encodable {
  var job: Int64
  var trigger: JobTrigger
  var author: String?
  var requested: String
  var asOf: String?
  var dataVersion: Int64?
  var finished: String?
  /// By status; nil where the tasks are told.
  var counts: [String: Int]?
  var tasks: [TaskJSON]?

  init(_ record: JobRecord, counts: [String: Int]? = nil, tasks: [TaskJSON]? = nil) {
    job = record.id
    trigger = record.trigger
    author = record.author
    requested = Instant(microseconds: record.requested).description
    asOf = text(record.asOf)
    dataVersion = record.dataVersion
    finished = text(record.finished)
    self.counts = counts
    self.tasks = tasks
  }
}
