"""Wrong evaluators: each has one bug an engine might have, to see how many cases would catch it."""

import re
import unicodedata
from contextlib import ExitStack
from datetime import datetime, timedelta
from unittest.mock import patch

import compare
import evaluate
import model
import times
from values import lower_case

MUTANTS = {}  # name -> list of (owner, attribute, replacement)


def mutant(name, owner, attribute):
    """Registers the function below as a replacement."""

    def register(function):
        MUTANTS.setdefault(name, []).append((owner, attribute, function))
        return function

    return register


def broken(name):
    """A context in which the evaluator has the bug."""
    stack = ExitStack()
    times.relative_day.cache_clear()
    stack.callback(times.relative_day.cache_clear)
    for owner, attribute, replacement in MUTANTS[name]:
        stack.enter_context(patch.object(owner, attribute, replacement))
    return stack


def same_rows(values):
    return list({id(v): v for v in values}.values())


# Joins


@mutant("last places without a condition pruned", evaluate, "joined_rows")
def joined_pruned(rule, profile, context):
    steps = list(context.workspace.path(rule, context.table.name))
    while len(steps) > 1 and not mentioned(rule, steps[-1].far):
        steps.pop()
    return joined_along(steps, profile, context)


@mutant("many-to-one places without a condition pruned", evaluate, "joined_rows")
def joined_pruned_outward(rule, profile, context):
    steps = list(context.workspace.path(rule, context.table.name))
    while len(steps) > 1 and not mentioned(rule, steps[-1].far) and not steps[-1].to_source:
        steps.pop()
    return joined_along(steps, profile, context)


@mutant("middle place pruned, orphans meet", evaluate, "rows_beyond")
def rows_beyond_orphans(step, row, context):
    r = step.relationship
    if row.values.get("orphan of") is not None:
        return context.workspace.rows_with(r.source, r.foreign_key, row.values["orphan of"]) if step.to_source else []
    found = rows_beyond(step, row, context)
    value = None if step.to_source else row.values[r.foreign_key]
    if found or value is None:
        return found
    missing = dict.fromkeys(context.workspace.tables[r.target].attributes)
    return [model.Row({**missing, r.key: value, "orphan of": value})]


@mutant("outer join", evaluate, "joined_rows")
def joined_outer(rule, profile, context):
    rows = [{context.table.name: profile}]
    for step in context.workspace.path(rule, context.table.name):
        r = step.relationship
        table = context.workspace.tables[r.source if step.to_source else r.target]
        nothing = [model.Row(dict.fromkeys(table.attributes), (0,))]
        rows = [
            {**row, step.far: far} for row in rows for far in rows_beyond(step, row[step.near], context) or nothing
        ]
    return rows


rows_beyond = evaluate.rows_beyond


def joined_along(steps, profile, context):
    rows = [{context.table.name: profile}]
    for step in steps:
        rows = [{**row, step.far: far} for row in rows for far in rows_beyond(step, row[step.near], context)]
    return rows


def mentioned(rule, place):
    return f"'{place}." in str(rule) or f"'of': '{place}'" in str(rule) or "count'" in str(rule)


@mutant("lookup as inner join", evaluate, "comparison_holds")
def comparison_inner(comparison, row, context):
    reference = comparison.get("attribute")
    if reference and len(evaluate.split_reference(reference)) > 2:
        if evaluate.follow(evaluate.split_reference(reference)[:-1], row, context)[0] is None:
            return False
    return comparison_holds(comparison, row, context)


comparison_holds = evaluate.comparison_holds


# Quantifiers


def judging(change):
    """A replacement for `judge` that changes the truth of one quantifier."""
    original = evaluate.judge

    def judge(rule, profile, context):
        return change(original, rule, profile, context)

    return judge


def every_on_nothing(judge, rule, profile, context):
    truth, rows = judge(rule, profile, context)
    counted = [r for r in evaluate.joined_rows(rule, profile, context) if evaluate.tree_holds(rule.get("where"), r, context)]
    return (truth or (rule.get("quantifier") == "every" and not counted)), rows


def none_as_not_all(judge, rule, profile, context):
    if rule.get("quantifier") != "none":
        return judge(rule, profile, context)
    rows = evaluate.joined_rows(rule, profile, context)
    truth = [evaluate.tree_holds(rule.get("match"), r, context) for r in rows]
    return bool(truth) and not any(truth), []


def none_as_any_not(judge, rule, profile, context):
    if rule.get("quantifier") != "none":
        return judge(rule, profile, context)
    rows = evaluate.joined_rows(rule, profile, context)
    return any(not evaluate.tree_holds(rule.get("match"), r, context) for r in rows), []


def where_ignored(judge, rule, profile, context):
    return judge({k: v for k, v in rule.items() if k != "where"}, profile, context)


def first_last_swapped(judge, rule, profile, context):
    quantifier = rule.get("quantifier")
    if isinstance(quantifier, dict) and ("first" in quantifier or "last" in quantifier):
        rule = {**rule, "quantifier": {"last" if k == "first" else "first": v for k, v in quantifier.items()}}
    return judge(rule, profile, context)


def first_among_matching(judge, rule, profile, context):
    quantifier = rule.get("quantifier")
    if isinstance(quantifier, dict) and ("first" in quantifier or "last" in quantifier):
        both = [t for t in (rule.get("where"), rule.get("match")) if t]
        rule = {**rule, "where": {"all": both}, "match": {"all": []}}
    return judge(rule, profile, context)


for label, change in {
    "every true on no rows": every_on_nothing,
    "none without the profiles that have no rows": none_as_not_all,
    "none as any not": none_as_any_not,
    "where ignored": where_ignored,
    "first and last swapped": first_last_swapped,
    "first and last among matching rows": first_among_matching,
}.items():
    mutant(label, evaluate, "judge")(judging(change))


