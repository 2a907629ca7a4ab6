"""Wrong comparisons, calendars, limits and lists."""

import re
import unicodedata
from datetime import datetime, timedelta

import compare
import evaluate
import model
import times
from mutation import MUTANTS, mutant
from values import lower_case

comparison_holds = evaluate.comparison_holds


# Comparisons


@mutant("is not false for missing", evaluate, "comparison_holds")
def is_not_needs_a_value(comparison, row, context):
    if "isNot" in comparison and "attribute" in comparison and comparison["isNot"] != "empty":
        if evaluate.read(comparison["attribute"], row, context)[1] is None:
            return False
    return comparison_holds(comparison, row, context)


@mutant("is true for missing", evaluate, "comparison_holds")
def is_true_for_missing(comparison, row, context):
    if "is" in comparison and "attribute" in comparison:
        if evaluate.read(comparison["attribute"], row, context)[1] is None:
            return True
    return comparison_holds(comparison, row, context)


def order_with(**signs):
    return {k: signs.get(k, v) for k, v in compare.ORDER_OF.items()}


STRICT = order_with(greaterThanOrEqualTo=">", lessThanOrEqualTo="<", onOrBefore="<", onOrAfter=">")
mutant("strict bounds", compare, "ORDER_OF")(STRICT)
mutant("loose bounds", compare, "ORDER_OF")(order_with(greaterThan=">=", lessThan="<=", before="<=", after=">="))
for operator, sign in {
    "greaterThan": ">=", "greaterThanOrEqualTo": ">", "lessThan": "<=", "lessThanOrEqualTo": "<",
    "before": "<=", "onOrBefore": "<", "after": ">=", "onOrAfter": ">",
}.items():  # fmt: skip
    mutant(f"{operator} as {sign}", compare, "ORDER_OF")(order_with(**{operator: sign}))


def half_open(original):
    def between(kind, value, operator, given, *rest):
        if operator == "between" and original(kind, value, "on" if len(rest) == 2 else "equalTo", given[1], *rest):
            return False
        return original(kind, value, operator, given, *rest)

    return between


mutant("half-open between of numbers", compare, "compare_number")(half_open(compare.compare_number))
mutant("half-open between of days", compare, "compare_time")(half_open(compare.compare_time))
mutant("exact numbers as doubles", compare, "comparable_numbers")(lambda k, a, o, b: (float(a), float(b)))


def text_mutant(label, change):
    original = compare.text_matches
    mutant(label, compare, "text_matches")(lambda *arguments: change(original, *arguments))


text_mutant("ignore case on the attribute only", lambda f, v, o, g, i: f(lower_case(v) if i else v, o, g, False))
text_mutant("ignore case on the value only", lambda f, v, o, g, i: f(v, o, lower_case(g) if i else g, False))
text_mutant("ignore case by full mapping", lambda f, v, o, g, i: f(v.lower(), o, g.lower(), False) if i else f(v, o, g, i))
text_mutant("ignore case by folding", lambda f, v, o, g, i: f(v.casefold(), o, g.casefold(), False) if i else f(v, o, g, i))
text_mutant("texts normalised", lambda f, v, o, g, i: f(nfc(v), o, nfc(g), i))
text_mutant("texts trimmed", lambda f, v, o, g, i: f(v.strip(), o, g.strip(), i))
text_mutant("zero-length text as missing", lambda f, v, o, g, i: v != "" and f(v, o, g, i))


def nfc(text):
    return unicodedata.normalize("NFC", text)


def like(original, value, operator, given, ignore):
    if operator == "equalTo" or operator == "anyOf":
        return original(value, operator, given, ignore)
    pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in given)
    before, after = (operator != "startsWith") * ".*", (operator != "endsWith") * ".*"
    return bool(re.fullmatch(before + pattern + after, value, re.S | (re.I if ignore else 0)))


text_mutant("wildcards not escaped", like)


# Times


def clock_mutant(label, attribute, function):
    mutant(label, times.Clock, attribute)(function)


original_init = times.Clock.__init__
clock_mutant("days in UTC", "__init__", lambda self, as_of, zone="UTC", week="monday": original_init(self, as_of, "UTC", week))
clock_mutant("weeks start on Monday", "__init__", lambda self, as_of, zone="UTC", week="monday": original_init(self, as_of, zone))
clock_mutant("later offset in an overlap, backward in a gap", "instant_of", lambda self, wall: wall.replace(tzinfo=self.zone, fold=1).astimezone(times.timezone.utc))


@mutant("days of 24 hours", times.Clock, "as_of_moved")
def moved_by_hours(self, count, unit):
    if unit in ("day", "week"):
        return self.as_of + timedelta(days=count * (7 if unit == "week" else 1))
    return as_of_moved(self, count, unit)


as_of_moved = times.Clock.as_of_moved


def overflowing(day, count, unit):
    """Month ends run over into the next month."""
    if unit in ("day", "week"):
        return original_moved(day, count, unit)
    first = original_moved(day.replace(day=1), count, unit)
    return first + timedelta(days=day.day - 1)


original_moved = times.moved
for owner in (times, compare):
    mutant("month ends not clamped", owner, "moved")(overflowing)


