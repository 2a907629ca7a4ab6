"""Random comparisons: an attribute reference, an operator of its type, and a value near the data."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

from data import is_odd
from model import quoted, split_reference
from times import duration, has_anniversary, moved, period_start
from values import NUMBERS, TIMES, instant_text, lower_case

RELATIVE_UNITS = ["day", "week", "month", "year"]
PERIODS = ["week", "month", "quarter", "year"]
RELATIVE_DAYS = [f"{end} of {which} {p}" for end in ("start", "end") for which in ("this", "last", "next") for p in PERIODS]
RELATIVE_DAYS += [f"today {sign} {count}" for sign in "-+" for count in ("1 day", "1 week", "1 month", "3 months", "1 year")]
DURATIONS = ["1 day", "2 days", "7 days", "1 week", "2 weeks", "30 days", "1 month", "3 months", "90 days", "1 year"]
SHORT_DURATIONS = ["5 minutes", "1 minute", "1 hour", "12 hours"]
TIMES_OF_DAY = [["22:00", "06:00"], ["00:00", "12:00"], ["06:00", "22:00"], ["12:00", "23:59"], ["23:00", "02:00"]]


class Conditions:
    """Writes comparisons over the rows of one workspace."""

    def __init__(self, random, workspace, audience, clock, segments):
        self.random, self.workspace, self.audience, self.clock = random, workspace, audience, clock
        self.segments = segments  # names of segments with the same as-of, by audience table
        self.lookups = {t: list(self.chains(t, ())) for t in workspace.tables}

    def chains(self, table, walked):
        """The lookups from a table: (names, table reached), up to three steps."""
        for r in self.workspace.relationships:
            if r.source == table and r not in walked and len(walked) < 3:
                yield [r.name], r.target
                for names, target in self.chains(r.target, (*walked, r)):
                    yield [r.name, *names], target

    def reference(self, places, kinds=None, lookups=0.25):
        """A random reference of one of the kinds, as (text, table, attribute), or None."""
        random, found = self.random, None
        for _ in range(12):
            place = list(places)[-1] if random.random() < 0.6 else random.choice(list(places))
            names, table = [], places[place]
            if self.lookups[table] and random.random() < lookups:
                names, table = random.choice(self.lookups[table])
            attributes = self.workspace.tables[table].attributes
            matching = [a for a, kind in attributes.items() if kinds is None or kind in kinds]
            if matching:
                attribute = random.choice(matching)
                return reference_text(place, [*names, attribute]), table, attribute
        return found

    def kind(self, table, attribute):
        return self.workspace.tables[table].attributes[attribute]

    def sample(self, table, attribute):
        """A value that stands in the data, or None."""
        values = [row.values[attribute] for row in self.workspace.tables[table].rows]
        values = [v for v in values if v is not None]
        return self.random.choice(values) if values else None

    def tree(self, places, depth, has=None):
        """A random tree; `has` makes has conditions where they are allowed."""
        random = self.random
        if depth > 0 and random.random() < 0.42:
            trees = [self.tree(places, depth - 1, has) for _ in range(random.choice([2, 2, 2, 3]))]
            return {random.choice(["all", "any"]): trees}
        if has and random.random() < 0.35:
            return {"has": has()}
        return self.comparison(places)

    def comparison(self, places):
        random = self.random
        if random.random() < 0.14:
            condition = self.profile_comparison(places)
        else:
            timely = random.random() < 0.3 and self.reference(places, TIMES)
            text, table, attribute = timely or self.reference(places)
            kind = self.kind(table, attribute)
            value = self.sample(table, attribute)
            condition = {"attribute": text, **self.operation(kind, value, places, (table, attribute))}
        if random.random() < (0.4 if "ToDate" in str(condition) else 0.3):
            condition = {"isNot" if k == "is" else k: v for k, v in condition.items()}
        return condition

    def operation(self, kind, value, places=None, aim=None):
        """Operator and value for an attribute of a kind; `places` allow another attribute.

        `aim` is a table and an attribute of it: relative bounds are then often chosen to lie at its values.
        """
        if kind in TIMES and value is not None and aim and self.random.random() < 0.55:
            return self.aimed(kind, *aim) or self.time_operation(kind, value, places)
        if value is None:
            if kind in ("text", "boolean") or self.random.random() < 0.5:
                return {"is": "empty"}
            value = {"date": date(2020, 2, 29), "datetime": self.clock.as_of}.get(kind, 1)
        if kind == "text":
            return self.text_operation(value, places)
        if kind in NUMBERS:
            return self.number_operation(kind, value, places)
        if kind in TIMES:
            return self.time_operation(kind, value, places)
        return self.random.choice(
            [{"is": "equalTo", "value": True}, {"is": "equalTo", "value": False}, {"is": "empty"}]
        )

    def other_attribute(self, places, kinds, chance):
        """`{attribute: …}` of one of the kinds, by chance."""
        if places and self.random.random() < chance:
            found = self.reference(places, kinds)
            if found:
                return {"attribute": found[0]}
        return None

    # Text

    def text_operation(self, value, places):
        random = self.random
        operator = random.choice(["equalTo"] * 3 + ["anyOf"] * 2 + ["contains", "startsWith", "endsWith"] * 2 + ["empty"])
        if operator == "empty":
            return {"is": "empty"}
        ignore = {"ignoreCase": True} if random.random() < 0.4 else {}
        other = self.other_attribute(places, ["text"], 0.2)
        if operator == "anyOf":
            given = [self.part(value, "anyOf", ignore)] + [random.choice(["Oslo", "abc", "", "\u00e9"])]
        else:
            given = other or self.part(value, operator, ignore)
        return {"is": operator, "value": given, **ignore}

    def part(self, value, operator, ignore):
        """A text to look for: the value or a part of it, with wildcards and other case now and then."""
        random = self.random
        if operator == "contains" and value:
            start = random.randrange(len(value))
            value = value[start : start + random.randint(1, 3)]
        elif operator == "startsWith":
            value = value[: random.randint(0, 3)]
        elif operator == "endsWith":
            value = value[-random.randint(1, 3) :]
        if operator != "anyOf" and random.random() < 0.15:
            value = random.choice(["%", "_", "a_c", "\\", "a%", "'", "c", "\u0301"])
        if ignore and random.random() < 0.5:
            value = lower_case(value) if random.random() < 0.5 else upper_case(value)
        return value

    # Numbers

    def number_operation(self, kind, value, places):
        random = self.random
        operators = ["equalTo", "greaterThan", "greaterThanOrEqualTo", "lessThan", "lessThanOrEqualTo"] * 2
        operator = random.choice(operators + ["between"] * 2 + ["anyOf"] * 2 + ["empty"])
        if operator == "empty":
            return {"is": "empty"}
        if operator == "anyOf":
            return {"is": operator, "value": [self.near(value) for _ in range(random.randint(1, 3))]}
        if operator == "between":
            ends = sorted([self.near(value), self.near(value)], reverse=random.random() < 0.05)
            ends = [self.other_attribute(places, NUMBERS, 0.08) or end for end in ends]
            return {"is": operator, "value": ends}
        return {"is": operator, "value": self.other_attribute(places, NUMBERS, 0.12) or self.near(value)}

    def near(self, value):
        """A number literal at the value or close by."""
        exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(str(to_decimal(value)))
        exact += self.random.choice([Decimal(0)] * 7 + [Decimal(1), Decimal(-2), Decimal("0.1"), Decimal("0.5")])
        return int(exact) if exact == exact.to_integral_value() else exact

    # Dates and datetimes

    def time_operation(self, kind, value, places):
        random = self.random
        groups = [self.time_comparison, self.time_comparison, self.time_between, self.relative, self.calendar_part]
        operation = random.choices(groups, [4, 2, 2, 5, 6])[0](kind, value, places)
        return {"is": "empty"} if random.random() < 0.06 else operation

    def time_comparison(self, kind, value, places):
        random = self.random
        operator = random.choice(["on", "on", "before", "onOrBefore", "after", "onOrAfter"])
        other = self.other_attribute(places, TIMES, 0.15)
        return {"is": operator, "value": other or self.moment(kind, value, operator != "on")}

    def time_between(self, kind, value, places):
        low, high = self.moment(kind, value, False), self.moment(kind, value, False)
        if self.clock.literal(low) > self.clock.literal(high) and self.random.random() < 0.9:
            low, high = high, low
        other = self.other_attribute(places, ["date"], 0.12)
        return {"is": "between", "value": [other, high] if other and self.random.random() < 0.5 else [low, other or high]}

    def moment(self, kind, value, with_time):
        """A value for a time comparison: a day, a relative day, or an instant where one may stand."""
        random = self.random
        if random.random() < 0.35:
            return self.relative_day()
        if kind == "datetime" and with_time and random.random() < 0.5:
            return self.instant_literal(value)
        day = self.clock.day(value) + timedelta(days=random.choice([0, 0, 0, 0, 1, -1, 30]))
        return day.isoformat()

    def relative_day(self):
        random = self.random
        if random.random() < 0.5:
            return f"{random.choice(['start', 'end'])} of {random.choice(['this', 'last', 'next'])} {random.choice(PERIODS)}"
        if random.random() < 0.25:
            return "today"
        count = random.choice([1, 1, 1, 2, 3, 7])
        unit = random.choice(RELATIVE_UNITS) + ("s" if count > 1 else "")
        return f"today {random.choice('--+')} {count} {unit}"

    def instant_literal(self, value):
        """An instant as wall clock where that says it, else with its zone or an offset."""
        wall = self.clock.local(value)
        naive = wall.replace(tzinfo=None)
        if self.clock.instant_of(naive) == value and self.random.random() < 0.6:
            return naive.isoformat()
        whole_minutes = wall.utcoffset() % timedelta(minutes=1) == timedelta(0)
        if whole_minutes and self.random.random() < 0.5:
            return wall.isoformat()
        return instant_text(value)

    def relative(self, kind, value, places):
        random = self.random
        operator = random.choice(
            ["withinLast"] * 5
            + ["withinNext"] * 3
            + ["weekToDate", "monthToDate", "quarterToDate", "yearToDate"] * 3
            + ["anniversaryWithinNext", "anniversaryWithinLast"] * 2
        )
        if operator.endswith("ToDate"):
            return {"is": operator}
        if operator.startswith("anniversary"):
            return {"is": operator, "value": random.choice(["1 day", "2 days", "7 days", "8 days", "30 days", "120 days"])}
        short = kind == "datetime" and random.random() < 0.3
        return {"is": operator, "value": random.choice(SHORT_DURATIONS if short else DURATIONS)}

    def aimed(self, kind, table, attribute):
        """A relative operation with a bound at, or right beside, a value of the data."""
        random = self.random
        values = [row.values[attribute] for row in self.workspace.tables[table].rows]
        values = [v for v in values if v is not None]
        choices = []
        for text in DURATIONS + (SHORT_DURATIONS if kind == "datetime" else []):
            count, unit = duration(text)
            for operator, sign in (("withinLast", -1), ("withinNext", 1)):
                often = 12 if kind == "datetime" and is_odd(self.clock, sign * count, unit) else 1
                choices += [({"is": operator, "value": text}, self.bound(kind, sign * count, unit))] * often
        for text in RELATIVE_DAYS:
            operator = random.choice(["on", "before", "onOrBefore", "after", "onOrAfter"])
            choices.append(({"is": operator, "value": text}, self.clock.relative_day(text)))
        for period in PERIODS * 2:
            start = period_start(self.clock.today, period, self.clock.week_start)
            choices.append(({"is": f"{period}ToDate"}, start))
        choices += self.anniversaries(values)
        near = [operation for operation, bound in choices if any(self.beside(v, bound) for v in values)]
        weeks = [o for o in near if "week" in str(o)]
        return random.choice(weeks if weeks and random.random() < 0.2 else near) if near else None

    def anniversaries(self, values):
        """Anniversary operations that end at or beside the anniversary of a value, leap days first."""
        random, today = self.random, self.clock.today
        days = [self.clock.day(v) for v in values]
        leap = [d for d in days if (d.month, d.day) == (2, 29)]
        found = []
        for day in random.choices(leap * 3 + days, k=6) if days else []:
            until = [n for n in range(-130, 130) if has_anniversary(day, today + timedelta(days=n), today + timedelta(days=n))]
            for n in until:
                operator, count = ("anniversaryWithinNext", n) if n > 0 else ("anniversaryWithinLast", 1 - n)
                count = max(1, count + random.choice([-1, 0, 0, 1]))
                found.append(({"is": operator, "value": f"{count} day{'s' * (count > 1)}"}, day))
        return found

    def bound(self, kind, count, unit):
        return self.clock.as_of_moved(count, unit) if kind == "datetime" else moved(self.clock.today, count, unit)

    def beside(self, value, bound):
        if isinstance(bound, datetime):
            return abs(value - bound) <= timedelta(hours=1)
        return abs((self.clock.day(value) - bound).days) <= 1

    def calendar_part(self, kind, value, places):
        random = self.random
        operators = ["dayOfMonth", "monthOf", "yearOf", "dayOfWeek"]
        operator = random.choice(operators + (["timeOfDayBetween"] * 3 if kind == "datetime" else []))
        if operator == "timeOfDayBetween":
            ends = random.choice(TIMES_OF_DAY)
            if random.random() < 0.4:
                ends = [ends[0], self.clock.local(value).strftime("%H:%M")]
            return {"is": operator, "value": ends}
        day = self.clock.day(value)
        part = {"dayOfMonth": day.day, "monthOf": day.month, "yearOf": day.year, "dayOfWeek": day.isoweekday()}[operator]
        if random.random() < 0.5:
            return {"is": operator, "value": part}
        more = {"dayOfMonth": [1, 28, 29, 31], "monthOf": [2, 3, 12], "yearOf": [2020, 2024], "dayOfWeek": [1, 6, 7]}
        return {"is": operator, "value": sorted({part, random.choice(more[operator])})}

    # Profiles

    def profile_comparison(self, places):
        random = self.random
        kinds = ["inRandomSplit", "memberOf", "memberOf"]
        if self.audience.hierarchy:
            kinds += ["childOf", "parentOf"] * 2
        kind = random.choice(kinds)
        if kind == "memberOf":
            return self.member_of(places) or self.in_random_split()
        if kind == "inRandomSplit":
            return self.in_random_split()
        key = self.workspace.tables[self.audience.table].key[0]
        wanted = key if kind == "parentOf" else self.audience.hierarchy.foreign_key
        value = self.sample(self.audience.table, wanted)
        if value is None:
            return self.in_random_split()
        levels = {"levels": "all"} if random.random() < 0.5 else {}
        return {"is": kind, "value": value, **levels}

    def in_random_split(self):
        random = self.random
        of = random.choice([2, 3, 10, 100])
        buckets = random.sample(range(of), max(1, of // 2))
        bucket = buckets[0] if of < 10 else sorted(buckets)
        return {"is": "inRandomSplit", "value": {"salt": random.choice(["spring", "", "å|1", "a"]), "of": of, "bucket": bucket}}

    def member_of(self, places):
        """Membership of the profile, or of a row of a place or lookup with an audience of its own."""
        random = self.random
        subjects = [("", self.audience.table)] * 2
        for place, table in places.items():
            subjects.append((reference_text(place, []), table))
            subjects += [(reference_text(place, names), target) for names, target in self.lookups[table]]
        subjects = [(text, table) for text, table in subjects if self.segments.get(table)]
        if not subjects:
            return None
        text, table = random.choice(subjects)
        row = {"row": text} if text else {}
        return {**row, "is": "memberOf", "value": random.choice(self.segments[table])}


def reference_text(place, names):
    table, mark, number = place.partition("#")
    return ".".join([quoted(table) + mark + number, *map(quoted, names)])


def upper_case(text):
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def to_decimal(value):
    """At most six digits after the point: an average may have endlessly many."""
    return round(Decimal(value.numerator) / Decimal(value.denominator), 6) if isinstance(value, Fraction) else value
