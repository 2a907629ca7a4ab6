"""Comparisons: what each operator says of one value. Two-valued; a missing value is never anything but empty."""

import hashlib
from datetime import time
from fractions import Fraction

from times import duration, has_anniversary, moved, period_start
from values import NUMBERS, TIMES, comparable_numbers, lower_case

from datetime import datetime, timedelta


def compare(kind, value, operator, given, clock, ignore_case=False, read=None):
    """Whether `value is operator given`. `read` gives type and value of another attribute."""
    if operator == "empty":
        return value is None or (kind == "text" and value == "")
    if value is None:
        return False
    if kind == "text":
        return compare_text(value, operator, given, ignore_case, read)
    if kind in NUMBERS:
        return compare_number(kind, value, operator, given, read)
    if kind in TIMES:
        return compare_time(kind, value, operator, given, clock, read)
    return value == operand(given, read)[1]  # boolean equalTo


def operand(given, read):
    """Type and value of what stands on the right: a literal, or another attribute."""
    return read(given["attribute"]) if isinstance(given, dict) else ("literal", given)


def compare_text(value, operator, given, ignore_case, read):
    others = given if operator == "anyOf" else [operand(given, read)[1]]
    return any(text_matches(value, operator, other, ignore_case) for other in others if other is not None)


def text_matches(value, operator, other, ignore_case):
    if ignore_case:
        value, other = lower_case(value), lower_case(other)
    if operator == "contains":
        return other in value
    if operator == "startsWith":
        return value.startswith(other)
    if operator == "endsWith":
        return value.endswith(other)
    return value == other


def compare_number(kind, value, operator, given, read):
    if operator == "anyOf":
        return any(number_matches(kind, value, "equalTo", other, read) for other in given)
    if operator == "between":
        low, high = given
        return number_matches(kind, value, "greaterThanOrEqualTo", low, read) and number_matches(
            kind, value, "lessThanOrEqualTo", high, read
        )
    return number_matches(kind, value, operator, given, read)


def number_matches(kind, value, operator, given, read):
    other_kind, other = operand(given, read)
    if other is None:
        return False
    a, b = comparable_numbers(kind, value, other_kind, Fraction(other) if other_kind == "literal" else other)
    return in_order(a, ORDER_OF[operator], b)


ORDER_OF = {
    "equalTo": "=",
    "greaterThan": ">",
    "greaterThanOrEqualTo": ">=",
    "lessThan": "<",
    "lessThanOrEqualTo": "<=",
    "on": "=",
    "before": "<",
    "onOrBefore": "<=",
    "after": ">",
    "onOrAfter": ">=",
}


def in_order(a, sign, b):
    return {"=": a == b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]


def compare_time(kind, value, operator, given, clock, read):
    if operator in ORDER_OF:
        return time_matches(value, operator, given, clock, read)
    if operator == "between":
        low, high = given
        return time_matches(value, "onOrAfter", low, clock, read) and time_matches(
            value, "onOrBefore", high, clock, read
        )
    if operator in ("withinLast", "withinNext"):
        return is_within(kind, value, operator, *duration(given), clock)
    if operator.endswith("ToDate"):
        return is_to_date(kind, value, operator.removesuffix("ToDate"), clock)
    if operator == "timeOfDayBetween":
        return is_time_of_day_between(clock.local(value).time(), *map(time.fromisoformat, given))
    day = clock.day(value)
    if operator.startswith("anniversary"):
        return is_anniversary(day, operator, duration(given)[0], clock)
    part = {
        "dayOfMonth": day.day,
        "monthOf": day.month,
        "yearOf": day.year,
        "dayOfWeek": day.isoweekday(),
    }[operator]
    return part in (given if isinstance(given, list) else [given])


def time_matches(value, operator, given, clock, read):
    """Two instants are compared as such, but for `on`; everything else by local day."""
    other_kind, other = operand(given, read)
    if other_kind == "literal":
        other = clock.literal(other)
    if other is None:
        return False
    both_instants = isinstance(value, datetime) and isinstance(other, datetime)
    if operator == "on" or not both_instants:
        value, other = clock.day(value), clock.day(other)
    return in_order(value, ORDER_OF[operator], other)


def is_within(kind, value, operator, count, unit, clock):
    if kind == "datetime":
        now, last, following = clock.as_of, clock.as_of_moved(-count, unit), clock.as_of_moved(count, unit)
    else:
        now, last, following = clock.today, moved(clock.today, -count, unit), moved(clock.today, count, unit)
    return last < value <= now if operator == "withinLast" else now < value <= following


def is_to_date(kind, value, period, clock):
    start = period_start(clock.today, period, clock.week_start)
    if kind == "datetime":
        return clock.midnight(start) <= value <= clock.as_of
    return start <= value <= clock.today


def is_time_of_day_between(clock_time, low, high):
    if low <= high:
        return low <= clock_time <= high
    return clock_time >= low or clock_time <= high  # over midnight


def is_anniversary(day, operator, count, clock):
    if operator == "anniversaryWithinNext":
        return has_anniversary(day, clock.today + timedelta(days=1), clock.today + timedelta(days=count))
    return has_anniversary(day, clock.today - timedelta(days=count - 1), clock.today)


def split_hash(salt, key):
    """The number behind random splits and random limits."""
    return int(hashlib.md5(salt.encode() + b"\0" + str(key).encode()).hexdigest()[:15], 16)


def in_random_split(key, salt, of, bucket):
    return split_hash(salt, key) % of in (bucket if isinstance(bucket, list) else [bucket])
