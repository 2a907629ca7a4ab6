import Foundation
import SegmentEngines

/// Runs tasks on threads of its own, one per processor.
public final class WorkerExecutor: TaskExecutor {
  /// Of jobs: they leave the processors to whoever waits for an answer.
  static let jobs = WorkerExecutor(isInBackground: true)
  /// Of what somebody changes: it waits for the disk, and those who only read do not wait with it.
  public static let changes = WorkerExecutor(isInBackground: false)

  private let threads: WorkerThreads

  private init(isInBackground: Bool) {
    threads = WorkerThreads(
      count: ProcessInfo.processInfo.activeProcessorCount, areInBackground: isInBackground)
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    threads.run { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
