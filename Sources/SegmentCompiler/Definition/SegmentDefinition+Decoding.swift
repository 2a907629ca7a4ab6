import Foundation

extension SegmentDefinition {
  /// The deepest nesting of conditions, and that of groups.
  public static let maximumDepth = 200
  /// The most conditions in one definition.
  public static let maximumConditions = 10_000
  public static let maximumTags = 20
  /// The most keys of a manual segment.
  public static let maximumKeys = 2_000_000

  /// Decodes one definition.
  ///
  /// - Parameter defaultName: used where the document has no `segment`.
  /// - Throws: ``Diagnostics`` with every problem of the document's shape.
  public init(decoding document: Document, defaultName: String? = nil) throws {
    let partial = PartialDefinition(decoding: document, defaultName: defaultName)
    guard partial.isWhole else { throw Diagnostics(partial.problems) }
    self = partial.definition
  }

  /// Decodes every definition of a YAML or JSON text.
  public static func decodeAll(_ text: String) throws -> [SegmentDefinition] {
    try Document.parse(text).map { try SegmentDefinition(decoding: $0) }
  }
}

/// Turns a document into a ``SegmentDefinition`` and collects what is wrong with its shape.
final class DefinitionDecoder {
  let reader = DocumentReader()
  var conditions = 0
  /// Where something could not be read and nothing stands in its place.
  private(set) var holes: [String] = []

  typealias Fields = [String: Document]

  /// Stands in for what could not be read at a place; an empty place is the whole definition.
  func hole<Value>(_ place: String, _ value: Value) -> Value {
    if place.isEmpty { holes = [""] }
    if holes.first != "" { holes.append(place) }
    return value
  }

  /// What can be read; what cannot is noted.
  func definition(_ document: Document, defaultName: String?) -> SegmentDefinition {
    let known = [
      "segment", "displayName", "description", "tags", "audience", "timeZone", "weekStart", "rules",
      "keys", "keysFile", "limit", "project",
    ]
    guard let fields = reader.mapping(document, at: "", known: known) else {
      return hole("", SegmentDefinition(name: "", content: .rules([])))
    }
    return SegmentDefinition(
      name: name(fields, defaultName: defaultName, in: document) ?? "",
      displayName: text("displayName", of: fields),
      description: text("description", of: fields),
      tags: tags(fields),
      audience: fields["audience"].flatMap {
        reader.text($0, at: "audience") ?? hole("audience", nil)
      },
      timeZone: text("timeZone", of: fields),
      weekStart: fields["weekStart"].flatMap {
        reader.word($0, at: "weekStart", as: Weekday.self)
      },
      content: content(fields, in: document) ?? hole("rules", .rules([])),
      limit: fields["limit"].flatMap(limit),
      projection: projection(fields)
    )
  }

  // MARK: Head

  private func name(_ fields: Fields, defaultName: String?, in document: Document) -> String? {
    guard let field = fields["segment"] else {
      if defaultName == nil { reader.missing("segment", at: "", in: document) }
      return defaultName
    }
    guard let name = reader.text(field, at: "segment", expected: "the segment's name") else {
      return nil
    }
    guard SegmentDefinition.isValidName(name) else {
      reader.note(
        "invalidName", at: "segment",
        "A name has 1 to 200 characters, no control characters, and no blank at its ends.",
        in: field)
      return nil
    }
    return SegmentDefinition.canonicalName(name)
  }

  private func tags(_ fields: Fields) -> [String] {
    guard let field = fields["tags"], let items = reader.list(field, at: "tags") else { return [] }
    if items.count > SegmentDefinition.maximumTags {
      reader.note(
        "tooManyTags", at: "tags",
        "There are \(items.count) tags; at most \(SegmentDefinition.maximumTags) are possible.",
        in: field)
    }
    return items.enumerated().compactMap { reader.text($1, at: "tags[\($0)]") }
  }

  private func content(_ fields: Fields, in document: Document) -> SegmentDefinition.Content? {
    let given = ["rules", "keys", "keysFile"].compactMap { key in fields[key].map { (key, $0) } }
    guard let (kind, field) = given.first else {
      reader.missing("rules", at: "", in: document)
      return nil
    }
    guard given.count == 1 else {
      reader.note(
        "rulesAndKeys", at: given[1].0,
        "A segment has either rules or keys (or a keysFile), not \(given.map(\.0).joined(separator: " and ")).",
        in: given[1].1)
      return nil
    }
    switch kind {
    case "rules": return items(field, at: "rules").map { .rules($0) }
    case "keys": return keys(field).map { .keys($0) }
    default: return keysFile(field).map { .keysFile($0) }
    }
  }

