import SegmentCompiler
import Testing

/// Differences of definitions in words, as people read them.
@Suite struct DefinitionDifferenceTests {
  private static let catalog = Catalog(
    workspace: "Shop", tables: [Table(name: "Customer", key: ["Id"], attributes: [])],
    relationships: [], audiences: [Audience(name: "Customer", table: "Customer", key: "Id")])

  private struct Example {
    var about: String
    var before: String
    var after: String
    var changes: [String]

    init(_ about: String, _ before: String, _ after: String, _ changes: String...) {
      self.about = about
      self.before = before
      self.after = after
      self.changes = changes
    }
  }

  private static let rules =
    "rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}]"
  private static let oslo = "{match: {attribute: Customer.City, is: equalTo, value: Oslo}}"
  private static let rich = "{match: {attribute: Customer.Points, is: greaterThan, value: 5}}"
  private static let mailless = "{match: {attribute: Customer.Email, is: empty}}"

  private static func joined(_ combine: String, _ rule: String) -> String {
    "{combine: \(combine), \(rule.dropFirst())"
  }

  private static func order(_ quantifier: String, _ rest: String = "") -> String {
    "rules: [{path: [Order.Customer], quantifier: \(quantifier)\(rest)}]"
  }

  private static func match(_ tree: String) -> String { "rules: [{match: \(tree)}]" }

  private static let city = "{attribute: Customer.City, is: equalTo, value: Oslo}"
  private static let points = "{attribute: Customer.Points, is: greaterThan, value: 5}"
  private static let email = "{attribute: Customer.Email, is: empty}"

  // MARK: Head

  private static let head: [Example] = [
    Example(
      "display name", "displayName: A\n\(rules)", "displayName: B\n\(rules)",
      "display name: 'A' → 'B'"),
    Example(
      "description", rules, "description: All of them.\n\(rules)",
      "added description: 'All of them.'"),
    Example("no description", "description: Old\n\(rules)", rules, "removed description: 'Old'"),
    Example(
      "tags", "tags: [a, b, c]\n\(rules)", "tags: [c, b, vip]\n\(rules)", "removed tag: a",
      "added tag: vip", "order of tags: b, c → c, b"),
    Example(
      "audience", rules, "audience: Customer\n\(rules)", "added audience: Customer"),
    Example(
      "time zone", "timeZone: UTC\n\(rules)", "timeZone: Europe/Oslo\n\(rules)",
      "time zone: UTC → Europe/Oslo"),
    Example(
      "week", rules, "weekStart: sunday\n\(rules)", "added first day of the week: sunday"),
    Example(
      "limit", "\(rules)\nlimit: {top: 1000, by: Customer.Income}",
      "\(rules)\nlimit: {top: 500, by: Customer.Income, order: ascending}",
      "limit: the 1000 with the highest Customer.Income → the 500 with the lowest Customer.Income"),
    Example(
      "the salt of a limit", "\(rules)\nlimit: {random: 10}",
      "\(rules)\nlimit: {random: 10, salt: s}",
      "limit: a random 10 → a random 10 (salt 's')"),
    Example(
      "projection", "\(rules)\nproject: [Customer.City]",
      "\(rules)\nproject: [Customer.Name, Customer.City]",
      "added projected attribute: Customer.Name"),
    Example(
      "keys", "keys: [1, 2, 3]", "keys: [2, 3, 4, 5]", "removed keys: 1: 1", "added keys: 2: 4, 5"),
    Example(
      "a key as text", "keys: [7]", "keys: [\"7\"]", "removed keys: 1: 7", "added keys: 1: \"7\""),
    Example(
      "the order of keys", "keys: [1, 2]", "keys: [2, 1]", "order of keys: 2: 1, 2 → 2: 2, 1"),
    Example(
      "keys instead of rules", rules, "keys: [1]",
      "members: Customer.City is equal to 'Oslo' → 1 key listed by hand"),
  ]

  // MARK: Rules

