import SegmentService
import SegmentStore

/// A job in short.
struct JobBody: Encodable {
  var job: Int64
  var state: JobState
  var trigger: JobTrigger
  var author: String?
  var requested: String
  var asOf: String?
  var dataVersion: Int64?
  var finished: String?
  /// How many tasks have which status.
  var counts: [String: Int]
  /// Of the tasks that are being worked on.
  var progress: JobProgress?
  /// nil in a list.
  var tasks: [TaskJSON]?

  init(_ summary: JobSummary, progress: JobProgress?) {
    self.init(summary.job, state: summary.state, counts: summary.counts, progress: progress)
  }

  /// With its tasks.
  init(_ job: JobRecord, progress: JobProgress?) {
    let counts = Dictionary(grouping: job.tasks, by: \.state.status).mapValues(\.count)
    self.init(job, state: job.state, counts: counts, progress: progress)
    tasks = job.tasks.map(TaskJSON.init)
  }

  private init(
    _ record: JobRecord, state: JobState, counts: [TaskStatus: Int], progress: JobProgress?
  ) {
    job = record.id
    self.state = state
    trigger = record.trigger
    author = record.author
    requested = time(record.requested)
    asOf = record.asOf.map(time)
    dataVersion = record.dataVersion
    finished = record.finished.map(time)
    self.counts = Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    self.progress = record.finished == nil ? progress : nil
  }
}
