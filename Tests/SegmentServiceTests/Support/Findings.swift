import SegmentCompiler
import Testing

@testable import SegmentService

extension [Why.Finding] {
  /// Their truth combined from left to right, as rules are.
  var folded: Bool {
    var result = false
    for (index, finding) in enumerated() {
      switch index == 0 ? nil : finding.combine {
      case nil, .union: result = (index == 0 ? false : result) || finding.holds
      case .intersect: result = result && finding.holds
      case .except: result = result && !finding.holds
      case .exclusive: result = result != finding.holds
      }
    }
    return result
  }

  /// Findings whose parts do not make up their truth, anywhere below.
  var contradictions: [String] {
    flatMap { finding -> [String] in
      let inner = finding.parts
      let wanted: Bool
      switch finding.text {
      case "all of": wanted = inner.allSatisfy(\.holds)
      case "any of": wanted = inner.contains(where: \.holds)
      case "not": wanted = !inner[0].holds
      case "group": wanted = inner.folded
      default: wanted = finding.holds
      }
      return (wanted == finding.holds ? [] : [finding.text]) + inner.contradictions
    }
  }

  /// One line per finding, parts indented: `+` for true, `-` for false.
  var outline: [String] {
    flatMap { finding -> [String] in
      let combine = finding.combine.map { "\($0.rawValue) " } ?? ""
      let detail = finding.detail.map { " | \($0)" } ?? ""
      return ["\(finding.holds ? "+" : "-") \(combine)\(finding.text)\(detail)"]
        + finding.parts.outline.map { "  " + $0 }
    }
  }
}
