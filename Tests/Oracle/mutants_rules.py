"""Wrong joins, quantifiers, aggregates and set operations."""

import evaluate
import model
from mutation import mutant


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
