import SegmentCompiler
import Synchronization

/// A clock that a test sets.
final class Clock: Sendable {
  private let time: Mutex<Instant>

  init(_ time: Instant) { self.time = Mutex(time) }

  var now: Instant { time.withLock { $0 } }

  func set(_ text: String) { time.withLock { $0 = Instant(text)! } }
}
