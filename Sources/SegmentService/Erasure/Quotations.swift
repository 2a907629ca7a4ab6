import SegmentCompiler
import SegmentEngines
import SegmentStore

/// Texts of the store that quote values which only erased rows have.
struct Quotations {
  /// Definitions, which only their authors can change.
  var mentions: [ErasureReport.Mention] = []
  /// Runs whose cause quotes such a value.
  var causes: [Int64] = []
  /// Entries of the audit log that do, such as by the name of a segment.
  var auditEntries: [Int64] = []
  /// Messages to webhooks that do.
  var messages: [Int64] = []
  /// Lines of letters that do.
  var mail: [Int64] = []
}

extension ErasureRun {
  /// Looks for the values of the rows that go in definitions, in the causes of runs, in the audit log and in
  /// messages.
  func quotations(_ views: [DataView]) async throws -> Quotations {
    let keys = Set(cascade.sets.keys.filter { $0.kind == .suppressed(.profile) }.map(\.place))
    let references = views.flatMap(\.links).filter { keys.contains($0.target) }.map(\.source)
    let texts = try storedTexts(keyAttributes: Set((keys + references).map(\.attribute)))
    guard !texts.isEmpty else { return Quotations() }
    try await store(texts)
    var found = try await quotedKeys()
    for rows in stored.values where cascade.isTouched(rows) {
      found += try await quotedValues(of: rows)
    }
    var quotations = Quotations()
    // Foreign keys and derived tables repeat what is said elsewhere.
    let links = views.flatMap(\.links)
    let repeating = Set(
      links.filter { !$0.isDerivation }.map(\.source)
        + links.filter(\.isDerivation).map(\.target))
    for same in Dictionary(grouping: found, by: \.standing).values {
      let quotation = same.min { left, right in
        let ranks = [left, right].map { repeating.contains($0.place) ? 1 : 0 }
        return (ranks[0], left.attribute) < (ranks[1], right.attribute)
      }!
      switch texts[quotation.text].origin {
      case .definition(let segment, let version):
        quotations.mentions.append(
          ErasureReport.Mention(
            place: .segment(segment, version: version), attribute: quotation.attribute))
      case .workspaceFile:
        quotations.mentions.append(
          ErasureReport.Mention(place: .workspaceFile, attribute: quotation.attribute))
      case .cause(let run): quotations.causes.append(run)
      case .auditEntry(let id): quotations.auditEntries.append(id)
      case .message(let id): quotations.messages.append(id)
      case .mail(let id): quotations.mail.append(id)
      }
    }
    quotations.mentions = Set(quotations.mentions).sorted()
    return quotations
  }

  // MARK: Texts

  private struct StoredText {
    enum Origin {
      case definition(segment: String, version: Int)
      case workspaceFile
      case cause(run: Int64)
      case auditEntry(Int64)
      case message(Int64)
      case mail(Int64)
    }

    var text: String
    /// Whether it stands where keys of profiles do.
    var isKey: Bool
    var origin: Origin
  }

  private struct Quotation {
    /// Which of the texts.
    var text: Int
    var value: Text
    var place: KeyPlace

    var attribute: String { Reference([place.table, place.attribute]).description }
    var standing: Standing { Standing(text: text, value: value) }

    struct Standing: Hashable {
      var text: Int
      var value: Text
    }
  }

  private func storedTexts(keyAttributes: Set<String>) throws -> [StoredText] {
    var texts: [StoredText] = []
    for version in try service.store.allVersions() {
      let origin = StoredText.Origin.definition(segment: version.segment, version: version.number)
      for document in (try? Document.parse(version.definition)) ?? [] {
        texts += document.scalars(
          keyAttributes: keyAttributes, leavingOut: version.isDraft ? nil : "keys"
        ).map {
          StoredText(text: $0.text, isKey: $0.isKey, origin: origin)
        }
      }
    }
    for text in Set([service.text] + (try service.store.workspaceFiles())) {
      texts.append(StoredText(text: text, isKey: false, origin: .workspaceFile))
    }
    for run in try service.store.runs(succeeded: false) {
      guard let cause = run.cause else { continue }
      texts.append(StoredText(text: cause, isKey: false, origin: .cause(run: run.id)))
    }
    for (entry, quoting) in try service.store.auditTexts() {
      texts += quoting.map { StoredText(text: $0, isKey: false, origin: .auditEntry(entry)) }
    }
    for (message, quoting) in try service.store.messageTexts() {
      texts += quoting.map { StoredText(text: $0, isKey: false, origin: .message(message)) }
    }
    for (item, quoting) in try service.store.mailTexts() {
      texts += quoting.map { StoredText(text: $0, isKey: false, origin: .mail(item)) }
    }
    return texts
  }

  private static let texts: SQLQuery = "\(identifier: "_muster_texts")"
  private static let words: SQLQuery = "\(identifier: "_muster_text_words")"
  private static let values: SQLQuery = "\(identifier: "_muster_erased_values")"

  /// The text as its words, with a blank around each: so that a value is found where its words stand, and not
  /// inside of others.
  private static func words(_ text: SQLQuery) -> SQLQuery {
    "(' ' || trim(regexp_replace(\(text), '[^\\pL\\pN]+', ' ', 'g')) || ' ')"
  }

