import SegmentCompiler
import Testing

/// Definitions in words, as people read them.
@Suite struct SentenceTests {
  private static let catalog = Catalog(
    workspace: "Shop", tables: [Table(name: "Customer", key: ["Id"], attributes: [])],
    relationships: [], audiences: [Audience(name: "Customer", table: "Customer", key: "Id")])

  private struct Example {
    var about: String
    var definition: String
    var sentence: String

    init(_ about: String, _ definition: String, _ sentence: String) {
      self.about = about
      self.definition = definition
      self.sentence = sentence
    }
  }

  private static let examples: [Example] = [
    Example("keys in a file", "keysFile: vip.csv", "Customer: the keys in vip.csv."),
    Example(
      "keys in a column of a file", "keysFile: {path: vip.csv, column: Id}",
      "Customer: the keys in vip.csv, column Id."),
    Example(
      "text, letter case ignored",
      "rules: [{match: {attribute: Customer.City, is: equalTo, value: oslo, ignoreCase: true}}]",
      "Customer where Customer.City is equal to 'oslo' (ignoring case)."),
    Example(
      "a list of texts, complemented",
      "rules: [{match: {attribute: Customer.City, isNot: anyOf, value: [Oslo, Bergen]}}]",
      "Customer where Customer.City is none of 'Oslo', 'Bergen' (or has no value)."),
    Example(
      "empty, both ways",
      "rules: [{match: {all: [{attribute: Customer.Email, is: empty}, {attribute: Customer.City, isNot: empty}]}}]",
      "Customer where Customer.Email is empty and Customer.City is not empty."),
    Example(
      "numbers",
      "rules: [{match: {any: [{attribute: Customer.Points, is: between, value: [10, 20.50]}, {attribute: Customer.Points, isNot: greaterThan, value: 5}]}}]",
      "Customer where Customer.Points is between 10 and 20.50 or Customer.Points is not greater than 5 (or has no value)."
    ),
    Example(
      "another attribute",
      "rules: [{match: {attribute: Customer.Points, is: lessThan, value: {attribute: Customer.Store.Points}}}]",
      "Customer where Customer.Points is less than Customer.Store.Points."),
    Example(
      "a boolean",
      "rules: [{from: ServiceCall, match: {attribute: ServiceCall.Escalated, is: equalTo, value: true}}]",
      "Customer where it has any ServiceCall where ServiceCall.Escalated is true."),
    Example(
      "a boolean, complemented",
      "rules: [{from: ServiceCall, match: {attribute: ServiceCall.Escalated, isNot: equalTo, value: true}}]",
      "Customer where it has any ServiceCall where ServiceCall.Escalated is not true (or has no value)."
    ),
    Example(
      "durations and relative days",
      "rules: [{from: Order, match: {all: [{attribute: Order.Day, is: withinLast, value: 90 days}, {attribute: Order.Day, isNot: onOrAfter, value: today - 3 months}]}}]",
      "Customer where it has any Order where Order.Day is within the last 90 days and Order.Day is not on or after today - 3 months (or has no value)."
    ),
    Example(
      "days and months by name",
      "rules: [{from: Order, match: {any: [{attribute: Order.Day, is: monthOf, value: [3, 6]}, {attribute: Order.Day, is: dayOfWeek, value: 7}, {attribute: Order.Day, is: dayOfMonth, value: [1, 31]}]}}]",
      "Customer where it has any Order where Order.Day is in month March or June or Order.Day is on weekday Sunday or Order.Day has day of month 1 or 31."
    ),
    Example(
      "times of day",
      "rules: [{from: Order, match: {attribute: Order.Day, is: timeOfDayBetween, value: [\"22:00\", \"06:00\"]}}]",
      "Customer where it has any Order where Order.Day is at a time of day between 22:00 and 06:00."
    ),
    Example(
      "periods",
      "rules: [{from: Order, match: {any: [{attribute: Order.Day, is: quarterToDate}, {attribute: Order.Day, is: between, value: [start of last month, end of last month]}]}}]",
      "Customer where it has any Order where Order.Day is in the quarter to date or Order.Day is between the start of last month and the end of last month."
    ),
    Example(
      "anniversaries",
      "rules: [{match: {attribute: Customer.Born, is: anniversaryWithinNext, value: 7 days}}]",
      "Customer where Customer.Born has its anniversary within the next 7 days."),
    Example(
      "nested trees",
      "rules: [{match: {any: [{all: [{attribute: Customer.City, is: equalTo, value: Oslo}, {attribute: Customer.Points, is: greaterThan, value: 5}]}, {attribute: Customer.Email, is: empty}]}}]",
      "Customer where (Customer.City is equal to 'Oslo' and Customer.Points is greater than 5) or Customer.Email is empty."
    ),
    Example(
      "any row at all",
      "rules: [{from: Order}]",
      "Customer where it has any Order."),
    Example(
      "no row",
      "rules: [{path: [Order.Customer], quantifier: none, match: {attribute: Order.Status, is: equalTo, value: paid}}]",
      "Customer where it has no Order where Order.Status is equal to 'paid'."),
    Example(
      "which rows count",
      "rules: [{from: Order, quantifier: every, where: {attribute: Order.Status, isNot: equalTo, value: open}, match: {attribute: Order.Total, is: greaterThanOrEqualTo, value: 100}}]",
      "Customer where for every Order for which Order.Status is not equal to 'open' (or has no value), Order.Total is at least 100."
    ),
    Example(
      "the first row",
      "rules: [{from: Order, quantifier: {first: Order.Day}, match: {attribute: Order.Total, is: greaterThan, value: 100}}]",
      "Customer where for the first Order by Order.Day, Order.Total is greater than 100."),
    Example(
      "the last of some rows",
      "rules: [{from: Order, quantifier: {last: Order.Day}, where: {attribute: Order.Status, is: equalTo, value: paid}, match: {attribute: Order.Total, is: lessThan, value: 10}}]",
      "Customer where for the last Order by Order.Day for which Order.Status is equal to 'paid', Order.Total is less than 10."
    ),
    Example(
      "a count",
      "rules: [{from: Order, quantifier: {aggregate: count, is: lessThan, value: 3}, match: {attribute: Order.Day, is: yearToDate}}]",
      "Customer where the number of Order rows (where Order.Day is in the year to date) is less than 3."
    ),
    Example(
      "a count, complemented: never without a value",
      "rules: [{from: Order, quantifier: {aggregate: countDistinct, of: Order.Status, isNot: greaterThan, value: 1}}]",
      "Customer where the number of different Order.Status values is not greater than 1."),
    Example(
      "a sum over some rows",
      "rules: [{from: Order, quantifier: {aggregate: sum, of: Order.Total, is: greaterThanOrEqualTo, value: 500}, where: {attribute: Order.Status, is: equalTo, value: paid}, match: {attribute: Order.Day, is: withinLast, value: 1 month}}]",
      "Customer where the sum of Order.Total (where Order.Status is equal to 'paid' and Order.Day is within the last 1 month) is at least 500."
    ),
    Example(
      "an average, complemented",
      "rules: [{from: Order, quantifier: {aggregate: average, of: Order.Total, isNot: lessThan, value: 20}}]",
      "Customer where the average of Order.Total is not less than 20 (or has no value)."),
    Example(
      "a lowest day",
      "rules: [{from: Order, quantifier: {aggregate: minimum, of: Order.Day, is: between, value: [2024-01-01, 2024-12-31]}}]",
      "Customer where the lowest Order.Day is between 2024-01-01 and 2024-12-31."),
    Example(
      "a highest number",
      "rules: [{from: Order, quantifier: {aggregate: maximum, of: Order.Total, is: equalTo, value: 7}}]",
      "Customer where the highest Order.Total is equal to 7."),
    Example(
      "has conditions in a tree",
      "rules: [{match: {all: [{attribute: Customer.City, is: equalTo, value: Oslo}, {any: [{has: {from: Order, match: {attribute: Order.Status, is: equalTo, value: paid}}}, {has: {from: ServiceCall, quantifier: none}}]}]}}]",
      "Customer where Customer.City is equal to 'Oslo' and ((it has any Order where Order.Status is equal to 'paid') or (it has no ServiceCall))."
    ),
    Example(
      "members of segments",
      "rules: [{match: {all: [{is: memberOf, value: vip}, {isNot: memberOf, value: lapsed}]}}]",
      "Customer where it is a member of 'vip' and it is not a member of 'lapsed'."),
    Example(
      "members, of the profile and of a lookup, inside rows",
      "rules: [{from: Order, match: {all: [{is: memberOf, value: vip}, {row: Order.BillTo, isNot: memberOf, value: cities}]}}]",
      "Customer where it has any Order where Customer is a member of 'vip' and Order.BillTo is not a member of 'cities'."
    ),
    Example(
      "a random split",
      "rules: [{match: {is: inRandomSplit, value: {salt: spring, of: 10, bucket: [0, 1]}}}]",
      "Customer where it is in random split 0 or 1 of 10 (salt 'spring')."),
    Example(
      "a hierarchy",
      "rules: [{match: {any: [{is: childOf, value: ACME, levels: all}, {isNot: parentOf, value: ACME}]}}]",
      "Customer where it is a child of 'ACME' at any level or it is not the parent of 'ACME'."),
    Example(
      "none on the profile",
      "rules: [{quantifier: none, match: {any: [{attribute: Customer.City, is: empty}, {is: memberOf, value: vip}]}}]",
      "Customer where not (Customer.City is empty or it is a member of 'vip')."),
    Example(
      "the first and the last profile: the one there is",
      "rules: [{quantifier: {first: Customer.Joined}, match: {attribute: Customer.City, is: empty}}, {combine: union, quantifier: {last: Customer.Left}, where: {attribute: Customer.Points, is: empty}, match: {is: memberOf, value: vip}}]",
      "Customer where Customer.Joined is not empty and (Customer.City is empty), or also where Customer.Left is not empty and (Customer.Points is empty and it is a member of 'vip')."
    ),
    Example(
      "an aggregate of the profile's own row",
      "rules: [{quantifier: {aggregate: count, is: equalTo, value: 1}, match: {attribute: Customer.City, is: empty}}]",
      "Customer where the number of Customer rows (where Customer.City is empty) is equal to 1."),
    Example(
      "two trees of one rule among several",
      "rules: [{where: {attribute: Customer.City, is: empty}, match: {attribute: Customer.Points, is: empty}}, {combine: except, where: {attribute: Customer.City, is: empty}}]",
      "Customer where (Customer.City is empty and Customer.Points is empty), but not where (Customer.City is empty)."
    ),
    Example(
      "two rules",
      "rules: [{match: {attribute: Customer.Points, is: greaterThan, value: 5}}, {combine: intersect, from: Order, match: {attribute: Order.Status, is: equalTo, value: paid}}]",
      "Customer where Customer.Points is greater than 5, and also where it has any Order where Order.Status is equal to 'paid'."
    ),
    Example(
      "rules from left to right, and a group",
      "rules: [{match: {attribute: Customer.City, is: equalTo, value: Oslo}}, {combine: union, match: {all: [{attribute: Customer.City, is: equalTo, value: Bergen}, {attribute: Customer.Points, is: lessThan, value: 9}]}}, {combine: except, from: ServiceCall}, {combine: exclusive, group: [{match: {is: memberOf, value: vip}}, {combine: intersect, from: Order}]}]",
      "Customer where ((Customer.City is equal to 'Oslo', or also where (Customer.City is equal to 'Bergen' and Customer.Points is less than 9)), but not where it has any ServiceCall), or else (not both) where (it is a member of 'vip', and also where it has any Order)."
    ),
    Example(
      "a top limit and a time zone",
      "timeZone: Europe/Oslo\nrules: [{match: {attribute: Customer.City, isNot: empty}}]\nlimit: {top: 100, by: Customer.Points}",
      "Customer where Customer.City is not empty; of these the 100 with the highest Customer.Points (days of Europe/Oslo)."
    ),
    Example(
      "a bottom limit",
      "rules: [{match: {attribute: Customer.City, isNot: empty}}]\nlimit: {top: 5, by: Customer.Points, order: ascending}",
      "Customer where Customer.City is not empty; of these the 5 with the lowest Customer.Points."),
    Example(
      "a random limit",
      "rules: [{from: Order}]\nlimit: {random: 1000, salt: spring}",
      "Customer where it has any Order; of these a random 1000."),
    Example(
      "listed keys",
      "keys: [1, 2, 3]",
      "Customer: 3 keys listed by hand."),
    Example(
      "one listed key",
      "keys: [\"a\"]",
      "Customer: 1 key listed by hand."),
  ]

  @Test func `every construct is said in plain words`() throws {
    for example in Self.examples {
      let definition = try SegmentDefinition.decodeAll("segment: s\n\(example.definition)")[0]
      let sentence = Sentence.definition(definition, catalog: Self.catalog)
      #expect(sentence == example.sentence, "\(example.about)")
    }
  }

  @Test func `a path without steps is the profile itself`() {
    let has = Has(origin: .steps([]), quantifier: .any, where: nil, match: nil)
    let definition = SegmentDefinition(
      name: "s",
      content: .rules([RuleItem(combine: nil, content: .rule(Rule(name: nil, has: has)))]))
    #expect(
      Sentence.definition(definition, catalog: Self.catalog)
        == "Customer where it has any Customer.")
  }
}
