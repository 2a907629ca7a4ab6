import Foundation
import SegmentEngines
import SegmentStore

/// Whether the same may succeed later, with nothing changed but the machine.
enum Retry: Sendable {
  case never
  case later
  /// Only by another process: this one's data file cannot be used any more.
  case afterRestart
}

extension Error {
  var retry: Retry {
    switch self {
    case let error as DuckDBError where error.category == .fatal: .afterRestart
    case let error as DuckDBError: error.isRetryable ? .later : .never
    case let error as SegmentStoreError: error.retry
    case is FileError: .later
    default: .never
    }
  }

  /// Whether it is about the database of jobs itself, so that no task can be told.
  var isOfStore: Bool { (self as? SegmentStoreError)?.isOfFile == true }

  /// Whether it is a failure of what is worked on, and not of the work itself.
  var isOfTasks: Bool { !(self is CancellationError || self is DataFileLost || isOfStore) }
}

extension SegmentStoreError {
  fileprivate var retry: Retry {
    switch self {
    // Somebody else was faster: with a segment that was deleted or renamed, or an erasure.
    case .file, .damaged, .rewrittenMeanwhile, .changedMeanwhile, .unknownSegment: .later
    case .unknownVersion, .olderSchema, .unlogged, .unknownAccount, .unknownWebhook,
      .lastAdministrator, .otherWorkspace:
      .never
    }
  }
}

/// The open data file cannot be used any more; it can be after a restart.
public struct DataFileLost: Error, CustomStringConvertible {
  public var cause: String

  public var description: String {
    "\(cause)\nThe data file cannot be used until it is opened again: start 'muster serve' once more. What was being worked on is tried again then."
  }
}