  private static let ruleLists: [Example] = [
    Example(
      "a rule more", "rules: [\(oslo)]", "rules: [\(oslo), \(joined("except", mailless))]",
      "added rule 2: but not where Customer.Email is empty"),
    Example(
      "a rule in front", "rules: [\(oslo), \(joined("except", mailless))]",
      "rules: [\(rich), \(joined("union", oslo)), \(joined("except", mailless))]",
      "added rule 1: Customer.Points is greater than 5",
      "rule 2 (was 1), set operator: the first → or also (union)"),
    Example(
      "a rule less", "rules: [{name: Town, \(oslo.dropFirst()), \(joined("union", rich))]",
      "rules: [\(rich)]",
      "removed rule 1 'Town': Customer.City is equal to 'Oslo'",
      "rule 1 (was 2), set operator: or also (union) → the first"),
    Example(
      "a set operator", "rules: [\(oslo), \(joined("intersect", rich))]",
      "rules: [\(oslo), \(joined("exclusive", rich))]",
      "rule 2, set operator: and also (intersect) → or else (not both) (exclusive)"),
    Example(
      "another place", "rules: [\(oslo), \(joined("union", rich)), \(joined("union", mailless))]",
      "rules: [\(oslo), \(joined("union", mailless)), \(joined("union", rich))]",
      "place of Customer.Points is greater than 5: 2 → 3"),
    Example(
      "a rule's name", "rules: [{name: a, \(oslo.dropFirst())]",
      "rules: [{name: b, \(oslo.dropFirst())]",
      "rule 1, name: a → b"),
    Example(
      "another rule altogether", "rules: [\(oslo)]",
      "rules: [{path: [Order.Customer], quantifier: none}]",
      "rule 1: Customer.City is equal to 'Oslo' → it has no Order"),
    Example(
      "inside a group",
      "rules: [\(oslo), {combine: except, group: [\(rich), \(joined("union", mailless))]}]",
      "rules: [\(oslo), {combine: except, group: [\(rich), \(joined("intersect", mailless))]}]",
      "rule 2.2, set operator: or also (union) → and also (intersect)"),
    Example(
      "a group in place of a rule", "rules: [\(oslo), \(joined("except", rich))]",
      "rules: [\(oslo), {combine: except, group: [\(rich), \(joined("union", mailless))]}]",
      "rule 2: Customer.Points is greater than 5 → (Customer.Points is greater than 5, or also where Customer.Email is empty)"
    ),
  ]

  /// Several changes side by side: what has the most in common is taken for the same.
  private static let rewritten: [Example] = [
    Example(
      "two rules", "rules: [\(oslo), \(joined("union", rich))]",
      "rules: [\(oslo.replacing("Oslo", with: "Bergen")), \(joined("union", rich.replacing("5", with: "6")))]",
      "rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Bergen'",
      "rule 2, Customer.Points: is greater than 5 → is greater than 6"),
    Example(
      "one less, one changed, one more", "rules: [\(oslo), \(joined("union", rich))]",
      "rules: [\(rich.replacing("5", with: "6")), \(joined("union", mailless))]",
      "removed rule 1: Customer.City is equal to 'Oslo'",
      "rule 1 (was 2), set operator: or also (union) → the first",
      "rule 1 (was 2), Customer.Points: is greater than 5 → is greater than 6",
      "added rule 2: or also where Customer.Email is empty"),
    Example(
      "a group and a named rule",
      "rules: [{name: Town, \(oslo.dropFirst()), {combine: union, group: [\(rich), \(joined("union", mailless))]}]",
      "rules: [{name: Town, \(rich.dropFirst()), {combine: union, group: [\(rich), \(joined("except", mailless))]}, \(joined("union", mailless))]",
      "removed rule 1 'Town': Customer.City is equal to 'Oslo'",
      "added rule 1 'Town': Customer.Points is greater than 5",
      "rule 2.2, set operator: or also (union) → but not (except)",
      "added rule 3: or also where Customer.Email is empty"),
    Example(
      "quantifiers",
      "rules: [{path: [Order.Customer], quantifier: none, match: \(city)}, {combine: union, path: [Order.Customer], quantifier: every, match: \(points)}, {combine: union, path: [Call.Customer], quantifier: {first: Call.Day}, match: \(points)}, {combine: union, path: [Call.Customer], quantifier: {last: Call.Day}, match: \(city)}, {combine: union, path: [Order.Customer], quantifier: {aggregate: sum, of: Order.Total, is: greaterThan, value: 5}}, {combine: union, path: [Order.Customer], quantifier: {aggregate: count, is: greaterThan, value: 5}}]",
      "rules: [{path: [Order.Customer], quantifier: none, match: \(city.replacing("Oslo", with: "Bergen"))}, {combine: union, path: [Order.Customer], quantifier: every, match: \(points.replacing("5", with: "6"))}, {combine: union, path: [Call.Customer], quantifier: {first: Call.Day}, match: \(points.replacing("5", with: "7"))}, {combine: union, path: [Call.Customer], quantifier: {last: Call.Day}, match: \(city.replacing("Oslo", with: "Hamar"))}, {combine: union, path: [Order.Customer], quantifier: {aggregate: sum, of: Order.Total, is: greaterThan, value: 6}}, {combine: union, path: [Order.Customer], quantifier: {aggregate: count, is: greaterThan, value: 6}}]",
      "rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Bergen'",
      "rule 2, Customer.Points: is greater than 5 → is greater than 6",
      "rule 3, Customer.Points: is greater than 5 → is greater than 7",
      "rule 4, Customer.City: is equal to 'Oslo' → is equal to 'Hamar'",
      "rule 5, the sum of Order.Total: is greater than 5 → is greater than 6",
      "rule 6, the number of Order rows: is greater than 5 → is greater than 6"),
    Example(
      "conditions of several kinds",
      match(
        "{all: [\(city), {is: memberOf, value: vip}, {row: Customer.Store, is: memberOf, value: old}, {has: {path: [Order.Customer], match: \(points)}}, {any: [\(points), \(email)]}]}"
      ),
      match(
        "{all: [\(city.replacing("Oslo", with: "Bergen")), {is: memberOf, value: gold}, {row: Customer.Store, is: memberOf, value: new}, {has: {path: [Order.Customer], match: \(points.replacing("5", with: "6"))}}, {any: [\(points), \(city)]}]}"
      ),
      "rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Bergen'",
      "rule 1: is a member of 'vip' → is a member of 'gold'",
      "rule 1, Customer.Store: is a member of 'old' → is a member of 'new'",
      "rule 1, Order, Customer.Points: is greater than 5 → is greater than 6",
      "rule 1: Customer.Email is empty → Customer.City is equal to 'Oslo'"),
    Example(
      "a has condition in place of a comparison", match("{any: [\(city), \(points)]}"),
      match("{any: [\(city), {has: {path: [Order.Customer]}}]}"),
      "rule 1: Customer.Points is greater than 5 → it has any Order"),
    Example(
      "a number in place of the same text",
      order("{aggregate: minimum, of: Order.Day, is: before, value: 2024}"),
      order("{aggregate: minimum, of: Order.Day, is: before, value: \"2024\"}"),
      "rule 1: the lowest Order.Day is before 2024 → the same, written otherwise"),
  ]

