"""Comparisons, each by an example worked out by hand."""

import unittest
from datetime import date, datetime, timezone
from fractions import Fraction

from compare import compare, in_random_split, split_hash
from times import Clock, has_anniversary, moved, relative_day
from values import instant, lower_case, plain, read_json, twelve_digits, write_json

NOON = instant("2024-03-15T12:00:00Z")  # a Friday
OSLO = Clock(NOON, "Europe/Oslo")


def text(value, operator, given=None, ignore_case=False):
    return compare("text", value, operator, given, OSLO, ignore_case)


def number(value, operator, given=None, kind="integer"):
    return compare(kind, value, operator, given, OSLO)


def day(value, operator, given=None, clock=OSLO):
    return compare("date", value and date.fromisoformat(value), operator, given, clock)


def moment(value, operator, given=None, clock=OSLO):
    return compare("datetime", value and instant(value), operator, given, clock)


class Texts(unittest.TestCase):
    def test_equal_to_is_by_code_points(self):
        self.assertTrue(text("Oslo", "equalTo", "Oslo"))
        self.assertFalse(text("Oslo", "equalTo", "oslo"))
        self.assertFalse(text("caf\u00e9", "equalTo", "cafe\u0301"))
        self.assertFalse(text("Oslo ", "equalTo", "Oslo"))

    def test_parts(self):
        self.assertTrue(text("abc", "contains", "b"))
        self.assertTrue(text("abc", "contains", ""))
        self.assertTrue(text("abc", "startsWith", "ab"))
        self.assertFalse(text("abc", "startsWith", "b"))
        self.assertTrue(text("abc", "endsWith", "bc"))
        self.assertFalse(text("abc", "endsWith", "ab"))

    def test_wildcards_are_plain(self):
        self.assertFalse(text("abc", "contains", "a_c"))
        self.assertFalse(text("abc", "startsWith", "a%"))
        self.assertTrue(text("100%", "endsWith", "%"))
        self.assertTrue(text("a\\b", "contains", "\\"))

    def test_ignore_case_maps_one_to_one_on_both_sides(self):
        self.assertTrue(text("OSLO", "equalTo", "oslo", True))
        self.assertTrue(text("oslo", "equalTo", "OSLO", True))
        self.assertTrue(text("x", "anyOf", ["Y", "X"], True))
        self.assertTrue(text("\u0130zmir", "equalTo", "izmir", True))
        self.assertFalse(text("stra\u00dfe", "equalTo", "STRASSE", True))
        self.assertTrue(text("stra\u1e9ee", "equalTo", "STRA\u00dfE", True))
        self.assertFalse(text("\u03c3\u03b1\u03c2", "equalTo", "\u03a3\u0391\u03a3", True))  # final sigma
        self.assertEqual(lower_case("A\u0130\u03a3"), "ai\u03c3")

    def test_empty_is_missing_or_zero_length(self):
        self.assertTrue(text(None, "empty"))
        self.assertTrue(text("", "empty"))
        self.assertFalse(text(" ", "empty"))

    def test_missing_is_never_anything_else(self):
        self.assertFalse(text(None, "equalTo", ""))
        self.assertFalse(text(None, "contains", ""))
        self.assertFalse(text(None, "anyOf", [""]))

    def test_any_of(self):
        self.assertTrue(text("b", "anyOf", ["a", "b"]))
        self.assertFalse(text("c", "anyOf", ["a", "b"]))