  private func keys(_ document: Document) -> [Scalar]? {
    guard let items = reader.list(document, at: "keys") else { return nil }
    guard items.count <= SegmentDefinition.maximumKeys else {
      reader.note(
        "tooManyKeys", at: "keys",
        "There are \(items.count) keys; at most \(SegmentDefinition.maximumKeys) are possible.",
        hint: "Load a longer list as a table, and select its profiles by a rule.", in: document)
      return nil
    }
    return items.enumerated().compactMap { index, item in
      // A million places are not worth making for nothing.
      if case .scalar(let key) = item.value { return key }
      return reader.scalar(item, at: "keys[\(index)]", expected: "a profile's key")
    }
  }

  private func keysFile(_ document: Document) -> KeysFile? {
    guard case .mapping(let entries) = document.value else {
      return reader.text(document, at: "keysFile", expected: "a file's path").map {
        KeysFile(path: $0)
      }
    }
    let fields = reader.fields(entries, at: "keysFile", known: ["path", "column"])
    if fields["path"] == nil { reader.missing("path", at: "keysFile", in: document) }
    return text("path", of: fields, at: "keysFile").map {
      KeysFile(path: $0, column: text("column", of: fields, at: "keysFile"))
    }
  }

  private func limit(_ document: Document) -> Limit? {
    let known = ["top", "by", "order", "random", "salt"]
    guard let fields = reader.mapping(document, at: "limit", known: known) else { return nil }
    func count(_ key: String) -> Int? {
      fields[key].flatMap {
        reader.wholeNumber($0, at: "limit.\(key)", in: 1...4_000_000_000)
      }
    }
    if fields["top"] != nil {
      refuse(["random", "salt"], of: fields, with: "top", at: "limit")
      guard let by = fields["by"] else {
        reader.missing("by", at: "limit", in: document)
        return nil
      }
      let order = fields["order"].flatMap { reader.word($0, at: "limit.order", as: Order.self) }
      guard let count = count("top"), let by = reference(by, at: "limit.by") else { return nil }
      return Limit(count: count, choice: .top(by: by, descending: order != .ascending))
    }
    guard fields["random"] != nil else {
      reader.missing("top", at: "limit", in: document)
      return nil
    }
    refuse(["by", "order"], of: fields, with: "random", at: "limit")
    let salt = text("salt", of: fields, at: "limit")
    guard let count = count("random") else { return nil }
    return Limit(count: count, choice: .random(salt: salt ?? ""))
  }

  private enum Order: String, CaseIterable { case ascending, descending }

  private func projection(_ fields: Fields) -> [Reference] {
    guard let field = fields["project"], let items = reader.list(field, at: "project") else {
      return []
    }
    return items.enumerated().compactMap { reference($1, at: "project[\($0)]") }
  }

  // MARK: Rules

  private func items(_ document: Document, at place: String, depth: Int = 0) -> [RuleItem]? {
    guard depth <= SegmentDefinition.maximumDepth else {
      reader.note(
        "tooDeep", at: place, "Groups are nested at most \(SegmentDefinition.maximumDepth) deep.",
        in: document)
      return nil
    }
    guard let list = reader.list(document, at: place) else { return nil }
    guard !list.isEmpty else {
      reader.note("emptyList", at: place, "At least one rule is needed here.", in: document)
      return nil
    }
    return list.enumerated().map { index, item in
      let place = "\(place)[\(index)]"
      return self.item(item, at: place, first: index == 0, depth: depth)
        ?? hole(place, RuleItem(combine: nil, content: .group([])))
    }
  }

  private func item(_ document: Document, at place: String, first: Bool, depth: Int) -> RuleItem? {
    let known = ["combine", "group", "name", "from", "path", "quantifier", "where", "match"]
    guard let fields = reader.mapping(document, at: place, known: known) else { return nil }
    let combine = combine(fields["combine"], at: place, first: first, in: document)
    guard let group = fields["group"] else {
      guard let has = has(fields, at: place, in: document) else { return nil }
      let name = text("name", of: fields, at: place)
      return RuleItem(combine: combine, content: .rule(Rule(name: name, has: has)))
    }
    for key in known.dropFirst(2) where fields[key] != nil {
      reader.note(
        "unknownKey", at: "\(place).\(key)", "'\(key)' does not go with 'group'.", in: fields[key])
    }
    guard let items = items(group, at: "\(place).group", depth: depth + 1) else { return nil }
    return RuleItem(combine: combine, content: .group(items))
  }

  private func combine(
    _ field: Document?, at place: String, first: Bool, in document: Document
  ) -> SetOperator? {
    guard let field else {
      if !first {
        reader.note(
          "combineMissing", at: place,
          "How this rule joins those before it is missing: combine with union, intersect, except or exclusive.",
          in: document)
      }
      return nil
    }
    if first {
      reader.note(
        "combineOnFirst", at: "\(place).combine",
        "The first rule of a list has nothing before it to combine with.", in: field)
    }
    return reader.word(field, at: "\(place).combine", as: SetOperator.self)
  }

