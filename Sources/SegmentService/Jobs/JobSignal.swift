/// Tells whoever works on a job to give it up.
final class JobSignal: Sendable {
  enum Order: Sendable, CaseIterable {
    /// Nobody wants it any more.
    case cancel
    /// The process ends; somebody else goes on.
    case stop
  }

  private struct Waiter {
    let ticket: Int
    let orders: Set<Order>
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var orders: Set<Order> = []
    var waiting: [Waiter] = []
    var nextTicket = 0
  }

  private let state = Guarded(State())

  var isCanceled: Bool { state.withLock { $0.orders.contains(.cancel) } }
  var isStopping: Bool { state.withLock { $0.orders.contains(.stop) } }

  func send(_ order: Order) {
    let told = state.withLock { state in
      state.orders.insert(order)
      defer { state.waiting.removeAll { $0.orders.contains(order) } }
      return state.waiting.filter { $0.orders.contains(order) }
    }
    for waiter in told { waiter.continuation.resume() }
  }

  /// Returns when there is one of these orders, or the task is cancelled.
  func wait(for orders: Set<Order> = [.cancel, .stop]) async {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if !state.orders.isDisjoint(with: orders) || Task.isCancelled { return true }
          state.waiting.append(
            Waiter(ticket: ticket, orders: orders, continuation: continuation))
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
      }
      waiter?.continuation.resume()
    }
  }
}
