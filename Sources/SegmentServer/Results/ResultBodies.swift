import SegmentCompiler
import SegmentService
import SegmentStore

struct MembersBody: Encodable {
  var run: Int64
  var columns: [String]
  var rows: [[ValueBody]]
  var total: Int
  var next: String?

  init(_ page: MemberPage) {
    run = page.run.id
    columns = page.rows.columns
    rows = page.rows.rows.map { $0.map(ValueBody.init) }
    total = page.count
    next = page.next?.description
  }
}

struct EstimateBody: Encodable {
  struct Count: Encodable {
    var value: Int
    var low: Int
    var high: Int

    init(_ count: Estimate.Count) {
      value = count.value
      low = count.range.lowerBound
      high = count.range.upperBound
    }
  }

  struct Rule: Encodable {
    var rule: Count
    var cumulative: Count
  }

  var segment: String
  var sentence: String
  var isExact: Bool
  var count: Count
  var rules: [Rule]
  var universe: Int
  var sample: Int?
  var warnings: [DiagnosticBody]
  var pending: Int
  var milliseconds: Double

  init(_ estimate: Estimate) {
    segment = estimate.segment
    sentence = estimate.sentence
    isExact = estimate.isExact
    count = Count(estimate.count)
    rules = estimate.rules.map { rule in
      Rule(rule: Count(rule.rule), cumulative: Count(rule.cumulative))
    }
    universe = estimate.universe
    sample = estimate.sample
    warnings = estimate.warnings.map { DiagnosticBody($0) }
    pending = estimate.pending.count
    milliseconds = estimate.took / .milliseconds(1)
  }
}

/// One refresh of a segment.
struct RunBody: Encodable {
  struct Reference: Encodable {
    var segment: String
    var run: Int64
  }

  var run: Int64
  var status: String
  var cause: String?
  var version: Int
  var asOf: String
  var dataVersion: Int64
  var started: String
  var finished: String
  var members: Int?
  var entered: Int?
  var exited: Int?
  var erased: Int?
  var rules: [RuleCountBody]?
  var previousRun: Int64?
  var references: [Reference]
  var kept: String?

  init(_ record: RunRecord, rest: SegmentService.Rest?) {
    let result = record.result
    run = record.id
    status = record.status.rawValue
    cause = record.cause
    version = record.segmentVersion
    asOf = time(record.asOf)
    dataVersion = record.dataVersion
    started = time(record.started)
    finished = time(record.finished)
    members = result?.count
    entered = result?.entered
    exited = result?.exited
    erased = result?.erased
    rules = result?.rules.map { RuleCountBody(rule: $0.rule, cumulative: $0.cumulative) }
    previousRun = result?.previousRun
    references = record.references.map { Reference(segment: $0.segment, run: $0.run) }
    kept = rest?.rawValue
  }
}

struct WhyBody: Encodable {
  struct Finding: Encodable {
    var text: String
    var holds: Bool
    var detail: String?
    var combine: String?
    var parts: [Finding]

    init(_ finding: Why.Finding) {
      text = finding.text
      holds = finding.holds
      detail = finding.detail
      combine = finding.combine?.rawValue
      parts = finding.parts.map(Finding.init)
    }
  }

  var segment: String
  var key: KeyBody
  var isMember: Bool
  var asOf: String
  var dataVersion: Int64
  var run: Int64?
  var findings: [Finding]

  init(_ why: Why) {
    segment = why.segment
    key = KeyBody(key: why.key)
    isMember = why.isMember
    asOf = why.asOf.description
    dataVersion = why.dataVersion
    run = why.run
    findings = why.findings.map(Finding.init)
  }
}
