import Dispatch
import Foundation
import Synchronization

/// Runs tasks on threads of its own, one per processor: those that work for long, or wait for a disk, keep nobody
/// waiting who is answered elsewhere.
final class BackgroundExecutor: TaskExecutor {
  static let shared = BackgroundExecutor()

  private let jobs = Mutex<[UnownedJob]>([])
  private let waiting = DispatchSemaphore(value: 0)

  private init() {
    for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
      Thread.detachNewThread { [self] in
        while true {
          waiting.wait()
          let job = jobs.withLock { $0.removeFirst() }
          job.runSynchronously(on: asUnownedTaskExecutor())
        }
      }
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    waiting.signal()
  }
}
