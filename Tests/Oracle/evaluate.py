"""The naive reference evaluator: builds the joined rows of a rule, filters them, and quantifies."""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import model
from compare import compare, in_random_split, split_hash
from times import Clock
from values import to_json, twelve_digits

split_reference = lru_cache(maxsize=100_000)(model.split_reference)


@dataclass
class Result:
    members: list  # keys in order, after the limit
    counts: list  # per top-level rule: {"rule": n, "cumulative": n}, before the limit
    projected: dict = None  # reference -> key -> value or list


class Context:
    """What an evaluation is given besides the definition."""

    def __init__(self, workspace, definition, as_of, published):
        self.workspace = workspace
        self.published = published  # segment name -> set of member keys
        self.audience = the_audience(workspace, definition)
        self.table = workspace.tables[self.audience.table]
        self.key = self.table.key[0]
        self.clock = Clock(
            as_of,
            definition.get("timeZone", workspace.time_zone),
            definition.get("weekStart", workspace.week_start),
        )


def the_audience(workspace, definition):
    if "audience" in definition:
        return workspace.audiences[definition["audience"]]
    (only,) = workspace.audiences.values()
    return only


def evaluate(workspace, definition, as_of, published=None):
    """Members, counts and projected values of one definition."""
    context = Context(workspace, definition, as_of, published or {})
    if "keys" in definition:
        members = set(definition["keys"]) & universe(context)
        return Result(sorted(limited(members, definition.get("limit"), context)), [])
    members, counts = combined(definition["rules"], context)
    members = limited(members, definition.get("limit"), context)
    projected = None
    if "project" in definition:
        projected = {r: projection(r, definition["rules"], members, context) for r in definition["project"]}
    return Result(sorted(members), counts, projected)


def universe(context):
    """The keys of the profiles that are present."""
    return {row.values[context.key] for row in context.table.rows}


# Rules


def combined(items, context):
    """The set that rules and groups combine to, left to right, with the counts after each."""
    members, counts = None, []
    for item in items:
        own = combined(item["group"], context)[0] if "group" in item else rule_members(item, context)
        members = own if members is None else set_operation(item["combine"], members, own)
        counts.append({"rule": len(own), "cumulative": len(members)})
    return members, counts


def set_operation(name, left, right):
    return {
        "union": left | right,
        "intersect": left & right,
        "except": left - right,
        "exclusive": left ^ right,
    }[name]


def rule_members(rule, context):
    return {p.values[context.key] for p in context.table.rows if judge(rule, p, context)[0]}


def judge(rule, profile, context):
    """Whether a rule, or a has condition, is true for a profile, and the joined rows that decided it."""
    joined = joined_rows(rule, profile, context)
    counted = [row for row in joined if tree_holds(rule.get("where"), row, context)]
    quantifier = rule.get("quantifier", "any")
    if isinstance(quantifier, dict) and ("first" in quantifier or "last" in quantifier):
        return judge_first_or_last(quantifier, rule, counted, context)
    both = [row for row in counted if tree_holds(rule.get("match"), row, context)]
    if quantifier == "any":
        return bool(both), both
    if quantifier == "none":
        return not both, []
    if quantifier == "every":
        return bool(counted) and len(both) == len(counted), both
    return judge_aggregate(quantifier, rule, both, context), both


def joined_rows(rule, profile, context):
    """The profile row with one row of every table on the path, as dictionaries place -> row."""
    rows = [{context.table.name: profile}]
    for step in context.workspace.path(rule, context.table.name):
        rows = [{**row, step.far: far} for row in rows for far in rows_beyond(step, row[step.near], context)]
    return rows


def rows_beyond(step, row, context):
    r = step.relationship
    if step.to_source:
        return context.workspace.rows_with(r.source, r.foreign_key, row.values[r.key])
    return context.workspace.rows_with(r.target, r.key, row.values[r.foreign_key])


def judge_first_or_last(quantifier, rule, counted, context):
    ((which, reference),) = quantifier.items()
    timed = [(read(reference, row, context)[1], row) for row in counted]
    timed = [(moment, row) for moment, row in timed if moment is not None]
    if not timed:
        return False, []
    moments = [moment for moment, _ in timed]
    deciding = min(moments) if which == "first" else max(moments)
    tied = [row for moment, row in timed if moment == deciding]
    holding = [row for row in tied if tree_holds(rule.get("match"), row, context)]
    return bool(holding), holding


# Aggregates


def judge_aggregate(quantifier, rule, rows, context):
    kind, value = aggregate(quantifier, rule, rows, context)
    operator = quantifier.get("is") or quantifier["isNot"]
    truth = compare(kind, value, operator, quantifier.get("value"), context.clock)
    return truth if "is" in quantifier else not truth


def aggregate(quantifier, rule, rows, context):
    """Type and value of an aggregate over joined rows; each row of the grain's table counts once."""
    name, of = quantifier["aggregate"], quantifier.get("of")
    if name == "count":
        place = split_reference(of)[0] if of else counted_place(rule, context)
        return "integer", len({row[place] for row in rows})
    kind, values = grain_values(of, rule, rows, context)
    if name == "countDistinct":
        return "integer", len(set(values))
    if not values:
        return kind, None
    if name == "minimum":
        return kind, min(values)
    if name == "maximum":
        return kind, max(values)
    total = sum(map(Fraction, values))
    if name == "average":
        total /= len(values)
    if kind == "double":
        return "double", twelve_digits(float(total))
    return "decimal", total


def grain_values(of, rule, rows, context):
    """Type and values of an attribute, missing skipped, once for each row of its path table."""
    place = split_reference(of)[0]
    once = {row[place]: row for row in rows}
    values = [read(of, row, context)[1] for row in once.values()]
    return kind_of(of, context), [value for value in values if value is not None]


