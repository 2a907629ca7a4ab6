"""Rules, quantifiers, sets, limits and projections over one small shop, worked out by hand."""

import unittest
from datetime import date
from fractions import Fraction

from evaluate import evaluate
from model import Audience, Relationship, Row, Table, Workspace
from values import instant

NOW = instant("2024-03-15T12:00:00Z")


def table(name, attributes, key, *rows):
    rows = [Row(dict(zip(attributes, row)), (name, n)) for n, row in enumerate(rows)]
    return Table(name, attributes, key, rows)


def shop():
    """Customer 1 has orders 10 and 11, 2 has order 12, 3 has 13 (without lines), 4 has none; 14 is an orphan."""
    customers = table(
        "Customer",
        {"Id": "integer", "City": "text", "Age": "integer", "Referrer": "integer"},
        ["Id"],
        (1, "Oslo", 30, None),
        (2, "Bergen", None, 1),
        (3, "Oslo", 50, 2),
        (4, None, 30, 99),
    )
    orders = table(
        "Order",
        {"Id": "integer", "Customer": "integer", "Total": "decimal", "Day": "date", "BillTo": "text", "ShipTo": "text"},
        ["Id"],
        (11, 1, Fraction(20), date(2024, 3, 1), "a", "b"),
        (10, 1, Fraction(10), date(2024, 2, 1), "a", None),
        (12, 2, Fraction(5), date(2024, 2, 1), "b", "zzz"),
        (13, 3, None, None, None, "a"),
        (14, 77, Fraction(99), date(2024, 3, 1), "a", "a"),
    )
    lines = table(
        "Line",
        {"Order": "integer", "Product": "text", "Quantity": "integer", "Weight": "double"},
        [],
        (10, "tea", 1, 0.1),
        (10, "tea", 1, 0.2),
        (10, "gone", 2, None),
        (11, "pot", 3, 0.7),
        (12, "tea", 4, 0.5),
        (14, "tea", 9, 9.0),
    )
    products = table("Product", {"Id": "text", "Price": "decimal"}, ["Id"], ("tea", Fraction(3)), ("pot", Fraction(8)))
    addresses = table("Address", {"Id": "text", "City": "text"}, ["Id"], ("a", "Oslo"), ("b", "Bergen"))
    referrer = Relationship("Customer", "Referrer", "Customer", "Id", "Referrer")
    relationships = [
        referrer,
        Relationship("Order", "Customer", "Customer", "Id", "Customer"),
        Relationship("Order", "BillTo", "Address", "Id", "BillToAddress"),
        Relationship("Order", "ShipTo", "Address", "Id", "ShipToAddress"),
        Relationship("Line", "Order", "Order", "Id", "Order"),
        Relationship("Line", "Product", "Product", "Id", "Product"),
    ]
    audience = Audience("Customer", "Customer", referrer)
    return Workspace([customers, orders, lines, products, addresses], relationships, [audience])


def result(*rules, published=None, **definition):
    return evaluate(shop(), {"segment": "s", "rules": list(rules), **definition}, NOW, published)


def members(*rules, **definition):
    return result(*rules, **definition).members


def condition(attribute, operator, value=None, word="is"):
    return {"attribute": attribute, word: operator, "value": value}


TEA = condition("Line.Product", "equalTo", "tea")
OSLO = {"match": condition("Customer.City", "equalTo", "Oslo")}
THIRTY = {"match": condition("Customer.Age", "equalTo", 30)}


def aggregate(name, of, operator, value=None, start="Line", match=None, word="is"):
    rule = {"from": start, "quantifier": {"aggregate": name, word: operator, "value": value}}
    if of:
        rule["quantifier"]["of"] = of
    return {**rule, "match": match} if match else rule


