import SegmentCompiler
import SegmentService

/// A plan for people: what becomes of each segment, and how many of them.
func planText(_ plan: ChangePlan, yaml: Bool = false) -> String {
  guard !plan.isEmpty else {
    return
      "Nothing changes: \(plan.unchanged.counted("segment")) as \(plan.unchanged == 1 ? "it is" : "they are") saved."
  }
  var blocks = plan.items.map { itemText($0, hasSizes: plan.hasSizes, yaml: yaml) }
  blocks.append(summaryText(plan))
  return blocks.joined(separator: "\n\n")
}

private func itemText(_ item: ChangePlan.Item, hasSizes: Bool, yaml: Bool) -> String {
  var lines: [String]
  switch item.action {
  case .create:
    lines = ["+ \(item.segment.printable) is created", "    \(item.sentence.printable)"]
  case .change:
    lines = ["~ \(item.segment.printable) changes (version \(item.version ?? 0))"]
    lines += item.changes.map { "    \($0.description.printable)" }
  case .follow:
    let names = item.because.map { "'\($0.printable)'" }.joined(separator: ", ")
    lines = ["» \(item.segment.printable) changes because it refers to \(names)"]
  case .delete:
    lines = [
      "- \(item.segment.printable) goes to the trash", "    \(item.sentence.printable)",
    ]
  }
  if hasSizes { lines.append("    " + sizeText(item)) }
  if yaml, item.action != .follow {
    lines += item.yamlDiff.split(separator: "\n").map { "    \(String($0).printable)" }
  }
  return lines.joined(separator: "\n")
}

private func sizeText(_ item: ChangePlan.Item) -> String {
  let size = item.size
  let before = size.before?.grouped ?? "never refreshed"
  if item.action == .delete { return size.before?.counted("member") ?? before }
  if let problem = size.problem { return "its members cannot be computed: \(problem.printable)" }
  let after = size.after.map { $0.counted("member") } ?? "not known"
  var text = item.action == .create ? after : "\(before) → \(after)"
  if let entered = size.entered, let exited = size.exited {
    text += " (\(entered.grouped) entered, \(exited.grouped) exited)"
  }
  if size.pending > 0 {
    text += "; \(size.pending.counted("key")) without a profile yet"
  }
  return text
}

private func summaryText(_ plan: ChangePlan) -> String {
  let words: [(ChangePlan.Item.Action, String)] = [
    (.create, "to create"), (.change, "to change"), (.follow, "that follow"),
    (.delete, "to delete"),
  ]
  var parts = words.compactMap { action, word -> String? in
    let count = plan.items.count { $0.action == action }
    return count > 0 ? "\(count.grouped) \(word)" : nil
  }
  parts.append("\(plan.unchanged.grouped) unchanged")
  var text = parts.joined(separator: ", ") + "."
  let isOlder = plan.items.contains {
    $0.size.dataVersionBefore.map { $0 != plan.dataVersion } ?? false
  }
  if plan.hasSizes, isOlder {
    text +=
      "\nSome members in force are from earlier data: what the data has changed since counts here too."
  }
  return text
}

extension ChangePlan.Item {
  /// As `diff -u` prints it.
  var yamlDiff: String {
    UnifiedDiff.text(
      from: before?.yaml ?? "", to: after?.yaml ?? "",
      names: (before == nil ? "/dev/null" : segment, after == nil ? "/dev/null" : segment))
  }
}

/// A plan for programs.
struct ChangePlanJSON: Encodable {
  struct Item: Encodable {
    var segment: String
    var action: String
    var version: Int?
    var sentence: String
    var changes: [DefinitionChangeJSON]
    var because: [String]
    var members: Members?
    var yaml: String?
    var warnings: [DiagnosticJSON]
  }
  struct Members: Encodable {
    var before: Int?
    var after: Int?
    var entered: Int?
    var exited: Int?
    var pending: Int
    var problem: String?
    var dataVersionBefore: Int64?
  }

  var asOf: String
  var dataVersion: Int64
  var unchanged: Int
  var items: [Item]

  init(_ plan: ChangePlan, yaml: Bool) {
    asOf = plan.asOf.description
    dataVersion = plan.dataVersion
    unchanged = plan.unchanged
    items = plan.items.map { item in
      let size = item.size
      return Item(
        segment: item.segment, action: item.action.rawValue, version: item.version,
        sentence: item.sentence, changes: item.changes.map { DefinitionChangeJSON($0) },
        because: item.because,
        members: plan.hasSizes
          ? Members(
            before: size.before, after: size.after, entered: size.entered, exited: size.exited,
            pending: size.pending, problem: size.problem,
            dataVersionBefore: size.dataVersionBefore) : nil,
        yaml: yaml ? item.yamlDiff : nil, warnings: item.warnings.map { DiagnosticJSON($0) })
    }
  }
}

struct DefinitionChangeJSON: Encodable {
  var subject: String
  var before: String?
  var after: String?

  init(_ change: DefinitionChange) {
    subject = change.subject
    before = change.before
    after = change.after
  }
}