@mutant("first and last by one of the tied rows", evaluate, "judge_first_or_last")
def one_of_the_tied(quantifier, rule, counted, context):
    ((which, reference),) = quantifier.items()
    timed = [(evaluate.read(reference, row, context)[1], n) for n, row in enumerate(counted)]
    timed = [t for t in timed if t[0] is not None]
    if not timed:
        return False, []
    row = counted[(min if which == "first" else max)(timed, key=lambda t: t[0])[1]]
    return evaluate.tree_holds(rule.get("match"), row, context), [row]


# Aggregates


@mutant("grain dropped", evaluate, "grain_values")
def grain_dropped(of, rule, rows, context):
    values = [evaluate.read(of, row, context)[1] for row in rows]
    return evaluate.kind_of(of, context), [v for v in values if v is not None]


@mutant("grain by distinct values", evaluate, "grain_values")
def grain_by_value(of, rule, rows, context):
    values = {evaluate.read(of, row, context)[1] for row in rows}
    return evaluate.kind_of(of, context), [v for v in values if v is not None]


@mutant("grain of a lookup is its target", evaluate, "grain_values")
def grain_of_target(of, rule, rows, context):
    names = evaluate.split_reference(of)
    found = same_rows(t for t in (evaluate.follow(names[:-1], r, context)[0] for r in rows) if t is not None)
    return evaluate.kind_of(of, context), [v for v in (t.values[names[-1]] for t in found) if v is not None]


@mutant("count of the farthest place", evaluate, "counted_place")
def farthest(rule, context):
    return [context.table.name, *(s.far for s in context.workspace.path(rule, context.table.name))][-1]


@mutant("count of the nearest place", evaluate, "counted_place")
def nearest(rule, context):
    return [*(s.far for s in context.workspace.path(rule, context.table.name)), context.table.name][0]


def aggregating(change):
    original = evaluate.aggregate
    return lambda quantifier, rule, rows, context: change(original, quantifier, rule, rows, context)


def distinct_as_count(aggregate, quantifier, rule, rows, context):
    if quantifier["aggregate"] == "countDistinct":
        return "integer", len(evaluate.grain_values(quantifier["of"], rule, rows, context)[1])
    return aggregate(quantifier, rule, rows, context)


def empty_sum_zero(aggregate, quantifier, rule, rows, context):
    kind, value = aggregate(quantifier, rule, rows, context)
    return kind, 0 if value is None and quantifier["aggregate"] == "sum" else value


def average_floored(aggregate, quantifier, rule, rows, context):
    kind, value = aggregate(quantifier, rule, rows, context)
    return kind, value // 1 if value is not None and quantifier["aggregate"] == "average" else value


def average_over_all_rows(aggregate, quantifier, rule, rows, context):
    kind, value = aggregate(quantifier, rule, rows, context)
    if value is None or quantifier["aggregate"] != "average":
        return kind, value
    place = evaluate.split_reference(quantifier["of"])[0]
    known = len(evaluate.grain_values(quantifier["of"], rule, rows, context)[1])
    return kind, value * known / len({r[place] for r in rows})


def empty_count_missing(aggregate, quantifier, rule, rows, context):
    kind, value = aggregate(quantifier, rule, rows, context)
    return kind, value if rows else None


for label, change in {
    "countDistinct as count": distinct_as_count,
    "sum of nothing is zero": empty_sum_zero,
    "average floored": average_floored,
    "average over missing too": average_over_all_rows,
    "count of nothing is missing": empty_count_missing,
}.items():
    mutant(label, evaluate, "aggregate")(aggregating(change))
mutant("sums of decimals as doubles", evaluate, "Fraction")(float)
mutant("sums of doubles not rounded", evaluate, "twelve_digits")(lambda number: number)


# Rules


def swapped(one, other):
    original = evaluate.set_operation
    names = {one: other, other: one}
    return lambda name, left, right: original(names.get(name, name), left, right)


mutant("except and exclusive swapped", evaluate, "set_operation")(swapped("except", "exclusive"))
mutant("union and exclusive swapped", evaluate, "set_operation")(swapped("union", "exclusive"))


def combining(change):
    original = evaluate.combined
    return lambda items, context: change(original, items, context)


def groups_flattened(combined, items, context):
    flat = []
    for item in items:
        inner = item.get("group", [item])
        first = {**inner[0], **({"combine": item["combine"]} if "combine" in item else {})}
        flat += [first, *inner[1:]]
    return combined(flat, context)


def right_to_left(combined, items, context):
    sets = [combined([{k: v for k, v in i.items() if k != "combine"}], context)[0] for i in items]
    members = sets[-1]
    for item, own in zip(reversed(items), reversed(sets[:-1])):
        members = evaluate.set_operation(item["combine"], own, members)
    return members, combined(items, context)[1]


def all_over_any(tree_holds, tree, row, context):
    swap = {"all": "any", "any": "all"}
    return tree_holds({swap.get(k, k): v for k, v in tree.items()} if tree else tree, row, context)


mutant("groups ignored", evaluate, "combined")(combining(groups_flattened))
mutant("rules right to left", evaluate, "combined")(combining(right_to_left))
original_tree_holds = evaluate.tree_holds
mutant("all and any swapped", evaluate, "tree_holds")(lambda *a: all_over_any(original_tree_holds, *a))


@mutant("complement against all keys ever given", evaluate, "rule_members")
def members_ever(rule, context):
    gone = getattr(context.workspace, "vanished", {}).get(context.table.name, set())
    return rule_members(rule, context) | (gone if rule.get("quantifier") == "none" else set())


rule_members = evaluate.rule_members


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
