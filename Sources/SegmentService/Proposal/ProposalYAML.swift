import SegmentCompiler

extension WorkspaceProposal {
  /// The workspace file as a person would write it, the evidence in comments.
  public var yaml: String { ProposalYAML(self).text }
}

/// Writes a proposal as YAML.
struct ProposalYAML {
  private let proposal: WorkspaceProposal
  private var definition: WorkspaceDefinition { proposal.definition }

  init(_ proposal: WorkspaceProposal) { self.proposal = proposal }

  var text: String {
    let parts = [head, sources, tables, relationships, audiences, leftOut]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private var head: String {
    """
    # Proposed by muster init. What the comments say was counted over all rows; the rest is yours to check.
    workspace: \(YAMLText.scalar(definition.name))
    timeZone: UTC    # whose "today" counts, and of datetimes without a zone: yours, such as Europe/Oslo
    """
  }

  // MARK: - Sources and tables

  private var sources: String {
    guard !definition.sources.isEmpty else { return "" }
    let lines = definition.sources.map { source in
      var entries = source.folder == "." ? [] : ["folder: \(YAMLText.scalar(source.folder))"]
      if let format = source.format { entries.append("format: \(format.rawValue)") }
      if source.delimiter != "," {
        entries.append("delimiter: \(Document.quotedJSON(source.delimiter))")
      }
      if !source.missing.isEmpty {
        entries.append(
          "missing: [\(source.missing.map(Document.quotedJSON).joined(separator: ", "))]")
      }
      if entries.isEmpty { entries.append("folder: \".\"") }
      return "  \(YAMLText.scalar(source.name)): {\(entries.joined(separator: ", "))}"
    }
    return (["sources:"] + lines).joined(separator: "\n")
  }

  private var tables: String {
    let blocks = zip(definition.tables, proposal.tables).map { table($0, $1) }
    return "tables:\n" + CommentedLines.text(blocks.flatMap { $0 })
  }

  private func table(_ table: TableDefinition, _ evidence: TableEvidence) -> [CommentedLines.Line] {
    let name = YAMLText.scalar(table.name)
    var entries: [(key: String, value: String)] = []
    switch table.origin {
    case .derived(let origin, let attribute):
      entries.append(("derivedFrom", YAMLText.scalar("\(Reference([origin, attribute]))")))
    case .files(let source, let globs):
      if definition.sources.count > 1 {
        entries.append(("source", YAMLText.scalar(source.name)))
      }
      entries.append(("files", YAMLText.list(globs)))
    }
    if !table.key.isEmpty { entries.append(("key", YAMLText.list(table.key))) }
    if !table.ignore.isEmpty {
      entries.append(
        ("ignore", "[" + table.ignore.map(YAMLText.scalar).joined(separator: ", ") + "]"))
    }
    let comment =
      evidence.rows.rowsText + (table.isDerived ? ", \(evidence.keyReason)" : "")
    let remarks = remarks(table, evidence)
    if table.attributes.isEmpty, remarks.isEmpty {
      let flow = entries.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
      let line = "  \(name): {\(flow)}"
      if line.count <= 90 { return [(line, comment)] }
    }
    var lines: [CommentedLines.Line] = [("  \(name):", comment)]
    lines += entries.map { ("    \($0.key): \($0.value)", nil) }
    if !table.attributes.isEmpty {
      lines.append(("    attributes:", nil))
      for attribute in table.attributes {
        let traps = evidence.traps.filter { trap in
          trap.attribute.map { Text($0) == Text(attribute.name) } ?? false
        }
        lines.append(
          (
            "      \(YAMLText.scalar(attribute.name)): \(declaration(attribute))",
            traps.isEmpty ? nil : YAMLText.comment(traps.map(\.message).joined(separator: "; "))
          ))
      }
    }
    return lines + remarks.map { ("    # " + YAMLText.comment($0), nil) }
  }

  private func declaration(_ attribute: AttributeDefinition) -> String {
    let type =
      switch attribute.type {
      case .exactly(.plainDecimal): "decimal"
      case .exactly(let type): type.name
      case .number: "number"
      case nil: "text"
      }
    guard let format = attribute.format else {
      return type.contains(",") ? Document.quotedJSON(type) : type
    }
    return "{type: \(type), format: \(Document.quotedJSON(format))}"
  }

  // MARK: - Remarks

  /// What is said of the key, of attributes that are not declared, and of the table.
  private func remarks(_ table: TableDefinition, _ evidence: TableEvidence) -> [String] {
    let declared = Set(table.attributes.map { Text($0.name) })
    let own = evidence.traps.filter { !($0.attribute.map { declared.contains(Text($0)) } ?? false) }
    let isPlainKey = table.isDerived || evidence.keyReason.hasPrefix("unique")
    let single = own.filter { $0.summary == nil }.map { trap in
      (trap.attribute.map { "\($0): " } ?? "") + trap.message
    }
    let groups = ProposalYAML.titles.compactMap { kind, title -> String? in
      let names = own.filter { $0.kind == kind }.compactMap { trap in
        trap.summary.map { "\(trap.attribute ?? "")\($0.isEmpty ? "" : " (\($0))")" }
      }
      return names.isEmpty ? nil : "\(title): \(names.joined(separator: ", "))"
    }
    return (isPlainKey ? [] : [evidence.keyReason]) + single + groups
  }

  /// Of traps that say the same of many attributes: these stand in one line.
  private static let titles: [(Trap.Kind, String)] = [
    (.leadingZeros, "leading zeros, so text"), (.blanks, "blanks around values"),
    (.constant, "one value in every row"), (.mostlyEmpty, "missing in 95 % of rows or more"),
    (.empty, "empty in every row"),
  ]

  // MARK: - Relationships and audiences

  private var relationships: String {
    guard !definition.relationships.isEmpty else { return "" }
    let lines = zip(definition.relationships, proposal.relationships).map {
      relationship, evidence in
      ("  - " + line(relationship, evidence), Optional(evidence.summary))
    }
    return "relationships:\n" + CommentedLines.text(lines)
  }

  private func line(_ relationship: Relationship, _ evidence: RelationshipEvidence) -> String {
    let from = "\(Reference([relationship.source, relationship.foreignKey]))"
    let to = "\(Reference([relationship.target, relationship.targetKey]))"
    let name = relationship.name.name
    guard relationship.kind == .oneToOne else {
      return YAMLText.scalar(
        "\(from) -> \(to)" + (evidence.isNamed ? " as \(Reference.quoted(name))" : ""))
    }
    let entries = [
      "from: \(YAMLText.scalar(from))", "to: \(YAMLText.scalar(to))",
      evidence.isNamed ? "name: \(YAMLText.scalar(name))" : nil, "kind: one-to-one",
    ]
    return "{\(entries.compactMap { $0 }.joined(separator: ", "))}"
  }

  private var audiences: String {
    guard !definition.audiences.isEmpty else {
      let rejected = proposal.rejectedAudiences.map { "#   " + YAMLText.comment($0) }
      let none = """
        # No table was recognised as one of persons or companies with a key of one attribute, as an audience needs. A table
        # of one file to which rows are only ever appended may have its row number as key: calculated: {Row: rowNumber()}
        """
      return ([none] + (rejected.isEmpty ? [] : ["# Not taken:"] + rejected)).joined(
        separator: "\n")
    }
    let lines = zip(definition.audiences, proposal.audienceReasons).map { audience, reason in
      var entries = ["table: \(YAMLText.scalar(audience.table))"]
      if audience.kind != .consumer { entries.append("kind: \(audience.kind.rawValue)") }
      if let hierarchy = audience.hierarchy {
        entries.append("hierarchy: \(YAMLText.scalar("\(hierarchy)"))")
      }
      return (
        "  \(YAMLText.scalar(audience.name)): {\(entries.joined(separator: ", "))}",
        reason.isEmpty ? nil : reason
      )
    }
    return "audiences:\n" + CommentedLines.text(lines)
  }

  private var leftOut: String {
    guard !proposal.leftOut.isEmpty else { return "" }
    let lines = proposal.leftOut.map { "#   \(YAMLText.comment("\($0.path): \($0.reason)"))" }
    return (["# Left out:"] + lines).joined(separator: "\n")
  }
}

/// Lines with comments behind them, below each other where the lines are not too long.
enum CommentedLines {
  typealias Line = (text: String, comment: String?)

