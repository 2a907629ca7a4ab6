import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Threads for what computes for long or waits for a disk, so that nobody is kept waiting who is answered elsewhere.
public final class WorkerThreads: Sendable {
  /// What the threads share with it, and may outlive it by.
  private final class Work: Sendable {
    let waiting = DispatchSemaphore(value: 0)
    /// nil for a thread that has to end.
    let pieces = Mutex<[(@Sendable () -> Void)?]>([])

    func add(_ piece: (@Sendable () -> Void)?) {
      pieces.withLock { $0.append(piece) }
      waiting.signal()
    }

    func next() -> (@Sendable () -> Void)? {
      waiting.wait()
      return pieces.withLock { $0.removeFirst() }
    }
  }

  private let work = Work()
  private let count: Int

  /// - Parameter areInBackground: whether the system lets them run when no others want to.
  public init(count: Int, areInBackground: Bool) {
    self.count = count
    for _ in 0..<count {
      Thread.detachNewThread { [work] in
        if areInBackground { WorkerThreads.lowerPriority() }
        while let piece = work.next() { piece() }
      }
    }
  }

  deinit { for _ in 0..<count { work.add(nil) } }

  /// Runs something as soon as one of them is free.
  public func run(_ piece: @escaping @Sendable () -> Void) { work.add(piece) }

  /// Runs something in the background, and waits for it. Threads that it starts have the same low priority.
  static func waitInBackground(for body: @escaping @Sendable () -> Void) {
    let done = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      lowerPriority()
      body()
      done.signal()
    }
    done.wait()
  }

  /// Of the thread that calls it. A system that refuses leaves it as it is, which is slower for others and nothing else.
  private static func lowerPriority() {
    #if canImport(Glibc)
      // To Linux 0 is the calling thread, whatever POSIX says.
      _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 10)
    #endif
  }
}
