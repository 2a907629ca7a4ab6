"""Data files, names of relationships and references, and the determinism of the generator."""

import filecmp
import tempfile
import unittest
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from files import datetime_text, parse_csv, parse_ndjson, write_csv, write_ndjson
from generate import DataSet, Summary
from load import named_relationships, read_workspace
from model import Relationship, Table, Workspace, quoted, split_reference
from values import instant


class Csv(unittest.TestCase):
    def test_missing_and_zero_length(self):
        self.assertEqual(parse_csv('a,b,c\n1,,""\n'), [["a", "b", "c"], ["1", None, ""]])
        self.assertEqual(parse_csv("a,b\n,\n"), [["a", "b"], [None, None]])

    def test_quotes_and_line_ends(self):
        self.assertEqual(parse_csv('a;"x;""y""\r\nz"\r\n" b ";c', ";"), [["a", 'x;"y"\r\nz'], [" b ", "c"]])

    def test_write_and_read(self):
        columns = [("k", True), ("n", False)]
        rows = [["", "1"], [None, None], ['say "hi"', "2"], ["two\r\nlines", None], [" x", "3"], ["a,b", "4"]]
        for quote in (False, True):
            self.assertEqual(parse_csv(write_csv(columns, rows, ",", quote, "\r\n")), [["k", "n"], *rows])

    def test_a_datetime_that_its_zone_cannot_say_has_a_zone(self):
        self.assertEqual(datetime_text(instant("2023-10-29T00:30:00Z"), "Europe/Oslo"), "2023-10-29T02:30:00")
        self.assertEqual(datetime_text(instant("2023-10-29T01:30:00Z"), "Europe/Oslo"), "2023-10-29T01:30:00Z")
        self.assertEqual(instant("2023-10-29T02:30:00", ZoneInfo("Europe/Oslo")), instant("2023-10-29T00:30:00Z"))

    def test_ndjson(self):
        text = write_ndjson([("k", "text"), ("n", "decimal")], [["", Fraction(1, 10)], [None, None]], True)
        self.assertEqual(text, '{"k": "", "n": 0.1}\n{}\n')
        self.assertEqual(str(parse_ndjson(text)[0]["n"]), "0.1")


class Names(unittest.TestCase):
    def test_references(self):
        self.assertEqual(split_reference('Order."net.total"'), ["Order", "net.total"])
        self.assertEqual(split_reference('A#2."say ""x"""'), ["A#2", 'say "x"'])
        self.assertEqual(quoted('say "x"'), '"say ""x"""')
        self.assertEqual(quoted("Birth date"), "Birth date")

    def test_relationships(self):
        specs = ["Order.Customer -> Customer.Id", "Order.Bill -> Address.Id as Billing", "Order.Ship -> Address.Id"]
        specs += ["Deal.A -> Account.Id", {"from": "Deal.B", "to": "Account.Id", "kind": "one-to-one"}]
        found = named_relationships(specs)
        self.assertEqual([r.name for r in found], ["Customer", "Billing", "Address", "A", "B"])
        self.assertTrue(found[4].one_to_one)

    def test_shortest_paths(self):
        tables = [Table(name, {}) for name in ("C", "O", "L")]
        workspace = Workspace(
            tables,
            [
                Relationship("O", "C", "C", "Id", "Buyer"),
                Relationship("O", "P", "C", "Id", "Payer"),
                Relationship("L", "O", "O", "Id", "O"),
            ],
            [],
        )
        self.assertEqual(workspace.shortest_paths("O", "C"), [("O.Buyer",), ("O.Payer",)])
        self.assertEqual(workspace.shortest_paths("L", "C"), [("L.O", "O.Buyer"), ("L.O", "O.Payer")])
        self.assertEqual([s.far for s in workspace.steps(("L.O", "O.Payer"), "C")], ["O", "L"])
        self.assertEqual([s.far for s in workspace.steps(("~O.Buyer", "O.Payer"), "C")], ["O", "C#2"])


class Generator(unittest.TestCase):
    def test_a_data_set_depends_on_its_seed_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            one, two = Path(folder) / "one", Path(folder) / "two"
            for path in (one, two):
                DataSet(5, 0, path).write(8, Summary())
            names = sorted(str(p.relative_to(one)) for p in one.rglob("*") if p.is_file())
            self.assertIn("cases2.jsonl", names)
            self.assertEqual(filecmp.cmpfiles(one, two, names, shallow=False), (names, [], []))

    def test_profile_keys_are_present_and_unique(self):
        with tempfile.TemporaryDirectory() as folder:
            for number in range(6):
                path = Path(folder) / str(number)
                DataSet(3, number, path)
                workspace = read_workspace(path)
                for r in workspace.relationships:
                    keys = [row.values[r.key] for row in workspace.tables[r.target].rows]
                    self.assertNotIn(None, keys)
                    self.assertEqual(len(keys), len(set(keys)))


if __name__ == "__main__":
    unittest.main()
