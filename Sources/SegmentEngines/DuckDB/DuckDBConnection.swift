import Dispatch
import SegmentCompiler

/// A connection on its own serial queue, since DuckDB's calls block.
///
/// Cancelling the task that waits for a statement interrupts it and gives `CancellationError`; the
/// connection stays usable.
public actor DuckDBConnection {
  private let session: DuckDBSession
  private nonisolated let handle: ConnectionHandle
  private nonisolated let executor: BlockingExecutor

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  init(handle: ConnectionHandle, isInBackground: Bool = false) {
    self.handle = handle
    executor = BlockingExecutor(isInBackground: isInBackground)
    session = DuckDBSession(handle)
  }

  /// Runs a statement and returns how many rows it changed.
  @discardableResult
  public func execute(_ query: SQLQuery) async throws -> Int {
    try await perform { try $0.execute(query) }
  }

  /// All rows of a small result.
  public func rows(_ query: SQLQuery) async throws -> [[DuckDBValue]] {
    try await perform { try $0.result(query).rows }
  }

  /// All rows of a small result, with the columns' names.
  public func result(_ query: SQLQuery) async throws -> DuckDBResult {
    try await perform { try $0.result(query) }
  }

  /// Hands over a result piece by piece, in the result's order.
  ///
  /// DuckDB keeps the whole result until the last piece was handed over (its C API has no streaming that
  /// is not deprecated), so read very large ones in ranges of ordinals.
  public func forEachChunk(
    _ query: SQLQuery, body: @Sendable (borrowing DuckDBChunk) throws -> Void
  ) async throws {
    try await perform { try $0.forEachChunk(query, body: body) }
  }

  /// The ordinals in the first column, which must be UINTEGER; missing ones are skipped.
  ///
  /// - Parameter isRepeated: see ``DuckDBSession/members(_:isRepeated:)``.
  public func members(_ query: SQLQuery, isRepeated: Bool = false) async throws -> MemberSet {
    try await perform { try $0.members(query, isRepeated: isRepeated) }
  }

  /// Makes the set a temporary table of this connection with one column `ordinal`, in ascending order.
  ///
  /// A temporary table of that name is replaced.
  public func store(_ set: MemberSet, asTemporaryTable name: String) async throws {
    try await perform { try $0.store(set, asTemporaryTable: name) }
  }

  /// Runs several statements without any other of this connection in between.
  @discardableResult
  public func perform<Value: Sendable>(
    _ body: @Sendable (DuckDBSession) throws -> Value
  ) async throws -> Value {
    try Task.checkCancellation()
    return try await withTaskCancellationHandler {
      do {
        return try body(session)
      } catch let error as DuckDBError where error.category == .interrupted && Task.isCancelled {
        throw CancellationError()
      }
    } onCancel: {
      handle.interrupt()
    }
  }

  /// Like ``perform(_:)`` in one transaction, which is rolled back where `body` throws.
  @discardableResult
  public func transaction<Value: Sendable>(
    _ body: @Sendable (DuckDBSession) throws -> Value
  ) async throws -> Value {
    try await perform { try $0.transaction(body) }
  }

  /// Makes another file, or memory where `path` is nil, a part of the database under a name.
  public func attach(_ path: String?, as name: String) async throws {
    if let path { handle.database.willAttach(path, as: name) }
    try await execute("ATTACH \(.literal(path ?? ":memory:")) AS \(identifier: name)")
  }

  public func detach(_ name: String) async throws {
    try await execute("DETACH \(identifier: name)")
  }

  /// Moves what was committed from the log into the file; false where somebody still reads an older state,
  /// and then it stays in the log, on disk too, until a later checkpoint.
  @discardableResult
  public func checkpoint() async throws -> Bool {
    do {
      try await execute("CHECKPOINT")
      return true
    } catch let error as DuckDBError where error.category == .transaction {
      return false
    }
  }

  /// Stops the statement that runs now, if any; it throws an error of the category `interrupted`.
  public nonisolated func interrupt() { handle.interrupt() }

  /// How much of the running statement is done, from 0 to 1; nil where nothing runs or it is not known.
  public nonisolated var progress: Double? { handle.progress }
}

/// Runs an actor's jobs one after another, on threads that may be blocked.
private final class BlockingExecutor: SerialExecutor {
  private enum Place {
    case queue(DispatchQueue)
    /// One thread.
    case background(WorkerThreads)
  }

  private let place: Place

  init(isInBackground: Bool) {
    place =
      isInBackground
      ? .background(WorkerThreads(count: 1, areInBackground: true))
      : .queue(DispatchQueue(label: "duckdb"))
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    switch place {
    case .queue(let queue): queue.async { job.runSynchronously(on: executor) }
    case .background(let threads): threads.run { job.runSynchronously(on: executor) }
    }
  }
}

extension SQLQuery {
  /// A text literal, for the few places where DuckDB takes no parameter.
  public static func literal(_ text: String) -> SQLQuery {
    SQLQuery(stringLiteral: "'" + text.replacing("'", with: "''") + "'")
  }
}