  static func text(_ lines: [Line]) -> String {
    let most = 72
    let widths = lines.filter { $0.comment != nil }.map(\.text.count).filter { $0 <= most }
    let column = widths.max() ?? 0
    return lines.map { line in
      guard let comment = line.comment else { return line.text }
      let padding = String(repeating: " ", count: max(0, column - line.text.count) + 2)
      return line.text + padding + "# " + YAMLText.comment(comment)
    }
    .joined(separator: "\n")
  }
}

/// Texts as YAML that stands on one line, in flow and in block style.
enum YAMLText {
  static func scalar(_ text: String) -> String {
    let isPlain =
      text.wholeMatch(of: /[A-Za-z][A-Za-z0-9_.\/*()\-]*(( |->)+[A-Za-z0-9_.\/*()\-]+)*/) != nil
      && text.wholeMatch(of: /(?i)(true|false|null|yes|no|on|off|y|n)/) == nil
    return isPlain ? text : Document.quotedJSON(text)
  }

  /// One text as itself, several as a list.
  static func list(_ texts: [String]) -> String {
    texts.count == 1 ? scalar(texts[0]) : "[\(texts.map(scalar).joined(separator: ", "))]"
  }

  /// Nothing in it ends the comment's line.
  static func comment(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map {
          $0.properties.generalCategory == .control || $0.value == 0x2028 || $0.value == 0x2029
            ? " " : $0
        }))
  }
}
