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
    let jobs = try SegmentService.jobs(in: options.folder(), id: job, limit: limit)
    if let job, jobs.isEmpty { throw ValidationError("There is no job \(job).") }
    if output.json {
      try Terminal.printJSON(jobs.map(JobJSON.init))
    } else if let only = jobs.first, job != nil {
      Terminal.print(tasksText(only))
    } else {
      Terminal.print(jobs.isEmpty ? "There were no jobs yet." : jobsText(jobs))
    }
  }
}

private func jobsText(_ jobs: [JobRecord]) -> String {
  var table = TextTable(
    .right("Job"), .left("Requested"), .left("Because"), .left("By"), .left("Tasks"))
  for job in jobs {
    table.add(
      "\(job.id)", Instant(microseconds: job.requested).description, job.trigger.rawValue,
      job.author ?? "–", tasksSummary(job))
  }
  return "\(table)"
}

/// `12 successful, 1 failed`.
private func tasksSummary(_ job: JobRecord) -> String {
  TaskStatus.allCases.compactMap { status in
    let count = job.tasks.count { $0.state.status == status }
    return count == 0 ? nil : "\(count.grouped) \(status.text)"
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

private struct JobJSON: Encodable {
  struct Item: Encodable {
    var task: Int
    var kind: TaskKind
    var name: String
    var status: TaskStatus
    var attempts: Int
    var dependsOn: [Int]
    var cause: String?
    var started: String?
    var finished: String?
    var run: Int64?
  }

  var job: Int64
  var trigger: JobTrigger
  var author: String?
  var requested: String
  var asOf: String?
  var dataVersion: Int64?
  var finished: String?
  var tasks: [Item]

  init(_ record: JobRecord) {
    func text(_ time: Int64?) -> String? { time.map { Instant(microseconds: $0).description } }
    job = record.id
    trigger = record.trigger
    author = record.author
    requested = Instant(microseconds: record.requested).description
    asOf = text(record.asOf)
    dataVersion = record.dataVersion
    finished = text(record.finished)
    tasks = record.tasks.map {
      Item(
        task: $0.id, kind: $0.kind, name: $0.name, status: $0.state.status,
        attempts: $0.state.attempts, dependsOn: $0.dependsOn, cause: $0.state.cause,
        started: text($0.started), finished: text($0.finished), run: $0.run)
    }
  }
}