def kind_of(reference, context):
    """The type of an attribute reference."""
    place, *lookups, attribute = split_reference(reference)
    table = place.split("#")[0]
    for name in lookups:
        table = context.workspace.relationship(table, name).target
    return context.workspace.tables[table].attributes[attribute]


def counted_place(rule, context):
    """The place reached by the last one-to-many step walked outward from the profile."""
    places = [s.far for s in context.workspace.path(rule, context.table.name) if s.one_to_many]
    return places[-1] if places else context.table.name


# Trees


def tree_holds(tree, row, context):
    if tree is None:
        return True
    if "all" in tree:
        return all(tree_holds(t, row, context) for t in tree["all"])
    if "any" in tree:
        return any(tree_holds(t, row, context) for t in tree["any"])
    if "has" in tree:
        return judge(tree["has"], row[context.table.name], context)[0]
    return comparison_holds(tree, row, context)


def comparison_holds(comparison, row, context):
    operator = comparison.get("is") or comparison["isNot"]
    truth = comparison_is(comparison, operator, row, context)
    return truth if "is" in comparison else not truth


def comparison_is(comparison, operator, row, context):
    given = comparison.get("value")
    if operator in PROFILE_OPERATORS:
        subject, table = find_row(comparison.get("row", model.quoted(context.table.name)), row, context)
        return subject is not None and PROFILE_OPERATORS[operator](subject, table, given, comparison, context)
    kind, value = read(comparison["attribute"], row, context)
    return compare(
        kind,
        value,
        operator,
        given,
        context.clock,
        comparison.get("ignoreCase", False),
        lambda reference: read(reference, row, context),
    )


def read(reference, row, context):
    """Type and value of an attribute reference in a joined row; a lookup without a row is missing."""
    *_, attribute = split_reference(reference)
    found, table = follow(split_reference(reference)[:-1], row, context)
    return table.attributes[attribute], None if found is None else found.values[attribute]


def find_row(reference, row, context):
    return follow(split_reference(reference), row, context)


def follow(names, row, context):
    """The row that a place and a chain of lookups reach, or None, with its table."""
    place, *lookups = names
    found, table = row[place], context.workspace.tables[place.split("#")[0]]
    for name in lookups:
        relationship = context.workspace.relationship(table.name, name)
        found = found and context.workspace.target_row(relationship, found)
        table = context.workspace.tables[relationship.target]
    return found, table


# Comparisons of a profile


def is_member(row, table, segment, comparison, context):
    return row.values[table.key[0]] in context.published[segment]


def is_in_random_split(row, table, given, comparison, context):
    return in_random_split(row.values[table.key[0]], given["salt"], given["of"], given["bucket"])


def is_child_of(row, table, key, comparison, context):
    return key in [r.values[table.key[0]] for r in ancestors(row, comparison, context)]


def is_parent_of(row, table, key, comparison, context):
    return any(
        row in ancestors(child, comparison, context) for child in table.rows if child.values[table.key[0]] == key
    )


PROFILE_OPERATORS = {
    "memberOf": is_member,
    "inRandomSplit": is_in_random_split,
    "childOf": is_child_of,
    "parentOf": is_parent_of,
}


def ancestors(row, comparison, context):
    """The parent, or with `levels: all` every row above; a cycle is walked once."""
    found = []
    parent = context.workspace.target_row(context.audience.hierarchy, row)
    while parent is not None and parent not in found:
        found.append(parent)
        if comparison.get("levels") != "all":
            break
        parent = context.workspace.target_row(context.audience.hierarchy, parent)
    return found


# Limit and projection


def limited(members, limit, context):
    if limit is None:
        return members
    if "random" in limit:
        ordered = sorted(members, key=lambda key: (split_hash(limit["salt"], key), key))
        return set(ordered[: limit["random"]])
    return set(ranked(members, limit["by"], limit.get("order", "descending"), context)[: limit["top"]])


def ranked(members, by, order, context):
    """Members by an attribute: missing last in both orders, ties by ascending key."""
    rows = [row for row in context.table.rows if row.values[context.key] in members]
    rows.sort(key=lambda row: row.values[context.key])
    value = lambda row: read(by, {context.table.name: row}, context)[1]
    known = sorted((r for r in rows if value(r) is not None), key=value, reverse=order == "descending")
    return [r.values[context.key] for r in [*known, *(r for r in rows if value(r) is None)]]


def projection(reference, items, members, context):
    """Per member the value of a profile attribute, or the list of the values of other rows."""
    names = split_reference(reference)
    profiles = [row for row in context.table.rows if row.values[context.key] in members]
    profiles.sort(key=lambda row: row.values[context.key])
    if names[0] == context.table.name and len(names) == 2:
        return {row.values[context.key]: to_json(row.values[names[1]]) for row in profiles}
    rules = [r for r in projecting_rules(items) if names[0] in context.workspace.place_tables(r, context.table.name)]
    return {p.values[context.key]: listed(names, rules, p, context) for p in profiles}


def listed(names, rules, profile, context):
    """One entry per row of the attribute's table over the joined rows that satisfied the rules."""
    found = {}
    for rule in rules:
        truth, rows = judge(rule, profile, context)
        for row in rows if truth else []:
            target, table = follow(names[:-1], row, context)
            if target is not None and target.values[names[-1]] is not None:
                found[target] = table.order(target)
    return [to_json(row.values[names[-1]]) for row in sorted(found, key=found.get)]


def projecting_rules(items):
    """The rules that are not on the right of `except` and not `none`."""
    for item in items:
        if item.get("combine") == "except":
            continue
        if "group" in item:
            yield from projecting_rules(item["group"])
        elif item.get("quantifier") != "none":
            yield item
