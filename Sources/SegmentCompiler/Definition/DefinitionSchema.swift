/// The JSON Schema (draft 2020-12) of definition documents, made from the operator table.
public enum DefinitionSchema {
  public static var json: String { document.json }

  public static var document: Document {
    .mapping([
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("title", .text("Muster segment definition")),
      ("type", .text("object")),
      ("required", .list([.text("segment")])),
      ("additionalProperties", .boolean(false)),
      ("oneOf", .list([required("rules"), required("keys"), required("keysFile")])),
      ("properties", properties),
      ("$defs", definitions),
    ])
  }

  private static var properties: Document {
    .mapping([
      ("segment", text(maximum: 200)),
      ("displayName", text()),
      ("description", text()),
      (
        "tags",
        array(of: text(), [("maxItems", .number(SegmentDefinition.maximumTags))])
      ),
      ("audience", text()),
      ("timeZone", text()),
      ("weekStart", words(Weekday.allCases.map(\.rawValue))),
      ("rules", array(of: reference("item"), [("minItems", .number(1))])),
      ("keys", array(of: type("string", "integer"))),
      (
        "keysFile",
        oneOf([text(), object(["path": text(), "column": text()], required: ["path"])])
      ),
      ("limit", limit),
      ("project", array(of: text())),
    ])
  }

  private static var limit: Document {
    let count = Document.mapping([("type", .text("integer")), ("minimum", .number(1))])
    return oneOf([
      object(
        ["top": count, "by": text(), "order": words(["ascending", "descending"])],
        required: ["top", "by"]),
      object(["random": count, "salt": text()], required: ["random"]),
    ])
  }

  private static var definitions: Document {
    .mapping([
      ("item", oneOf([rule, group])),
      ("condition", condition),
      ("has", object(hasProperties, required: [], onePathAtMost)),
      ("quantifier", quantifier),
      ("comparison", comparison),
      ("value", value),
    ])
  }

  private static var hasProperties: [String: Document] {
    [
      "from": text(), "path": array(of: text()), "quantifier": reference("quantifier"),
      "where": reference("condition"), "match": reference("condition"),
    ]
  }

  private static var onePathAtMost: (String, Document?) { ("not", required("from", "path")) }

  private static var rule: Document {
    object(
      hasProperties.merging(["name": text(), "combine": combine]) { $1 }, required: [],
      onePathAtMost)
  }

  private static var group: Document {
    object(
      [
        "combine": combine,
        "group": array(of: reference("item"), [("minItems", .number(1))]),
      ], required: ["group"])
  }

  private static var combine: Document { words(SetOperator.allCases.map(\.rawValue)) }

  private static var condition: Document {
    let list = array(of: reference("condition"), [("minItems", .number(1))])
    return oneOf([
      object(["all": list], required: ["all"]), object(["any": list], required: ["any"]),
      object(["has": reference("has")], required: ["has"]), reference("comparison"),
    ])
  }

  private static var quantifier: Document {
    oneOf([
      words(["any", "none", "every"]),
      object(["first": text()], required: ["first"]),
      object(["last": text()], required: ["last"]),
      object(
        testProperties.merging([
          "aggregate": words(AggregateFunction.allCases.map(\.rawValue)), "of": text(),
        ]) { $1 }, required: ["aggregate"], oneDirection),
    ])
  }

  private static var comparison: Document {
    object(
      testProperties.merging(["attribute": text(), "row": text()]) { $1 }, required: [],
      oneDirection, ("not", required("attribute", "row")))
  }

  private static var oneDirection: (String, Document?) {
    ("oneOf", .list([required("is"), required("isNot")]))
  }

  private static var testProperties: [String: Document] {
    var ids: [String] = []
    for entry in Operator.all where !ids.contains(entry.id) { ids.append(entry.id) }
    return [
      "is": words(ids), "isNot": words(ids), "value": reference("value"),
      "ignoreCase": type("boolean"), "levels": words(["one", "all"]),
    ]
  }

  private static var value: Document {
    let plain = type("string", "number", "boolean")
    let attribute = object(["attribute": text()], required: ["attribute"])
    let whole = Document.mapping([("type", .text("integer")), ("minimum", .number(0))])
    let split = object(
      ["salt": text(), "of": whole, "bucket": oneOf([whole, array(of: whole)])],
      required: ["of", "bucket"])
    return oneOf([plain, attribute, split, array(of: oneOf([plain, attribute]))])
  }

  // MARK: Pieces

  private static func text(maximum: Int? = nil) -> Document {
    .mapping([("type", .text("string")), ("maxLength", maximum.map(Document.number))])
  }

  private static func type(_ names: String...) -> Document {
    .mapping([("type", names.count == 1 ? .text(names[0]) : .list(names.map(Document.text)))])
  }

  private static func words(_ words: [String]) -> Document {
    .mapping([("enum", .list(words.map(Document.text)))])
  }

  private static func reference(_ name: String) -> Document {
    .mapping([("$ref", .text("#/$defs/\(name)"))])
  }

  private static func oneOf(_ choices: [Document]) -> Document {
    .mapping([("oneOf", .list(choices))])
  }

  private static func required(_ keys: String...) -> Document {
    .mapping([("required", .list(keys.map(Document.text)))])
  }

  private static func array(of items: Document, _ more: [(String, Document?)] = []) -> Document {
    .mapping([("type", .text("array")), ("items", items)] + more)
  }

  private static func object(
    _ properties: [String: Document], required: [String], _ more: (String, Document?)...
  ) -> Document {
    .mapping(
      [
        ("type", .text("object")),
        ("additionalProperties", .boolean(false)),
        ("required", required.isEmpty ? nil : .list(required.map(Document.text))),
        ("properties", .mapping(properties.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })),
      ] + more)
  }
}

extension Document {
  static func boolean(_ value: Bool) -> Document { Document(.scalar(.boolean(value))) }
}
