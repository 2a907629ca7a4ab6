import SegmentCompiler
import SegmentStore

/// Rows of a table that were read but not yet published.
struct StagedTable {
  var files: [SourceFile]
  /// Calculated ones left out.
  var attributes: [Attribute]
  var rows: Int64
  /// Values that became missing (`onError: missing`).
  var warnings: [LoadProblem]
}

/// Why a table could not be staged.
struct TableFailure: Error {
  var problems: [LoadProblem]

  init(_ problems: [LoadProblem]) { self.problems = problems }
  init(_ message: String) { problems = [LoadProblem(message: message)] }
}

/// Names in the engine that are no part's.
enum LoadNames {
  /// The attached database that holds rows until they are published.
  static let staging = "_muster_staging"
  static let errors = "_muster_errors"

  static func staged(_ table: String) -> SQLQuery {
    "\(identifier: staging).main.\(identifier: table)"
  }

  /// Key and ordinal of every profile ever seen of an audience.
  ///
  /// Rows are only ever added. The row of an erased profile stays without its key, so that its ordinal is never
  /// given again.
  static func ordinals(_ audience: String) -> String { "_muster_ordinals@\(audience)" }
}