class Profiles(unittest.TestCase):
    def test_is_not_is_the_complement(self):
        self.assertEqual(members(OSLO), [1, 3])
        self.assertEqual(members({"match": condition("Customer.City", "equalTo", "Oslo", "isNot")}), [2, 4])
        self.assertEqual(members({"match": condition("Customer.Age", "empty", word="isNot")}), [1, 3, 4])

    def test_trees(self):
        both = [OSLO["match"], THIRTY["match"]]
        self.assertEqual(members({"match": {"all": both}}), [1])
        self.assertEqual(members({"match": {"any": both}}), [1, 3, 4])
        self.assertEqual(members({"match": {"all": [{"any": both}, {"any": [both[1]]}]}}), [1, 4])

    def test_lookup_without_a_row_is_missing(self):
        self.assertEqual(members({"match": condition("Customer.Referrer.City", "equalTo", "Oslo")}), [2])
        self.assertEqual(members({"match": condition("Customer.Referrer.City", "equalTo", "Oslo", "isNot")}), [1, 3, 4])

    def test_has(self):
        tea = {"has": {"from": "Line", "match": TEA}}
        self.assertEqual(members({"match": tea}), [1, 2])
        self.assertEqual(members({"match": {"any": [tea, OSLO["match"]]}}), [1, 2, 3])
        none = {"has": {"from": "Order", "quantifier": "none"}}
        self.assertEqual(members({"match": {"any": [none, {"all": [tea, OSLO["match"]]}]}}), [1, 4])

    def test_random_split_is_a_partition(self):
        split = lambda bucket: {"match": {"is": "inRandomSplit", "value": {"salt": "x", "of": 2, "bucket": bucket}}}
        self.assertEqual(sorted(members(split(0)) + members(split([1]))), [1, 2, 3, 4])

    def test_hierarchy(self):
        above = lambda operator, key, **levels: members({"match": {"is": operator, "value": key, **levels}})
        self.assertEqual(above("childOf", 1), [2])
        self.assertEqual(above("childOf", 1, levels="all"), [2, 3])
        self.assertEqual(above("childOf", 99), [])  # no such row
        self.assertEqual(above("parentOf", 3), [2])
        self.assertEqual(above("parentOf", 3, levels="all"), [1, 2])

    def test_member_of(self):
        known = {"vip": {2}}
        self.assertEqual(members({"match": {"is": "memberOf", "value": "vip"}}, published=known), [2])
        self.assertEqual(members({"match": {"isNot": "memberOf", "value": "vip"}}, published=known), [1, 3, 4])
        lookup = {"row": "Customer.Referrer", "is": "memberOf", "value": "vip"}
        self.assertEqual(members({"match": lookup}, published=known), [3])


class Paths(unittest.TestCase):
    def test_the_path_counts_without_conditions(self):
        self.assertEqual(members({"from": "Order"}), [1, 2, 3])
        self.assertEqual(members({"from": "Line"}), [1, 2])
        self.assertEqual(members({"path": ["~Line.Product", "Line.Order", "Order.Customer"]}), [1, 2])

    def test_an_orphan_ends_the_chain(self):
        gone = {"path": ["~Line.Product", "Line.Order", "Order.Customer"], "match": condition("Line.Quantity", "equalTo", 2)}
        self.assertEqual(members(gone), [])
        self.assertEqual(members({"from": "Line", "match": gone["match"]}), [1])

    def test_conditions_speak_of_one_joined_row(self):
        march, ten = condition("Order.Day", "onOrAfter", "2024-03-01"), condition("Order.Total", "equalTo", 10)
        self.assertEqual(members({"from": "Order", "match": {"all": [march, ten]}}), [])
        second = {"combine": "intersect", "from": "Order", "match": ten}
        self.assertEqual(members({"from": "Order", "match": march}, second), [1])

    def test_two_relationships_to_one_table(self):
        self.assertEqual(members({"from": "Order", "match": condition("Order.BillToAddress.City", "equalTo", "Oslo")}), [1])
        self.assertEqual(members({"from": "Order", "match": condition("Order.ShipToAddress.City", "equalTo", "Oslo")}), [3])
        ship = {"path": ["~Order.ShipToAddress", "Order.Customer"], "match": condition("Address.City", "equalTo", "Bergen")}
        self.assertEqual(members(ship), [1])

    def test_a_place_met_twice(self):
        referred = {"path": ["Customer.Referrer"], "match": condition("Customer#2.City", "equalTo", "Oslo")}
        self.assertEqual(members(referred), [2])
        by = {"path": ["~Customer.Referrer"], "match": condition("Customer#2.City", "equalTo", "Oslo")}
        self.assertEqual(members(by), [2])
        self.assertEqual(members({**by, "quantifier": "none"}), [1, 3, 4])

    def test_attribute_against_attribute(self):
        same = {"from": "Order", "match": condition("Order.BillTo", "equalTo", {"attribute": "Order.ShipTo"})}
        self.assertEqual(members(same), [])
        more = condition("Order.Total", "greaterThan", {"attribute": "Line.Quantity"})
        self.assertEqual(members({"from": "Line", "match": more}), [1, 2])


