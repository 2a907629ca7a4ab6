"""Branches out of regions, worked out by hand."""

import unittest

from branches import Regions, uncovered
from exceptions import compare, read_exceptions
from source import Source


def branches(text, *functions):
    """What is found in a text; each function is a list of (piece of the text, count), the first its body."""
    source = Source(text.encode())
    coded = text.encode().decode("latin-1")

    def region(piece, count):
        start = coded.index(piece.encode().decode("latin-1"))
        end = start + len(piece.encode())
        place = lambda p: (coded.count("\n", 0, p) + 1, p - (coded.rfind("\n", 0, p) + 1) + 1)
        return [*place(start), *place(end), count]

    return Regions("f.swift", source, [[region(*r) for r in function] for function in functions]).branches()


def outcomes(*arguments):
    return {(b.outcome, b.count) for b in branches(*arguments) if b.is_outcome}


class Outcomes(unittest.TestCase):
    def test_if_without_else_is_also_not_taken(self):
        text = "func f() { if a == 1 { g() }; h() }"
        body = ("{ if a == 1 { g() }; h() }", 5)
        self.assertEqual(outcomes(text, [body, ("a == 1", 5), ("{ g() }", 2)]), {("taken", 2), ("not taken", 3)})

    def test_chain_of_ifs(self):
        text = "func f() { if a == 1 { g() } else if let b, b || z { h() } }"
        body = ("{ if a == 1 { g() } else if let b, b || z { h() } }", 9)
        found = outcomes(text, [body, ("a == 1", 9), ("{ g() }", 4), ("{ h() }", 2)], [("z", 1)])
        # Five times the second is reached.
        self.assertEqual(found, {("taken", 4), ("taken", 2), ("not taken", 3), ("|| right", 1), ("|| left", 4)})

    def test_else(self):
        text = "func f() { if a { g() } else { h() } }"
        found = outcomes(text, [("{ if a { g() } else { h() } }", 3), ("a", 3), ("{ g() }", 3), ("{ h() }", 0)])
        self.assertEqual(found, {("taken", 3), ("else", 0)})

    def test_do_that_says_what_it_throws_is_none(self):
        text = "func f() { do throws(E) { try g() } catch { h() } }"
        regions = [(text[text.index("{") :], 5), ("{ try g() }", 5), ("{ h() }", 1)]
        self.assertEqual(outcomes(text, regions), {("catch", 1)})

    def test_guard(self):
        text = "func f() { guard let a = b else { return }\n g() }"
        regions = [("{ guard let a = b else { return }\n g() }", 7), ("{ return }", 1), ("\n g() }", 6)]
        self.assertEqual(outcomes(text, regions), {("fails", 1), ("holds", 6)})

    def test_cases_sides_and_loops(self):
        text = "func f() { switch a { case 1: g(); default: h() }\n let x = b ? 3 : 4; for i in c { i() } }"
        regions = [("case 1: g()", 3), ("default: h()", 1), ("3", 0), ("4", 4), ("{ i() }", 8)]
        found = outcomes(text, [(text[text.index("{") :], 4), *regions])
        self.assertEqual(found, {("case", 3), ("case", 1), ("?", 0), (":", 4), ("for", 8)})

    def test_code_in_literals_and_comments_is_none(self):
        text = 'func f() { /* if */ let a = "else { \\(b ?? "é") }" // ??\n if a == /[{?:]/ { g() } }'
        body = (text[text.index("{") :], 2)
        found = outcomes(text, [body, ("{ g() }", 0)], [('"é"', 2)])
        self.assertEqual(found, {("?? right", 2), ("?? left", 0), ("taken", 0), ("not taken", 2)})

    def test_what_stands_inside_of_what_is_missed_is_not_named(self):
        text = "func f() { if a { if b { g() } } }\nfunc h() { i() }"
        first = [("{ if a { if b { g() } } }", 1), ("a", 1), ("{ if b { g() } }", 0), ("b", 0), ("{ g() }", 0)]
        found = branches(text, first, [("{ i() }", 0)])
        self.assertEqual([b.outcome for b in uncovered(found)], ["taken", "called"])


class Exceptions(unittest.TestCase):
    TEXT = "# Notes.\n\nIt cannot be.\nSources/A.swift\n  case: case .x:\n  case: case .x:\n\nNor this.\nSources/B.swift\n  ?? right: a ?? b\n"

    def test_read(self):
        listed = read_exceptions(self.TEXT)
        self.assertEqual(listed["Sources/A.swift", "case: case .x:"], 2)
        self.assertEqual(listed["Sources/B.swift", "?? right: a ?? b"], 1)
        for wrong in ("A reason.\n", "Sources/A.swift\n  case: x\n", "A reason.\nSources/A.swift\n"):
            with self.assertRaises(ValueError, msg=wrong):
                read_exceptions(wrong)

    def test_each_is_listed_as_often_as_it_occurs(self):
        once, twice = ("Sources/A.swift", "case: case .x:"), ("Sources/B.swift", "?? right: a ?? b")
        self.assertEqual(compare([once, twice], read_exceptions(self.TEXT)), ([], [once]))
        self.assertEqual(compare([once, once, twice, twice], read_exceptions(self.TEXT)), ([twice], []))


if __name__ == "__main__":
    unittest.main()
