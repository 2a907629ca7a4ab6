"""Random definitions: rules with paths and quantifiers, groups, limits and projections."""

from decimal import Decimal

from conditions import Conditions, reference_text
from evaluate import Context, aggregate, joined_rows, kind_of, the_audience, tree_holds
from model import flipped
from times import WEEK_DAYS, Clock
from values import NUMBERS, TIMES

OPERATIONS = ["union", "intersect", "except", "exclusive"]
AGGREGATES = ["count", "count", "countDistinct", "sum", "sum", "average", "minimum", "maximum"]


class Author:
    """Writes random valid definitions for one workspace and as-of."""

    def __init__(self, random, workspace, as_of, segments):
        self.random, self.workspace, self.as_of = random, workspace, as_of
        self.segments = segments  # audience table -> names of segments that may be referenced

    def definition(self, name):
        random = self.random
        audience = random.choice(list(self.workspace.audiences.values()))
        definition = {"segment": name, "audience": audience.name}
        if len(self.workspace.audiences) == 1 and random.random() < 0.4:
            del definition["audience"]
        if random.random() < 0.04:
            self.start(audience, definition)
            definition["keys"] = self.manual_keys(audience)
            if random.random() < 0.3:
                definition["limit"] = self.limit()
            return definition
        if random.random() < 0.12:
            definition["timeZone"] = random.choice(["Europe/Oslo", "America/New_York", "Pacific/Apia", "UTC", "Asia/Kolkata"])
        if random.random() < 0.2:
            definition["weekStart"] = random.choice(WEEK_DAYS)
        self.start(audience, definition)
        definition["rules"] = self.items(random.choices([1, 2, 3, 4], [38, 32, 18, 12])[0], groups=True)
        if random.random() < 0.2:
            definition["limit"] = self.limit()
        if random.random() < 0.3:
            definition["project"] = self.projection(definition["rules"])
        return definition

    def audience_table(self, definition):
        """The profile table of a definition."""
        return the_audience(self.workspace, definition).table

    def start(self, audience, definition):
        """What is written from here on speaks of this audience in this time zone."""
        self.audience = audience
        zone = definition.get("timeZone", self.workspace.time_zone)
        clock = Clock(self.as_of, zone, definition.get("weekStart", self.workspace.week_start))
        self.conditions = Conditions(self.random, self.workspace, audience, clock, self.segments)
        self.context = Context(self.workspace, {"audience": audience.name, **definition}, self.as_of, {})

    def manual_keys(self, audience):
        """Some present keys, some that are pending."""
        table = self.workspace.tables[audience.table]
        keys = sorted({row.values[table.key[0]] for row in table.rows})
        pending = [7, 88, -1, 2**53 + 1] if table.attributes[table.key[0]] == "integer" else ["C7", "e\u0301", " a"]
        return self.random.sample(keys, len(keys) // 2) + [k for k in pending if k not in keys]

    def items(self, count, groups):
        """Rules and groups, each but the first with its set operation."""
        random, items = self.random, []
        for n in range(count):
            grouped = groups and count > 1 and random.random() < 0.15
            item = {"group": self.items(random.randint(2, 3), groups=random.random() < 0.2)} if grouped else self.rule()
            items.append({"combine": random.choice(OPERATIONS), **item} if n else item)
        return items

    def rule(self):
        random = self.random
        name = {"name": random.choice(["Spenders", "Others: \u00e9"])} if random.random() < 0.05 else {}
        if random.random() < 0.3:
            return {**name, **self.profile_rule()}
        return {**name, **self.path_rule()}

    def profile_rule(self):
        random = self.random
        places = {self.audience.table: self.audience.table}
        quantifier = random.choices([{}, {"quantifier": "none"}, {"quantifier": "every"}], [85, 10, 5])[0]
        if random.random() < 0.25:
            return {"match": self.conditions.comparison(places)}
        return {**quantifier, "match": self.conditions.tree(places, 3, has=self.path_rule)}

    def path_rule(self):
        """A rule or has condition over a path."""
        random = self.random
        rule = self.path()
        places = self.workspace.place_tables(rule, self.audience.table)
        if random.random() < 0.3:
            return self.sharp(rule, places)
        chosen = random.choices(["any", "none", "every", "first", "last", "aggregate"], [30, 11, 13, 9, 9, 28])[0]
        if chosen in ("first", "last"):
            time = self.conditions.reference(places, TIMES, lookups=0.1)
            chosen = {chosen: time[0]} if time else "every"
        if random.random() < 0.35:
            rule["where"] = self.conditions.tree(places, 1)
        if chosen in ("any", "none", "aggregate") and random.random() < 0.25:
            pass  # every joined row
        else:
            rule["match"] = self.conditions.tree(places, random.choice([0, 1, 1, 2, 4]))
        if chosen == "aggregate":
            chosen = self.aggregate(rule, places)
        return rule if chosen == "any" else {**rule, "quantifier": chosen}

    def sharp(self, rule, places):
        """One comparison or one aggregate over a path: nothing else that could hide what it does."""
        random = self.random
        if random.random() < 0.4:
            if random.random() < 0.4:
                rule["match"] = self.conditions.comparison(places)
            return {**rule, "quantifier": self.aggregate(rule, places)}
        if random.random() < 0.25:
            time = self.conditions.reference(places, TIMES, lookups=0)
            if time:
                return {**rule, "match": self.conditions.comparison(places), "quantifier": {random.choice(["first", "last"]): time[0]}}
        return {**rule, "match": self.conditions.comparison(places)}

    def path(self):
        """A walk outward from the profile, by `from` where that is the unique shortest one."""
        random = self.random
        while True:
            names, table = [], self.audience.table
            for _ in range(random.choices([1, 2, 3, 4], [45, 35, 14, 6])[0]):
                steps = [s for s in self.workspace.neighbours(table) if not {s[0], flipped(s[0])} & set(names)]
                if not steps:
                    break
                weights = [2 if step.startswith("~") else 5 for step, _ in steps]
                step, table = random.choices(steps, weights)[0]
                names.insert(0, step)
            if names and (not names[-1].startswith("~") or random.random() < 0.4):
                break
        inward_only = not any(n.startswith("~") for n in names)
        if inward_only and table != self.audience.table and random.random() < 0.6:
            if self.workspace.shortest_paths(table, self.audience.table) == [tuple(names)]:
                return {"from": table}
        return {"path": names}

    def aggregate(self, rule, places):
        """An aggregate compared with a value that some profiles have."""
        random = self.random
        name = random.choice(AGGREGATES)
        quantifier = {"aggregate": name}
        kinds = {"countDistinct": None, "count": None, "sum": NUMBERS, "average": NUMBERS}.get(name, (*NUMBERS, *TIMES))
        if name == "count":
            if random.random() < 0.35:
                quantifier["of"] = reference_text(random.choice(list(places)), [])
        else:
            doubles = name in ("sum", "average") and random.random() < 0.4
            found = self.conditions.reference(places, ("double",)) if doubles else None
            found = found or self.conditions.reference(places, kinds)
            if found is None:
                quantifier["aggregate"] = "count"
            else:
                quantifier["of"] = found[0]
        kind, value = self.some_aggregate(quantifier, rule)
        operation = self.conditions.operation(kind, value)
        if kind == "double" and value is not None and random.random() < 0.3:
            operation = {"is": "equalTo", "value": Decimal(repr(value))}
        if random.random() < 0.2:
            operation = {"isNot" if k == "is" else k: v for k, v in operation.items()}
        return {**quantifier, **operation}

    def some_aggregate(self, quantifier, rule):
        """Type and value of the aggregate for a random profile that has one."""
        profiles = list(self.context.table.rows)
        self.random.shuffle(profiles)
        for profile in profiles[:8]:
            rows = [r for r in joined_rows(rule, profile, self.context) if self.holds(rule, r)]
            kind, value = aggregate(quantifier, rule, rows, self.context)
            if rows and value is not None:
                return kind, value
        return ("integer" if quantifier["aggregate"].startswith("count") else kind_of(quantifier["of"], self.context)), None

    def holds(self, rule, row):
        """Whether a row counts; membership is not known yet and taken as false."""
        self.context.published = NO_MEMBERS
        return tree_holds(rule.get("where"), row, self.context) and tree_holds(rule.get("match"), row, self.context)

    def limit(self):
        random = self.random
        k = random.choice([1, 2, 3, 5, 8, 12, 20])
        if random.random() < 0.3:
            return {"random": k, "salt": random.choice(["spring", "x"])}
        places = {self.audience.table: self.audience.table}
        kinds = (*NUMBERS, *TIMES) if random.random() < 0.85 else ("text",)
        found = self.conditions.reference(places, kinds, lookups=0)
        if found is None:
            return {"random": k, "salt": "spring"}
        order = random.choice([{}, {"order": "ascending"}, {"order": "descending"}])
        return {"top": k, "by": found[0], **order}

    def projection(self, items):
        """Profile attributes, and attributes of the places of rules that deliver rows."""
        random = self.random
        places = {self.audience.table: self.audience.table}
        references = [self.conditions.reference(places, lookups=0)[0]]
        rules = [] if any("has" in str(r) for r in flat(items)) else delivering(items)
        for rule in rules:
            tables = self.workspace.place_tables(rule, self.audience.table)
            tables.pop(self.audience.table)
            if tables:
                references += [self.conditions.reference(tables)[0] for _ in range(random.randint(1, 2))]
        return list(dict.fromkeys(references))


class NoMembers(dict):
    def __missing__(self, key):
        return set()


NO_MEMBERS = NoMembers()


def flat(items):
    for item in items:
        yield from flat(item["group"]) if "group" in item else [item]


def delivering(items):
    """The rules that deliver rows: not on the right of `except`, not `none`."""
    rules = []
    for item in items:
        if item.get("combine") != "except":
            rules += delivering(item["group"]) if "group" in item else [item]
    return [r for r in rules if r.get("quantifier") != "none"]