class Numbers(unittest.TestCase):
    def test_orders(self):
        truths = {
            "equalTo": (False, True, False),
            "greaterThan": (False, False, True),
            "greaterThanOrEqualTo": (False, True, True),
            "lessThan": (True, False, False),
            "lessThanOrEqualTo": (True, True, False),
        }
        for operator, expected in truths.items():
            self.assertEqual(tuple(number(n, operator, 2) for n in (1, 2, 3)), expected, operator)

    def test_between_has_both_ends(self):
        self.assertEqual([number(n, "between", [1, 3]) for n in (0, 1, 3, 4)], [False, True, True, False])
        self.assertFalse(number(2, "between", [3, 1]))

    def test_any_of_and_empty(self):
        self.assertTrue(number(3, "anyOf", [1, 3]))
        self.assertFalse(number(0, "empty"))
        self.assertTrue(number(None, "empty"))
        self.assertFalse(number(None, "lessThan", 5))

    def test_exact(self):
        self.assertFalse(number(2**53 + 1, "equalTo", 2**53))
        self.assertTrue(number(2**53, "equalTo", 2**53 + 1, "double"))
        literal = read_json('{"v": 0.1}')["v"]
        self.assertTrue(number(Fraction(1, 10), "equalTo", literal, "decimal"))
        self.assertTrue(number(0.1, "equalTo", literal, "double"))
        self.assertTrue(number(3, "greaterThan", read_json("2.5")))

    def test_another_attribute_meets_a_double_as_double(self):
        other = lambda reference: ("double", 0.1)
        self.assertTrue(compare("decimal", Fraction(1, 10), "equalTo", {"attribute": "x"}, OSLO, False, other))
        missing = lambda reference: ("integer", None)
        self.assertFalse(compare("integer", 1, "equalTo", {"attribute": "x"}, OSLO, False, missing))

    def test_twelve_digits(self):
        self.assertEqual(twelve_digits(0.1 + 0.2), 0.3)


class Days(unittest.TestCase):
    def test_comparisons_with_a_day(self):
        truths = {
            "on": (False, True, False),
            "before": (True, False, False),
            "onOrBefore": (True, True, False),
            "after": (False, False, True),
            "onOrAfter": (False, True, True),
        }
        for operator, expected in truths.items():
            days = ("2024-02-28", "2024-02-29", "2024-03-01")
            self.assertEqual(tuple(day(d, operator, "2024-02-29") for d in days), expected, operator)
            # The local days of Oslo begin at 23:00 UTC.
            moments = ("2024-02-28T22:59:59.999999Z", "2024-02-28T23:00:00Z", "2024-02-29T23:00:00Z")
            self.assertEqual(tuple(moment(m, operator, "2024-02-29") for m in moments), expected, operator)

    def test_comparisons_with_an_instant(self):
        noon = "2024-03-01T12:00:00"  # 11:00 UTC
        self.assertFalse(moment("2024-03-01T11:00:00Z", "before", noon))
        self.assertTrue(moment("2024-03-01T10:59:59.999999Z", "before", noon))
        self.assertTrue(moment("2024-03-01T11:00:00Z", "onOrBefore", noon))
        self.assertTrue(moment("2024-03-01T12:00:00Z", "onOrAfter", noon + "Z"))
        self.assertFalse(moment("2024-03-01T12:00:00Z", "after", noon + "Z"))

    def test_two_attributes(self):
        other = lambda value: lambda reference: value
        later = ("datetime", instant("2024-03-01T12:00:00Z"))
        eleven = instant("2024-03-01T11:00:00Z")
        given = {"attribute": "x"}
        self.assertTrue(compare("datetime", eleven, "before", given, OSLO, False, other(later)))
        self.assertTrue(compare("datetime", eleven, "on", given, OSLO, False, other(later)))
        same_day = ("date", date(2024, 3, 1))
        self.assertFalse(compare("datetime", eleven, "before", given, OSLO, False, other(same_day)))
        self.assertFalse(compare("date", date(2024, 3, 1), "before", given, OSLO, False, other(later)))

    def test_between_days(self):
        days = ("2024-02-29", "2024-03-01", "2024-03-31", "2024-04-01")
        self.assertEqual([day(d, "between", ["2024-03-01", "2024-03-31"]) for d in days], [False, True, True, False])
        self.assertTrue(moment("2024-03-31T21:59:59Z", "between", ["2024-03-01", "2024-03-31"]))
        self.assertFalse(moment("2024-03-31T22:00:00Z", "between", ["2024-03-01", "2024-03-31"]))

    def test_relative_days(self):
        friday = date(2024, 3, 15)
        expected = {
            "today": "2024-03-15",
            "today - 3 months": "2023-12-15",
            "today + 1 day": "2024-03-16",
            "start of this week": "2024-03-11",
            "end of this week": "2024-03-17",
            "end of last quarter": "2023-12-31",
            "start of next year": "2025-01-01",
            "start of last month": "2024-02-01",
            "end of last month": "2024-02-29",
            "end of next month": "2024-04-30",
            "2024-02-29": "2024-02-29",
        }
        for value, bound in expected.items():
            self.assertEqual(relative_day(value, friday, 0), date.fromisoformat(bound), value)
        self.assertEqual(relative_day("start of this week", friday, 6), date(2024, 3, 10))  # Sunday
        self.assertEqual(relative_day("start of this week", friday, 4), friday)  # Friday

    def test_months_clamp(self):
        self.assertEqual(moved(date(2024, 3, 31), -1, "month"), date(2024, 2, 29))
        self.assertEqual(moved(date(2023, 12, 31), 2, "month"), date(2024, 2, 29))
        self.assertEqual(moved(date(2024, 2, 29), 1, "year"), date(2025, 2, 28))