  private func store(_ texts: [StoredText]) async throws {
    try await connection.execute(
      "CREATE OR REPLACE TEMPORARY TABLE \(ErasureRun.texts) (n INTEGER, text VARCHAR, isKey BOOLEAN)"
    )
    for start in stride(from: 0, to: texts.count, by: 1_000) {
      let rows = (start..<min(start + 1_000, texts.count)).map {
        "(\(number: $0), \(bind: .text(texts[$0].text)), \(bind: .boolean(texts[$0].isKey)))"
          as SQLQuery
      }
      try await connection.execute("INSERT INTO \(ErasureRun.texts) VALUES \(rows.joined(", "))")
    }
    try await connection.execute(
      """
      CREATE OR REPLACE TEMPORARY TABLE \(ErasureRun.words) AS
      SELECT DISTINCT n, words, unnest(string_split(trim(words), ' ')) AS word
      FROM (SELECT n, \(ErasureRun.words("text")) AS words FROM \(ErasureRun.texts))
      """)
  }

  // MARK: Values

  /// Texts that quote the key of an erased profile.
  private func quotedKeys() async throws -> [Quotation] {
    var found: [Quotation] = []
    for set in cascade.sets.keys where set.kind == .suppressed(.profile) {
      found += try await hits(
        of: set.place.table,
        """
        SELECT \(bind: .text(set.place.attribute)) AS attribute, value FROM \(Cascade.keys)
        WHERE "set" = \(number: cascade.number(of: set))
        """)
    }
    return found
  }

  /// Texts that quote a value of rows that go and of no row that stays.
  private func quotedValues(of rows: StoredRows) async throws -> [Quotation] {
    let columns = rows.columns.filter { column, type in
      ["VARCHAR", "BIGINT"].contains(type) && !column.hasPrefix("_muster")
    }.keys.sorted()
    guard !columns.isEmpty else { return [] }
    let marked: SQLQuery = """
      (SELECT * FROM \(rows.sql) AS r WHERE \(cascade.isMarked(rows)))
      """
    let values = columns.map { column in
      """
      SELECT \(bind: .text(column)) AS attribute, CAST(\(identifier: column) AS VARCHAR) AS value
      FROM \(marked)
      """ as SQLQuery
    }
    let all: SQLQuery = "SELECT * FROM (\(values.joined(" UNION ALL ")))"
    var found: [Quotation] = []
    for quotation in try await hits(of: rows.table, all) {
      let column: SQLQuery = "r.\(identifier: quotation.place.attribute)"
      let others = try await connection.rows(
        """
        SELECT 1 FROM \(rows.sql) AS r
        WHERE CAST(\(column) AS VARCHAR) = \(bind: .text(quotation.value))
          AND NOT \(cascade.isMarked(rows)) LIMIT 1
        """)
      if others.isEmpty { found.append(quotation) }
    }
    return found
  }

  /// Where values of a table, a query of `attribute` and `value`, stand in the texts: as the whole text, or as words of it.
  /// Short numbers are everywhere; they count only where keys stand.
  private func hits(of table: String, _ values: SQLQuery) async throws -> [Quotation] {
    try await connection.execute(
      """
      CREATE OR REPLACE TEMPORARY TABLE \(ErasureRun.values) AS
      SELECT DISTINCT attribute, value, \(ErasureRun.words("value")) AS words,
        regexp_full_match(value, '-?[0-9]{1,4}') AS isShort
      FROM (\(values)) WHERE value IS NOT NULL AND value <> ''
      """)
    let rows = try await connection.rows(
      """
      SELECT n, attribute, value FROM \(ErasureRun.texts) JOIN \(ErasureRun.values)
        ON text = value WHERE isKey OR NOT isShort
      UNION
      SELECT n, attribute, value FROM \(ErasureRun.words) AS t JOIN \(ErasureRun.values) AS v
        ON t.word = string_split(trim(v.words), ' ')[1]
      WHERE NOT isShort AND trim(v.words) <> '' AND contains(t.words, v.words)
      """)
    return rows.compactMap { row in
      guard let text = row[0].integer, let attribute = row[1].string, let value = row[2].text else {
        return nil
      }
      return Quotation(
        text: Int(text), value: value, place: KeyPlace(table: table, attribute: attribute))
    }
  }
}

extension Document {
  /// All texts and numbers, but for those of one entry at the top, and whether keys of profiles stand there: beside
  /// an attribute that holds such, or as the relative of an account.
  fileprivate func scalars(
    keyAttributes: Set<String>, leavingOut name: String? = nil, isKey: Bool = false
  ) -> [(text: String, isKey: Bool)] {
    switch value {
    case .null, .scalar(.boolean): return []
    case .scalar(.text(let text)), .scalar(.number(let text)): return [(text, isKey)]
    case .list(let items):
      return items.flatMap { $0.scalars(keyAttributes: keyAttributes, isKey: isKey) }
    case .mapping(let entries):
      let isKey = entries.contains { $0.namesKey(among: keyAttributes) }
      return entries.filter { $0.key != name }.flatMap {
        $0.value.scalars(keyAttributes: keyAttributes, isKey: isKey && $0.key == "value")
      }
    }
  }
}

extension Document.Entry {
  fileprivate func namesKey(among attributes: Set<String>) -> Bool {
    guard case .scalar(.text(let text)) = value.value else { return false }
    switch key {
    case "attribute": return Reference(text)?.parts.last.map(attributes.contains) ?? false
    case "is", "isNot": return ["childOf", "parentOf"].contains(text)
    default: return false
    }
  }
}
