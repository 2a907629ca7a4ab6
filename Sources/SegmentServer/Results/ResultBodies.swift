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
