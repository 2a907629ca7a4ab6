/// Where a task of a job stands.
public enum TaskStatus: String, Sendable, Hashable, Codable, CaseIterable {
  /// Waits for tasks that it depends on.
  case notStarted
  /// Can start as soon as there is room.
  case queued
  case processing
  case successful
  /// Failed, and will be tried again.
  case failureRetrying
  /// Failed for good.
  case failed
  /// Not tried; the cause says why.
  case skipped
  case canceled

  /// Nothing can happen to the task any more.
  public var isFinal: Bool {
    switch self {
    case .successful, .failed, .skipped, .canceled: true
    case .notStarted, .queued, .processing, .failureRetrying: false
    }
  }
}

/// The state of a task. Instants are microseconds since 1970-01-01T00:00:00Z.
public struct TaskState: Sendable, Hashable {
  public var status: TaskStatus
  /// How often it was started.
  public var attempts: Int
  /// When it may be tried again, of one that is retrying.
  public var retryAt: Int64?
  /// Why it failed, is skipped or is retrying.
  public var cause: String?

  public init(
    status: TaskStatus = .notStarted, attempts: Int = 0, retryAt: Int64? = nil,
    cause: String? = nil
  ) {
    self.status = status
    self.attempts = attempts
    self.retryAt = retryAt
    self.cause = cause
  }
}

/// What a task does.
public enum TaskKind: String, Sendable, Codable, CaseIterable {
  /// Loads one table's files.
  case load
  /// Refreshes one segment.
  case segment
}

/// One task of a job.
public struct TaskRecord: Sendable, Equatable, Identifiable {
  /// 1, 2, 3 … within the job.
  public var id: Int
  public var kind: TaskKind
  /// The table or the segment; what a segment was called when the job was made.
  public var name: String
  /// Of a segment's task; the segment may have another name by now, or be gone.
  public var segmentID: Int64?
  /// Tasks of the same job that have to succeed before.
  public var dependsOn: [Int]
  public var state: TaskState
  /// When it was started last, and when it came to its end.
  public var started: Int64?
  public var finished: Int64?
  /// What a segment's task has published.
  public var run: Int64?

  public init(
    id: Int, kind: TaskKind, name: String, segmentID: Int64? = nil, dependsOn: [Int] = [],
    state: TaskState = TaskState()
  ) {
    self.id = id
    self.kind = kind
    self.name = name
    self.segmentID = segmentID
    self.dependsOn = dependsOn
    self.state = state
  }
}

/// Why a job was made.
public enum JobTrigger: String, Sendable, Codable, CaseIterable {
  /// Somebody asked for it.
  case manual
  /// The system schedule.
  case schedule
  /// The system schedule, whose time passed while nobody was there.
  case late
}

/// A graph of tasks that are worked on together.
public struct JobRecord: Sendable, Equatable, Identifiable {
  public var id: Int64
  public var trigger: JobTrigger
  /// Who asked for it; nil where nobody is known.
  public var author: String?
  public var requested: Int64
  /// The instant at which its segments judge relative conditions; nil until it is started.
  public var asOf: Int64?
  /// What its segments read; nil until the first of them is started.
  public var dataVersion: Int64?
  public var finished: Int64?
  public var tasks: [TaskRecord]

  public init(
    id: Int64, trigger: JobTrigger, author: String? = nil, requested: Int64, asOf: Int64? = nil,
    dataVersion: Int64? = nil, finished: Int64? = nil, tasks: [TaskRecord]
  ) {
    self.id = id
    self.trigger = trigger
    self.author = author
    self.requested = requested
    self.asOf = asOf
    self.dataVersion = dataVersion
    self.finished = finished
    self.tasks = tasks
  }
}
