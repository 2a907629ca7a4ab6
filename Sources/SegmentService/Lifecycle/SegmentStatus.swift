import SegmentCompiler
import SegmentStore

/// What came last of a segment: of the task of a job, or of a refresh outside of jobs.
public struct SegmentStatus: Sendable, Equatable {
  /// ``TaskStatus/notStarted`` where nobody has tried to refresh it yet.
  public var status: TaskStatus
  /// Why it failed, is skipped or is retrying.
  public var cause: String?
  /// When that was; nil as long as it is not over.
  public var finished: Int64?
  /// The job of the task; nil of a refresh outside of jobs.
  public var job: Int64?

  /// - Parameters:
  ///   - task: of the last job with the segment.
  ///   - run: the last one, whatever came of it.
  init(task last: SegmentTask?, run: RunRecord?) {
    // A refresh outside of jobs may have come after the last one.
    if let last, run.map({ $0.finished <= last.finished ?? .max }) ?? true {
      // One that waits for others of its job is not the same as one that nobody asks for.
      let status = last.status == .notStarted ? .queued : last.status
      self.init(status: status, cause: last.cause, finished: last.finished)
      job = last.job
    } else if let run {
      self.init(status: TaskStatus(run.status), cause: run.cause, finished: run.finished)
    } else {
      self.init(status: .notStarted)
    }
  }

  private init(status: TaskStatus, cause: String? = nil, finished: Int64? = nil) {
    self.status = status
    self.cause = cause
    self.finished = finished
  }
}

extension TaskStatus {
  fileprivate init(_ run: RunStatus) {
    self =
      switch run {
      case .succeeded: .successful
      case .failed: .failed
      case .skipped: .skipped
      }
  }
}