class Quantifiers(unittest.TestCase):
    def test_any_none_every(self):
        self.assertEqual(members({"from": "Line", "match": TEA}), [1, 2])
        self.assertEqual(members({"from": "Line", "quantifier": "none", "match": TEA}), [3, 4])
        self.assertEqual(members({"from": "Line", "quantifier": "every", "match": TEA}), [2])
        small = condition("Line.Quantity", "lessThan", 3)
        self.assertEqual(members({"from": "Line", "quantifier": "every", "where": small, "match": TEA}), [])
        first_order = condition("Line.Quantity", "equalTo", 1)
        self.assertEqual(members({"from": "Line", "quantifier": "every", "where": first_order, "match": TEA}), [1])

    def test_first_and_last(self):
        ten = condition("Order.Total", "equalTo", 10)
        self.assertEqual(members({"from": "Order", "quantifier": {"first": "Order.Day"}, "match": ten}), [1])
        self.assertEqual(members({"from": "Order", "quantifier": {"last": "Order.Day"}, "match": ten}), [])
        billed = condition("Order.BillTo", "empty")  # order 13 has no day
        self.assertEqual(members({"from": "Order", "quantifier": {"last": "Order.Day"}, "match": billed}), [])
        before = condition("Order.Day", "before", "2024-03-01")
        self.assertEqual(members({"from": "Order", "quantifier": {"last": "Order.Day"}, "where": before, "match": ten}), [1])

    def test_tied_rows_any_of_them(self):
        for product in ("tea", "gone"):
            rule = {"from": "Line", "quantifier": {"first": "Order.Day"}, "match": condition("Line.Product", "equalTo", product)}
            self.assertIn(1, members(rule))


class Aggregates(unittest.TestCase):
    def test_count_is_of_the_last_one_to_many_step(self):
        self.assertEqual(members(aggregate("count", None, "equalTo", 4)), [1])
        self.assertEqual(members(aggregate("count", "Order", "equalTo", 2)), [1])
        outward = {"path": ["~Line.Product", "Line.Order", "Order.Customer"]}
        count = {"aggregate": "count", "is": "equalTo", "value": 3}
        self.assertEqual(members({**outward, "quantifier": count}), [1])  # the line without product has no chain
        self.assertEqual(members({**outward, "quantifier": {**count, "of": "Product", "value": 2}}), [1])

    def test_count_of_nothing_is_zero(self):
        self.assertEqual(members(aggregate("count", None, "lessThan", 2)), [2, 3, 4])
        self.assertEqual(members(aggregate("count", None, "greaterThan", 1, word="isNot")), [2, 3, 4])

    def test_count_distinct(self):
        self.assertEqual(members(aggregate("countDistinct", "Line.Product", "equalTo", 3)), [1])
        self.assertEqual(members(aggregate("countDistinct", "Order.Day", "equalTo", 0, start="Order")), [3, 4])

    def test_each_row_of_the_grain_counts_once(self):
        self.assertEqual(members(aggregate("sum", "Order.Total", "equalTo", 30)), [1])
        # Prices of the lines: tea, tea and pot.
        self.assertEqual(members(aggregate("sum", "Line.Product.Price", "equalTo", 14)), [1])

    def test_sum_of_nothing_is_missing(self):
        self.assertEqual(members(aggregate("sum", "Order.Total", "lessThan", 100, start="Order")), [1, 2])
        self.assertEqual(members(aggregate("sum", "Order.Total", "lessThan", 100, start="Order", word="isNot")), [3, 4])
        self.assertEqual(members(aggregate("sum", "Order.Total", "empty", start="Order")), [3, 4])

    def test_average_is_exact_and_leaves_missing_out(self):
        self.assertEqual(members(aggregate("average", "Line.Quantity", "equalTo", Fraction(7, 4))), [1])
        self.assertEqual(members(aggregate("average", "Order.Total", "equalTo", 15, start="Order")), [1])

    def test_doubles_are_rounded_before_they_are_compared(self):
        first = condition("Line.Quantity", "equalTo", 1)
        self.assertEqual(members(aggregate("sum", "Line.Weight", "equalTo", Fraction(3, 10), match=first)), [1])

    def test_minimum_and_maximum(self):
        self.assertEqual(members(aggregate("maximum", "Order.Total", "equalTo", 20)), [1])
        self.assertEqual(members(aggregate("minimum", "Order.Day", "on", "2024-02-01", start="Order")), [1, 2])
        self.assertEqual(members(aggregate("maximum", "Order.Day", "withinLast", "1 month", start="Order")), [1])


