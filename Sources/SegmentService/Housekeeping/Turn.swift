import Synchronization

/// Lets one caller in at a time, the others in the order in which they came.
final class Turn: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    var nextTicket = 0
  }

  private let state = Mutex(State())

  /// Runs `body` when those who came before are done.
  ///
  /// - Throws: `CancellationError` where the task is cancelled while it waits; what `body` throws.
  func take<Result>(_ body: () async throws -> Result) async throws -> Result {
    try await wait()
    defer { passOn() }
    return try await body()
  }

  /// Runs `body` unless somebody has the turn; then nil.
  func takeIfFree<Result>(_ body: () async throws -> Result) async rethrows -> Result? {
    let isMine = state.withLock { state in
      defer { state.isTaken = true }
      return !state.isTaken
    }
    guard isMine else { return nil }
    defer { passOn() }
    return try await body()
  }

  /// How many wait for it.
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Takes the turn when those who came before are done; whoever has it must call ``passOn()``.
  ///
  /// - Throws: `CancellationError` where the task is cancelled while it waits.
  func wait() async throws {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        // Under the lock, so that a cancellation is seen here or finds the continuation waiting.
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if Task.isCancelled { return .failure(CancellationError()) }
          if state.isTaken {
            state.waiting.append((ticket, continuation))
            return nil
          }
          state.isTaken = true
          return .success(())
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        state.waiting.firstIndex { $0.ticket == ticket }
          .map { state.waiting.remove(at: $0).continuation }
      }
      continuation?.resume(throwing: CancellationError())
    }
  }

  func passOn() {
    let next = state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isTaken = false
        return CheckedContinuation<Void, any Error>?.none
      }
      return state.waiting.removeFirst().continuation
    }
    next?.resume()
  }
}