class Relative(unittest.TestCase):
    def test_within_for_dates(self):
        days = ("2024-03-13", "2024-03-14", "2024-03-15", "2024-03-16")
        self.assertEqual([day(d, "withinLast", "1 day") for d in days], [False, False, True, False])
        self.assertEqual([day(d, "withinLast", "2 days") for d in days], [False, True, True, False])
        self.assertEqual([day(d, "withinNext", "1 day") for d in days], [False, False, False, True])

    def test_within_for_datetimes(self):
        self.assertFalse(moment("2024-03-14T12:00:00Z", "withinLast", "1 day"))
        self.assertTrue(moment("2024-03-14T12:00:00.000001Z", "withinLast", "1 day"))
        self.assertTrue(moment("2024-03-15T12:00:00Z", "withinLast", "1 minute"))
        self.assertFalse(moment("2024-03-15T12:00:00Z", "withinNext", "1 hour"))
        self.assertTrue(moment("2024-03-15T13:00:00Z", "withinNext", "1 hour"))
        self.assertFalse(moment("2024-03-15T13:00:00.000001Z", "withinNext", "1 hour"))

    def test_a_day_of_23_hours_is_one_day(self):
        clock = Clock(instant("2024-03-31T10:00:00Z"), "Europe/Oslo")  # 12:00, the day after is 11:00 UTC
        self.assertFalse(moment("2024-03-30T11:00:00Z", "withinLast", "1 day", clock))
        self.assertTrue(moment("2024-03-30T11:00:00.000001Z", "withinLast", "1 day", clock))
        self.assertTrue(moment("2024-03-30T10:00:00.000001Z", "withinLast", "24 hours", clock))

    def test_gap_goes_forward_and_overlap_takes_the_earlier_offset(self):
        clock = Clock(instant("2024-04-01T00:30:00Z"), "Europe/Oslo")  # 02:30 a day after the gap
        self.assertEqual(clock.as_of_moved(-1, "day"), instant("2024-03-31T01:30:00Z"))  # 03:30 summer time
        clock = Clock(instant("2023-10-30T01:30:00Z"), "Europe/Oslo")  # 02:30 a day after the overlap
        self.assertEqual(clock.as_of_moved(-1, "day"), instant("2023-10-29T00:30:00Z"))

    def test_to_date(self):
        self.assertTrue(day("2024-03-11", "weekToDate"))
        self.assertFalse(day("2024-03-10", "weekToDate"))
        self.assertTrue(day("2024-03-10", "weekToDate", clock=Clock(NOON, "Europe/Oslo", "sunday")))
        self.assertFalse(day("2024-03-16", "monthToDate"))
        self.assertTrue(day("2024-01-01", "quarterToDate"))
        self.assertFalse(day("2023-12-31", "yearToDate"))
        self.assertTrue(moment("2024-02-29T23:00:00Z", "monthToDate"))
        self.assertFalse(moment("2024-02-29T22:59:59Z", "monthToDate"))
        self.assertTrue(moment("2024-03-15T12:00:00Z", "monthToDate"))
        self.assertFalse(moment("2024-03-15T12:00:00.000001Z", "monthToDate"))

    def test_anniversaries(self):
        self.assertFalse(day("1980-03-15", "anniversaryWithinNext", "7 days"))
        self.assertTrue(day("1980-03-16", "anniversaryWithinNext", "1 day"))
        self.assertTrue(day("1980-03-22", "anniversaryWithinNext", "7 days"))
        self.assertFalse(day("1980-03-23", "anniversaryWithinNext", "7 days"))
        self.assertTrue(day("1980-03-15", "anniversaryWithinLast", "1 day"))
        self.assertFalse(day("1980-03-14", "anniversaryWithinLast", "1 day"))
        leap = date(2000, 2, 29)
        self.assertTrue(has_anniversary(leap, date(2023, 2, 28), date(2023, 2, 28)))
        self.assertFalse(has_anniversary(leap, date(2023, 3, 1), date(2023, 3, 1)))
        self.assertFalse(has_anniversary(leap, date(2024, 2, 28), date(2024, 2, 28)))
        self.assertTrue(has_anniversary(leap, date(2024, 2, 29), date(2024, 2, 29)))

    def test_parts_of_the_local_day(self):
        late = "2023-12-31T23:30:00Z"  # 1 January 2024 00:30 in Oslo, a Monday
        self.assertTrue(moment(late, "dayOfMonth", 1))
        self.assertTrue(moment(late, "monthOf", [1, 3]))
        self.assertTrue(moment(late, "yearOf", 2024))
        self.assertTrue(moment(late, "dayOfWeek", 1))
        self.assertFalse(moment(late, "dayOfWeek", [7]))

    def test_time_of_day(self):
        night = ["22:00", "06:00"]
        self.assertTrue(moment("2024-01-15T21:00:00Z", "timeOfDayBetween", night))
        self.assertTrue(moment("2024-01-15T05:00:00Z", "timeOfDayBetween", night))
        self.assertFalse(moment("2024-01-15T05:00:00.000001Z", "timeOfDayBetween", night))
        self.assertFalse(moment("2024-01-15T20:59:59Z", "timeOfDayBetween", night))

    def test_missing_and_empty(self):
        self.assertFalse(moment(None, "before", "2024-01-01"))
        self.assertTrue(moment(None, "empty"))
        self.assertFalse(day("2024-01-01", "empty"))