  // MARK: Conditions

  private static let conditions: [Example] = [
    Example(
      "a value", match(city), match("{attribute: Customer.City, is: equalTo, value: Bergen}"),
      "rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Bergen'"),
    Example(
      "an operator", match(points),
      match("{attribute: Customer.Points, is: greaterThanOrEqualTo, value: 5}"),
      "rule 1, Customer.Points: is greater than 5 → is at least 5"),
    Example(
      "the opposite", match(email), match("{attribute: Customer.Email, isNot: empty}"),
      "rule 1, Customer.Email: is empty → is not empty"),
    Example(
      "letter case", match(city),
      match("{attribute: Customer.City, is: equalTo, value: Oslo, ignoreCase: true}"),
      "rule 1, Customer.City: is equal to 'Oslo' → is equal to 'Oslo' (ignoring case)"),
    Example(
      "another attribute", match(city),
      match("{attribute: Customer.Town, is: equalTo, value: Oslo}"),
      "rule 1: Customer.City is equal to 'Oslo' → Customer.Town is equal to 'Oslo'"),
    Example(
      "membership", match("{is: memberOf, value: vip}"), match("{is: memberOf, value: gold}"),
      "rule 1: is a member of 'vip' → is a member of 'gold'"),
    Example(
      "levels", match("{is: childOf, value: ACME}"),
      match("{is: childOf, value: ACME, levels: all}"),
      "rule 1: is a child of 'ACME' → is a child of 'ACME' at any level"),
    Example(
      "code points", match("{attribute: Customer.City, is: equalTo, value: \"\u{E9}\"}"),
      match("{attribute: Customer.City, is: equalTo, value: \"e\u{301}\"}"),
      "rule 1, Customer.City: is equal to '\u{E9}' → is equal to 'e\u{301}'"),
    Example(
      "a condition more", match(city), match("{all: [\(city), \(points)]}"),
      "added condition of rule 1: Customer.Points is greater than 5"),
    Example(
      "an alternative less", match("{any: [\(city), \(points), \(email)]}"),
      match("{any: [\(city), \(email)]}"),
      "removed alternative of rule 1: Customer.Points is greater than 5"),
    Example(
      "or instead of and", match("{all: [\(city), \(points)]}"),
      match("{any: [\(city), \(points)]}"),
      "rule 1, conditions: joined by 'and' → joined by 'or'"),
    Example(
      "a list of one", match(city), match("{all: [\(city)]}"),
      "rule 1: Customer.City is equal to 'Oslo' → the same, written otherwise"),
    Example(
      "deep inside", match("{any: [{all: [\(city), \(points)]}, \(email)]}"),
      match(
        "{any: [{all: [\(city), {attribute: Customer.Points, is: greaterThan, value: 6}]}, \(email)]}"
      ),
      "rule 1, Customer.Points: is greater than 5 → is greater than 6"),
    Example(
      "the order of conditions", match("{all: [\(city), \(points), \(email)]}"),
      match("{all: [\(city), \(email), \(points)]}"),
      "rule 1, place of Customer.Points is greater than 5: 2 → 3"),
    Example(
      "a has condition",
      match(
        "{any: [\(city), {has: {path: [Order.Customer], match: {attribute: Order.Total, is: lessThan, value: 5}}}]}"
      ),
      match(
        "{any: [\(city), {has: {path: [Order.Customer], match: {attribute: Order.Total, is: lessThan, value: 6}}}]}"
      ),
      "rule 1, Order, Order.Total: is less than 5 → is less than 6"),
  ]

