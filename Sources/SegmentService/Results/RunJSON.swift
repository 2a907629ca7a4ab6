import SegmentCompiler
import SegmentStore

/// A run as programs read it.
public struct RunJSON: Encodable, Sendable {
  struct Rule: Encodable, Sendable {
    var rule: Int
    var cumulative: Int
  }
  struct Reference: Encodable, Sendable {
    var segment: String
    var run: Int64
  }

  var run: Int64
  var segment: String
  var version: Int
  var status: String
  var cause: String?
  var asOf: String
  var dataVersion: Int64
  var started: String
  var finished: String
  var members: Int?
  var entered: Int?
  var exited: Int?
  /// Members that were erased since: they are no longer listed.
  var erased: Int?
  var rules: [Rule]?
  var previousRun: Int64?
  var references: [Reference]
  /// What is kept of a succeeded run: all, members, counts.
  var kept: String?

  public init(_ record: RunRecord, rest: SegmentService.Rest? = nil) {
    kept = rest?.rawValue
    run = record.id
    segment = record.segment
    version = record.segmentVersion
    status = record.status.rawValue
    cause = record.cause
    asOf = Instant(microseconds: record.asOf).description
    dataVersion = record.dataVersion
    started = Instant(microseconds: record.started).description
    finished = Instant(microseconds: record.finished).description
    members = record.result?.count
    entered = record.result?.entered
    exited = record.result?.exited
    erased = record.result?.erased
    rules = record.result?.rules.map { Rule(rule: $0.rule, cumulative: $0.cumulative) }
    previousRun = record.result?.previousRun
    references = record.references.map { Reference(segment: $0.segment, run: $0.run) }
  }
}
