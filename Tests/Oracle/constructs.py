"""Names the constructs that a definition uses, and lists all that must occur."""

from model import split_reference
from values import NUMBERS, TIMES

TEXT = ["equalTo", "anyOf", "contains", "startsWith", "endsWith", "empty"]
NUMBER = ["equalTo", "greaterThan", "greaterThanOrEqualTo", "lessThan", "lessThanOrEqualTo", "between", "anyOf", "empty"]
TIME = ["on", "before", "onOrBefore", "after", "onOrAfter", "between", "withinLast", "withinNext"]
TIME += ["weekToDate", "monthToDate", "quarterToDate", "yearToDate", "anniversaryWithinNext", "anniversaryWithinLast"]
TIME += ["dayOfMonth", "monthOf", "yearOf", "dayOfWeek", "empty"]
OPERATORS = {
    "text": TEXT,
    "number": NUMBER,
    "date": TIME,
    "datetime": [*TIME, "timeOfDayBetween"],
    "boolean": ["equalTo", "empty"],
    "profile": ["memberOf", "inRandomSplit", "childOf", "parentOf"],
}
AGGREGATES = ["count", "countDistinct", "sum", "average", "minimum", "maximum"]


def expected():
    """Every construct that a large enough run must contain."""
    names = [f"{kind} {word} {o}" for kind, all_of in OPERATORS.items() for o in all_of for word in ("is", "isNot")]
    names += [f"quantifier {q}" for q in ("any", "none", "every", "first", "last")]
    names += [f"has {q}" for q in ("any", "none", "every", "first", "last", "aggregate")]
    names += [f"aggregate {a}" for a in AGGREGATES]
    names += [f"aggregate isNot", "aggregate minimum of time", "aggregate maximum of time", "count of a place"]
    names += [f"combine {c}" for c in ("union", "intersect", "except", "exclusive")]
    names += ["has", "all", "any", "depth 3", "depth 4", "where", "lookup", "group", "group in group", "no match"]
    names += ["text ignoreCase", "text another attribute", "number another attribute", "time another attribute"]
    names += ["relative day", "instant value", "list value", "levels all", "row", "from", "path", "path outward"]
    names += ["place twice", "limit random", "limit descending", "limit ascending", "manual limited"]
    names += ["project", "project list"]
    names += ["manual", "timeZone", "weekStart", "audience left out", "rules 1", "rules 2", "rules 3", "rules 4"]
    return names


def constructs(definition, workspace):
    """The constructs of one definition, sorted."""
    audience = definition.get("audience") or next(iter(workspace.audiences))
    found = Finder(workspace, workspace.audiences[audience].table)
    found.names |= {key for key in ("timeZone", "weekStart", "project") if key in definition}
    if "audience" not in definition:
        found.names.add("audience left out")
    if "keys" in definition:
        return sorted(found.names | {"manual limited" if "limit" in definition else "manual"})
    found.names.add(f"rules {len(definition['rules'])}")
    found.items(definition["rules"])
    if "limit" in definition:
        limit = definition["limit"]
        found.names.add("limit random" if "random" in limit else f"limit {limit.get('order', 'descending')}")
    if any(split_reference(r)[0] != found.profile for r in definition.get("project", [])):
        found.names.add("project list")
    return sorted(found.names)


class Finder:
    def __init__(self, workspace, profile):
        self.workspace, self.profile, self.names = workspace, profile, set()

    def items(self, items, within=False):
        for item in items:
            if "combine" in item:
                self.names.add(f"combine {item['combine']}")
            if "group" in item:
                self.names.add("group in group" if within else "group")
                self.items(item["group"], True)
            else:
                self.rule(item, "quantifier")

    def rule(self, rule, label):
        self.path(rule)
        quantifier = rule.get("quantifier", "any")
        if isinstance(quantifier, dict) and "aggregate" in quantifier:
            self.aggregate(quantifier)
            if label == "has":
                self.names.add("has aggregate")
        else:
            self.names.add(f"{label} {quantifier if isinstance(quantifier, str) else next(iter(quantifier))}")
            for reference in quantifier.values() if isinstance(quantifier, dict) else []:
                self.kind(reference)
        if "where" in rule:
            self.names.add("where")
            self.tree(rule["where"], 1)
        if "match" in rule:
            self.tree(rule["match"], 1)
        else:
            self.names.add("no match")

    def path(self, rule):
        self.names |= {key for key in ("from", "path") if key in rule}
        steps = self.workspace.path(rule, self.profile)
        if any(not step.to_source for step in steps):
            self.names.add("path outward")
        if any("#" in step.far for step in steps):
            self.names.add("place twice")

    def aggregate(self, quantifier):
        name = quantifier["aggregate"]
        self.names.add(f"aggregate {name}")
        if "isNot" in quantifier:
            self.names.add("aggregate isNot")
        if name == "count":
            if "of" in quantifier:
                self.names.add("count of a place")
        elif self.kind(quantifier["of"]) in TIMES and name != "countDistinct":
            self.names.add(f"aggregate {name} of time")

    def tree(self, tree, depth):
        if "has" in tree:
            self.names.add("has")
            self.rule(tree["has"], "has")
        for word in ("all", "any"):
            for part in tree.get(word, []):
                self.names |= {word, *([f"depth {depth + 1}"] if depth >= 2 else [])}
                self.tree(part, depth + 1)
        if "is" in tree or "isNot" in tree:
            self.comparison(tree)

    def comparison(self, condition):
        word = "is" if "is" in condition else "isNot"
        kind = self.kind(condition["attribute"]) if "attribute" in condition else "profile"
        group = "number" if kind in NUMBERS else kind
        self.names.add(f"{group} {word} {condition[word]}")
        if condition.get("levels") == "all":
            self.names.add("levels all")
        if "row" in condition:
            self.names.add("row")
            if "." in condition["row"]:
                self.names.add("lookup")
        if condition.get("ignoreCase"):
            self.names.add("text ignoreCase")
        given = condition.get("value")
        for value in given if isinstance(given, list) else [given]:
            self.value(value, "time" if kind in TIMES else group)
        if isinstance(given, list) and condition[word] not in ("between", "timeOfDayBetween", "anyOf"):
            self.names.add("list value")

    def value(self, value, group):
        if isinstance(value, dict) and "attribute" in value:
            self.kind(value["attribute"])
            self.names.add(f"{group} another attribute")
        if group == "time" and isinstance(value, str):
            if value.startswith(("today", "start", "end")):
                self.names.add("relative day")
            elif "T" in value:
                self.names.add("instant value")

    def kind(self, reference):
        """The type of an attribute reference."""
        place, *lookups, attribute = split_reference(reference)
        table = place.split("#")[0]
        for name in lookups:
            self.names.add("lookup")
            table = self.workspace.relationship(table, name).target
        return self.workspace.tables[table].attributes[attribute]