  // MARK: Rows

  private static let rows: [Example] = [
    Example("any and none", order("any"), order("none"), "rule 1, quantifier: any → none"),
    Example(
      "first and last", order("{first: Order.Date}", ", match: \(points)"),
      order("{last: Order.Date}", ", match: \(points)"),
      "rule 1, quantifier: the first by Order.Date → the last by Order.Date"),
    Example(
      "the bound of an aggregate",
      order("{aggregate: sum, of: Order.Total, is: greaterThanOrEqualTo, value: 400}"),
      order("{aggregate: sum, of: Order.Total, is: greaterThanOrEqualTo, value: 500}"),
      "rule 1, the sum of Order.Total: is at least 400 → is at least 500"),
    Example(
      "another aggregate", order("{aggregate: sum, of: Order.Total, is: greaterThan, value: 400}"),
      order("{aggregate: average, of: Order.Total, is: greaterThan, value: 400}"),
      "rule 1, quantifier: the sum of Order.Total is greater than 400 → the average of Order.Total is greater than 400"
    ),
    Example(
      "a path", "rules: [{path: [Order.Customer], match: \(points)}]",
      "rules: [{path: [Order.Payer], match: \(points)}]",
      "rule 1, path: Order.Customer → Order.Payer"),
    Example(
      "which rows count", order("every", ", match: \(points)"),
      order("every", ", where: \(city), match: \(points)"),
      "added condition of rule 1, rows that count: Customer.City is equal to 'Oslo'"),
    Example(
      "a match less", order("any", ", match: \(points)"), order("any"),
      "removed condition of rule 1: Customer.Points is greater than 5"),
  ]

  @Test(arguments: ["head", "ruleLists", "rewritten", "conditions", "rows"])
  func `what changed is said`(_ group: String) throws {
    let examples =
      switch group {
      case "head": Self.head
      case "ruleLists": Self.ruleLists
      case "rewritten": Self.rewritten
      case "conditions": Self.conditions
      default: Self.rows
      }
    for example in examples {
      let before = try definition(example.before)
      let after = try definition(example.after)
      #expect(changes(before, after) == example.changes, "\(example.about)")
      #expect(changes(before, before).isEmpty && changes(after, after).isEmpty, "\(example.about)")
      #expect(!changes(after, before).isEmpty, "\(example.about), the other way")
    }
  }

  @Test func `of many keys the first are shown`() throws {
    let before = SegmentDefinition(name: "s", content: .keys([]))
    let after = SegmentDefinition(
      name: "s", content: .keys((1...1205).map { .number(String($0)) }))
    #expect(changes(before, after) == ["added keys: 1205: 1, 2, 3, 4, 5, …"])
  }

  @Test func `long lists of conditions are compared by what they have in common`() throws {
    func list(_ range: Range<Int>) -> String {
      let parts = range.map { "{attribute: Customer.A\($0), is: greaterThan, value: \($0)}" }
      return Self.match("{all: [\(parts.joined(separator: ", "))]}")
    }
    let found = changes(try definition(list(0..<400)), try definition(list(1..<401)))
    #expect(
      found == [
        "removed condition of rule 1: Customer.A0 is greater than 0",
        "added condition of rule 1: Customer.A400 is greater than 400",
      ])
  }

  private func definition(_ yaml: String) throws -> SegmentDefinition {
    try #require(try SegmentDefinition.decodeAll("segment: s\n\(yaml)").first)
  }

  private func changes(_ before: SegmentDefinition, _ after: SegmentDefinition) -> [String] {
    DefinitionDifference.changes(from: before, to: after, catalog: Self.catalog)
      .map(\.description)
  }
}