class Sets(unittest.TestCase):
    def test_operations(self):
        for operation, expected in {
            "union": [1, 3, 4],
            "intersect": [1],
            "except": [3],
            "exclusive": [3, 4],
        }.items():
            self.assertEqual(members(OSLO, {"combine": operation, **THIRTY}), expected, operation)

    def test_left_to_right_and_groups(self):
        bergen = {"match": condition("Customer.City", "equalTo", "Bergen")}
        flat = result(OSLO, {"combine": "union", **THIRTY}, {"combine": "intersect", **bergen})
        self.assertEqual(flat.members, [])
        self.assertEqual(
            flat.counts,
            [{"rule": 2, "cumulative": 2}, {"rule": 2, "cumulative": 3}, {"rule": 1, "cumulative": 0}],
        )
        group = {"combine": "union", "group": [THIRTY, {"combine": "intersect", **bergen}]}
        self.assertEqual(members(OSLO, group), [1, 3])
        self.assertEqual(members(OSLO, {**group, "combine": "except"}), [1, 3])

    def test_limit(self):
        everyone = {"match": condition("Customer.Id", "greaterThan", 0)}
        top = lambda k, **order: members(everyone, limit={"top": k, "by": "Customer.Age", **order})
        self.assertEqual(top(1), [3])
        self.assertEqual(top(2), [1, 3])  # 30 twice: the smaller key
        self.assertEqual(top(1, order="ascending"), [1])
        self.assertEqual(top(3, order="ascending"), [1, 3, 4])  # missing last in both orders
        self.assertEqual(top(3), [1, 3, 4])
        self.assertEqual(len(members(everyone, limit={"random": 2, "salt": "x"})), 2)
        self.assertEqual(result(everyone, limit={"top": 1, "by": "Customer.Age"}).counts, [{"rule": 4, "cumulative": 4}])

    def test_manual(self):
        definition = {"segment": "s", "keys": [3, 1, 55, 3]}
        self.assertEqual(evaluate(shop(), definition, NOW).members, [1, 3])
        definition["limit"] = {"top": 1, "by": "Customer.Age"}
        self.assertEqual(evaluate(shop(), definition, NOW).members, [3])


class Projections(unittest.TestCase):
    def test_lists_and_single_values(self):
        found = result({"from": "Line", "match": TEA}, project=["Customer.City", "Line.Quantity", "Order.Total", "Line.Product.Price"])
        self.assertEqual(
            found.projected,
            {
                "Customer.City": {1: "Oslo", 2: "Bergen"},
                "Line.Quantity": {1: [1, 1], 2: [4]},
                "Order.Total": {1: ["10"], 2: ["5"]},
                "Line.Product.Price": {1: ["3"], 2: ["3"]},
            },
        )

    def test_key_order_and_merged_rules(self):
        big = {"from": "Order", "match": condition("Order.Total", "equalTo", 20)}
        small = {"combine": "intersect", "from": "Order", "match": condition("Order.Total", "lessThan", 20)}
        self.assertEqual(result(big, small, project=["Order.Total"]).projected, {"Order.Total": {1: ["10", "20"]}})

    def test_not_from_none_nor_after_except(self):
        rules = [{"from": "Order"}, {"combine": "except", "from": "Order", "match": condition("Order.Total", "equalTo", 5)}]
        self.assertEqual(result(*rules, project=["Order.Total"]).projected, {"Order.Total": {1: ["10", "20"], 3: []}})

    def test_first_gives_the_deciding_row(self):
        rule = {"from": "Order", "quantifier": {"last": "Order.Day"}, "match": condition("Order.Total", "empty", word="isNot")}
        self.assertEqual(result(rule, project=["Order.Id"]).projected, {"Order.Id": {1: [11], 2: [12]}})


if __name__ == "__main__":
    unittest.main()
