import Synchronization

/// Elements that are made one by one when they are asked for.
///
/// Unlike an `AsyncThrowingStream`, it ends by an error where the task that asks was cancelled: what was read so far is
/// never taken for all.
public struct Pulled<Element: Sendable>: AsyncSequence, Sendable {
  private let pull: @Sendable () async throws -> Element?

  /// - Parameter pull: gives the next element, nil at the end; it is not asked again before it has returned.
  public init(_ pull: @escaping @Sendable () async throws -> Element?) { self.pull = pull }

  /// Elements that are there already.
  public init(of elements: [Element]) {
    let rest = Mutex(elements[...])
    pull = { rest.withLock { $0.popFirst() } }
  }

  /// The next element, whoever had those before; nil at the end.
  public func next() async throws -> Element? {
    try Task.checkCancellation()
    return try await pull()
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate let elements: Pulled

    public func next() async throws -> Element? { try await elements.next() }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(elements: self) }
}