def within_mutant(label, change):
    original = compare.is_within
    mutant(label, compare, "is_within")(lambda *arguments: change(original, *arguments))


def utc(day):
    return datetime(day.year, day.month, day.day, tzinfo=times.timezone.utc)


def closed_below(kind, value, operator, count, unit, clock):
    low = clock.as_of_moved if kind == "datetime" else lambda n, u: original_moved(clock.today, n, u)
    bound = low(-count, unit) if operator == "withinLast" else (clock.as_of if kind == "datetime" else clock.today)
    return value == bound


within_mutant("within with its lower bound", lambda f, *a: f(*a) or closed_below(*a))
within_mutant("within by days for datetimes", lambda f, k, v, o, n, u, c: f("date", c.day(v), o, n, u, c) if u not in ("hour", "minute") else f(k, v, o, n, u, c))
within_mutant(
    "within by midnights of UTC for dates",
    lambda f, k, v, o, n, u, c: f("datetime", utc(v), o, n, u, c) if k == "date" else f(k, v, o, n, u, c),
)
mutant("to date without its end", compare, "is_to_date")(
    lambda kind, value, period, clock: (
        clock.day(value) >= times.period_start(clock.today, period, clock.week_start)
    )
)
mutant("time of day without wrap", compare, "is_time_of_day_between")(lambda t, low, high: low <= t <= high)
mutant("time of day half-open", compare, "is_time_of_day_between")(
    lambda t, low, high: (low <= t < high) if low <= high else (t >= low or t < high)
)
mutant("leap day on 1 March", times, "same_month_and_day")(
    lambda day, on: (
        (on.month, on.day) == (3, 1)
        if (day.month, day.day) == (2, 29) and not times.calendar.isleap(on.year)
        else (day.month, day.day) == (on.month, on.day)
    )
)
mutant("leap day only in leap years", times, "same_month_and_day")(
    lambda day, on: (day.month, day.day) == (on.month, on.day)
)
original_anniversary = compare.has_anniversary
mutant("anniversaries a day early", compare, "has_anniversary")(
    lambda day, first, last: original_anniversary(day, first - timedelta(days=1), last - timedelta(days=1))
)


@mutant("instants compared by day", compare, "time_matches")
def by_day(value, operator, given, clock, read):
    kind, other = compare.operand(given, read)
    other = clock.literal(other) if kind == "literal" else other
    return other is not None and compare.in_order(clock.day(value), compare.ORDER_OF[operator], clock.day(other))


# Profiles, limits and projections

mutant("random split with a colon", compare, "split_hash")(
    lambda salt, key: int(compare.hashlib.md5(f"{salt}:{key}".encode()).hexdigest()[:15], 16)
)
mutant("random limit with a colon", evaluate, "split_hash")(MUTANTS["random split with a colon"][0][2])
original_ancestors = evaluate.ancestors
mutant("levels ignored", evaluate, "ancestors")(lambda row, comparison, context: original_ancestors(row, {}, context))
mutant("child and parent swapped", evaluate, "PROFILE_OPERATORS")(
    {**evaluate.PROFILE_OPERATORS, "childOf": evaluate.is_parent_of, "parentOf": evaluate.is_child_of}
)
mutant("row of memberOf ignored", evaluate, "find_row")(lambda reference, row, context: (row[context.table.name], context.table))


def ranked_with(missing_last=True, ties_reversed=False):
    def ranked(members, by, order, context):
        rows = [row for row in context.table.rows if row.values[context.key] in members]
        rows.sort(key=lambda row: row.values[context.key], reverse=ties_reversed)
        value = lambda row: evaluate.read(by, {context.table.name: row}, context)[1]
        known = sorted((r for r in rows if value(r) is not None), key=value, reverse=order == "descending")
        unknown = [r for r in rows if value(r) is None]
        return [r.values[context.key] for r in (known + unknown if missing_last else unknown + known)]

    return ranked


mutant("limit: missing first", evaluate, "ranked")(ranked_with(missing_last=False))
mutant("limit: ties by descending key", evaluate, "ranked")(ranked_with(ties_reversed=True))
original_ranked = evaluate.ranked
mutant("limit: other order", evaluate, "ranked")(
    lambda members, by, order, context: original_ranked(members, by, "descending" if order == "ascending" else "ascending", context)
)
mutant("lists in row order", model.Table, "order")(lambda self, row: row.place_in_file)


@mutant("lists of joined rows", evaluate, "listed")
def listed_joined(names, rules, profile, context):
    targets = []
    for rule in rules:
        truth, rows = evaluate.judge(rule, profile, context)
        for row in rows if truth else []:
            target, table = evaluate.follow(names[:-1], row, context)
            if target is not None and target.values[names[-1]] is not None:
                targets.append((table.order(target), target))
    return [evaluate.to_json(t.values[names[-1]]) for _, t in sorted(targets, key=lambda p: p[0])]


@mutant("lists with the rules after except", evaluate, "projecting_rules")
def all_rules(items):
    for item in items:
        yield from all_rules(item["group"]) if "group" in item else [item]