class Others(unittest.TestCase):
    def test_booleans(self):
        self.assertTrue(compare("boolean", False, "equalTo", False, OSLO))
        self.assertFalse(compare("boolean", None, "equalTo", False, OSLO))
        self.assertTrue(compare("boolean", None, "empty", None, OSLO))

    def test_random_split(self):
        # md5 of "spring", a zero byte and "1001", computed by md5sum.
        self.assertEqual(split_hash("spring", 1001), SPRING_1001)
        self.assertEqual(split_hash("spring", "1001"), SPRING_1001)
        self.assertTrue(in_random_split(1001, "spring", 10, [SPRING_1001 % 10]))
        self.assertFalse(in_random_split(1001, "spring", 10, (SPRING_1001 + 1) % 10))

    def test_canonical_forms(self):
        self.assertEqual([plain(v) for v in (1.0, 1e16, 0.1, -0.0, 1e-7)], ["1", "10000000000000000", "0.1", "0", "0.0000001"])
        self.assertEqual(plain(Fraction(-5, 2)), "-2.5")
        self.assertEqual(plain(Fraction(100)), "100")
        self.assertEqual(write_json(read_json('{"a": [0.10, 9007199254740993.5]}')), '{"a": [0.1, 9007199254740993.5]}')
        self.assertEqual(instant("2024-01-01T00:00:00+01:00"), datetime(2023, 12, 31, 23, tzinfo=timezone.utc))


SPRING_1001 = 0x8aa96c72686b9ea


if __name__ == "__main__":
    unittest.main()