  func has(_ fields: Fields, at place: String, in document: Document, depth: Int = 0)
    -> Has?
  {
    func part(_ key: String) -> Condition? {
      fields[key].map { tree($0, at: "\(place).\(key)", depth: depth + 1) }
    }
    let origin = origin(fields, at: place)
    let quantifier = fields["quantifier"].map { field in
      let place = "\(place).quantifier"
      return self.quantifier(field, at: place) ?? hole(place, .any)
    }
    let (filter, match) = (part("where"), part("match"))
    // Without the path nothing can be said of the conditions.
    guard let origin else { return nil }
    return Has(origin: origin, quantifier: quantifier ?? .any, where: filter, match: match)
  }

  private func origin(_ fields: Fields, at place: String) -> PathOrigin? {
    switch (fields["from"], fields["path"]) {
    case (nil, nil): return .profile
    case (let from?, nil):
      return reader.text(from, at: "\(place).from", expected: "a table's name").map { .table($0) }
    case (_, let path?):
      if let from = fields["from"] {
        reader.note(
          "unknownKey", at: "\(place).from", "'from' does not go with 'path': the path says it.",
          in: from)
      }
      guard let list = reader.list(path, at: "\(place).path") else { return nil }
      let steps = list.enumerated().compactMap { index, item -> PathStep? in
        let place = "\(place).path[\(index)]"
        guard let text = reader.text(item, at: place, expected: "a relationship") else {
          return nil
        }
        guard let step = PathStep(text) else {
          reader.note(
            "invalidReference", at: place,
            "'\(text)' is no relationship; expected is Table.Name, or ~Table.Name to walk from its target to its source.",
            in: item)
          return nil
        }
        return step
      }
      guard steps.count == list.count else { return nil }
      return steps.isEmpty ? .profile : .steps(steps)
    }
  }

  private func quantifier(_ document: Document, at place: String) -> Quantifier? {
    if case .scalar(.text(let word)) = document.value {
      switch word {
      case "any": return .any
      case "none": return Quantifier.none
      case "every": return .every
      default: break
      }
    }
    guard case .mapping(let entries) = document.value else {
      reader.note(
        "wrongShape", at: place,
        "A quantifier is any, none, every, {first: …}, {last: …} or {aggregate: …, of: …, is: …, value: …}.",
        in: document)
      return nil
    }
    let known = ["first", "last", "aggregate", "of"] + DefinitionDecoder.testKeys
    let fields = reader.fields(entries, at: place, known: known)
    if let first = fields["first"] {
      refuse(known.filter { $0 != "first" }, of: fields, with: "first", at: place)
      return reference(first, at: "\(place).first").map { .first($0) }
    }
    if let last = fields["last"] {
      refuse(known.filter { $0 != "last" }, of: fields, with: "last", at: place)
      return reference(last, at: "\(place).last").map { .last($0) }
    }
    guard let field = fields["aggregate"] else {
      reader.missing("aggregate", at: place, in: document)
      return nil
    }
    let function = reader.word(field, at: "\(place).aggregate", as: AggregateFunction.self)
    let attribute = fields["of"].flatMap { reference($0, at: "\(place).of") }
    let test = test(fields, at: place, in: document)
    guard let function, let test else { return nil }
    return .aggregate(Aggregate(function: function, of: attribute, test: test))
  }

  // MARK: Parts

  /// Notes the keys of a mapping that have no meaning beside another.
  func refuse(_ keys: [String], of fields: Fields, with other: String, at place: String) {
    for key in keys where fields[key] != nil {
      reader.note(
        "unknownKey", at: DocumentReader.join(place, key), "'\(key)' does not go with '\(other)'.",
        in: fields[key])
    }
  }

  func text(_ key: String, of fields: Fields, at place: String = "") -> String? {
    fields[key].flatMap { reader.text($0, at: DocumentReader.join(place, key)) }
  }

  func reference(_ document: Document, at place: String) -> Reference? {
    guard let text = reader.text(document, at: place, expected: "a reference such as Order.Total")
    else { return nil }
    guard let reference = Reference(text) else {
      reader.note(
        "invalidReference", at: place,
        "'\(text)' is no reference; expected are names with dots between them, such as Order.Total.",
        hint: "A name that holds a dot or a quote is written in double quotes.", in: document)
      return nil
    }
    return reference
  }
}

extension SegmentDefinition {
  /// A segment's name in the one form it is stored and compared in: names that look the same are the same.
  public static func canonicalName(_ name: String) -> String {
    name.precomposedStringWithCanonicalMapping
  }

  /// 1 to 200 characters, no control characters, no blank at the ends.
  public static func isValidName(_ name: String) -> Bool {
    let scalars = name.unicodeScalars
    return (1...200).contains(scalars.count) && scalars.first != " " && scalars.last != " "
      && !scalars.contains { $0.properties.generalCategory == .control }
  }

  /// 1 to 100 characters, no control characters, no blank at the ends.
  public static func isValidTag(_ tag: String) -> Bool {
    let scalars = tag.unicodeScalars
    return (1...100).contains(scalars.count) && scalars.first != " " && scalars.last != " "
      && !scalars.contains { $0.properties.generalCategory == .control }
  }
}
