import SegmentService
import SegmentStore

/// How far tasks are that are being worked on.
struct JobProgress: Encodable, Sendable, Equatable {
  /// Queries of a refresh that are done; nil of a load.
  var done: Int?
  var total: Int?
  /// Of a load: what is done with which table.
  var table: String?
  var phase: LoadProgress.Phase?
  /// From 0 to 1.
  var fraction: Double

  init(done: Int, total: Int) {
    self.done = done
    self.total = total
    fraction = total > 0 ? Double(done) / Double(total) : 0
  }

  init(_ load: LoadProgress) {
    table = load.table
    phase = load.phase
    fraction = load.fraction.isFinite ? load.fraction : 0
  }

  var twentieths: Int { Int(fraction * 20) }
}

/// The data of each kind of event.
enum EventBody {
  struct Job: Encodable {
    var job: Int64
    var trigger: JobTrigger
    var author: String?
    var tasks: Int

    init(_ record: JobRecord) {
      job = record.id
      trigger = record.trigger
      author = record.author
      tasks = record.tasks.count
    }
  }

  struct Tasks: Encodable {
    var job: Int64
    /// As they are now.
    var tasks: [TaskJSON]
  }

  struct Progress: Encodable {
    var job: Int64
    var progress: JobProgress
  }

  struct Runs: Encodable {
    struct Run: Encodable {
      var run: Int64
      var segment: String
      var status: String
      var members: Int?
      var entered: Int?
      var exited: Int?
      var cause: String?
    }

    var job: Int64
    var runs: [Run]

    init(job: Int64, _ records: [RunRecord]) {
      self.job = job
      runs = records.map { record in
        Run(
          run: record.id, segment: record.segment, status: record.status.rawValue,
          members: record.result?.count, entered: record.result?.entered,
          exited: record.result?.exited, cause: record.cause)
      }
    }
  }

  struct Finished: Encodable {
    var job: Int64
  }

  struct Trouble: Encodable {
    var job: Int64
    var cause: String
  }

  struct Segments: Encodable {
    struct Segment: Encodable {
      var id: Int64
      var name: String
      var revision: Int
      var state: SegmentState
      var isInTrash: Bool
    }

    var segments: [Segment]

    init(_ notices: [SegmentNotice]) {
      segments = notices.map {
        Segment(
          id: $0.id, name: $0.name, revision: $0.revision, state: $0.state,
          isInTrash: $0.isInTrash)
      }
    }
  }
}
