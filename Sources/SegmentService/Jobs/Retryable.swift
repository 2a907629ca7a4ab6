import Foundation
import SegmentEngines
import SegmentStore

extension Error {
  /// Whether the same may succeed later, with nothing changed but the machine.
  var isRetryable: Bool {
    switch self {
    case let error as DuckDBError: error.isRetryable
    case let error as SegmentStoreError: error.isOfFile || error == .rewrittenMeanwhile
    case is FileError: true
    default: false
    }
  }
}
