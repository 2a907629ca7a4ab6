"""Random rows: small domains of awkward values that collide with the conditions."""

from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

from model import split_reference
from times import Clock, last_day, moved, period_start

TEXT_CLUSTERS = [
    ["a_c", "abc", "a%c", "a%", "%", "_", "100%", "100"],
    ["Oslo", "oslo", "OSLO", "Bergen", "bergen", "Os"],
    ["caf\u00e9", "cafe\u0301", "CAF\u00c9", "cafe", "\u00e9", "e\u0301"],
    ["\u0130zmir", "izmir", "IZMIR", "i\u0307zmir", "\u0131zmir"],
    ["stra\u00dfe", "STRASSE", "STRA\u1e9eE", "strasse"],
    ["lead", " lead", "trail", "trail ", " ", ""],
    ["it's", 'say "hi"', "back\\slash", "a,b", "a;b", "two\r\nlines", "line\nfeed", "\\", '"', "'", "\\%"],
    ["\U0001f600", "\U0001f600\U0001f601", "\U0001f469\u200d\U0001f467", "\u2764", "\u2764\ufe0f", "\uffee"],
    ["\u03a3\u0391\u03a3", "\u03c3\u03b1\u03c3", "\u03c3\u03b1\u03c2", "\u212aelvin", "kelvin"],
]
TEXT_KEYS = ["\u00e9", "e\u0301", "\u00c9", "a", "A", " a", "%", "_", "1", "01", "\u00df", "\U0001f600", "\uffee"]
TEXT_KEYS += ["\u0130", "o'k", 'q"q', "back\\", "K 1", "a,b"] + [f"C{n}" for n in range(1, 80)]
INTEGER_KEYS = [2**53 + 1, 2**53 + 2, 2**53, -1, 0, -2**40] + list(range(1, 90))
INTEGERS = [-3, -1, 0, 1, 2, 3, 4, 5, 7, 10, 12, 30]
DECIMALS = ["-5.5", "-0.1", "0", "0.1", "0.2", "0.3", "1.5", "2", "2.25", "10", "99.99", "100", "0.000001"]
DOUBLES_ADDING_UP = [0.1, 0.2, 0.3, 0.7, 1.1, 2.5, 100.3, 0.001]  # never cancel, so 12 digits decide
DOUBLES_EXACT = [-2.5, -0.5, 0.0, 0.25, 0.5, 1.0, 3.75, 1000000.0]


class Moments:
    """As-of instants near awkward ones, and dates and instants that lie at their bounds."""

    def __init__(self, random, zone, week_start):
        groups = special_instants(random, zone)
        self.as_ofs = [random.choice(random.choice(groups)) for _ in range(random.randint(1, 3))]
        self.days, self.instants = [], []
        for as_of in self.as_ofs:
            clock = Clock(as_of, zone, week_start)
            self.days += bound_days(random, clock)
            self.instants += bound_instants(random, clock, sum(groups, []))


def special_instants(random, zone):
    """Instants at and after the zone's clock changes, at ends of months, around leap days, at any midnight."""
    year = random.choice([2011, 2016, 2018, 2019, 2020, 2023, 2024])
    clock = Clock(datetime(year, 7, 1, tzinfo=timezone.utc), zone)
    changes = clock_changes(clock, year)
    after = [after_change(random, clock, change) for change in changes for _ in range(4)]
    ends = [date(year, 12, 31), date(year, 3, 31), date(year, 5, 31), date(year, 3, 30), date(year, 10, 31)]
    leap = [date(year, 2, last_day(year, 2)), date(year, 2, random.randint(20, 28)), date(year, 3, 1)]
    leap += [date(year, 2, 27), date(year, 2, 28)]
    others = [date(year, random.randint(1, 12), day) for day in (1, random.randint(1, 28))]
    groups = [changes, after, after, after, *(around(random, clock, days) for days in (ends, leap, others))]
    return [group for group in groups if group]


def around(random, clock, days):
    """Midnights, noons and late evenings of days, some a little off."""
    jitter = [timedelta(0), timedelta(0), timedelta(microseconds=-1), timedelta(minutes=30), timedelta(hours=2)]
    return [clock.midnight(d) + timedelta(hours=h) + random.choice(jitter) for d in days for h in (0, 12, 23)]


def after_change(random, clock, change):
    """An as-of from which a few days, weeks or months back or forth lead into a gap or an overlap."""
    gap = offset(clock, change) > offset(clock, change - timedelta(minutes=1))
    minutes = random.choice([11, 16] if gap else [-11, -25])  # within the missing, or the repeated, clock time
    wall = clock.local(change - timedelta(minutes=1)).replace(tzinfo=None) + timedelta(minutes=minutes)
    count, unit = random.choice([(1, "day"), (-1, "day"), (2, "day"), (1, "week"), (7, "day"), (1, "month"), (-1, "month")])
    return clock.instant_of(datetime.combine(moved(wall.date(), count, unit), wall.time()))


def clock_changes(clock, year):
    """The instants of one year at which the zone's offset changes."""
    found, before = [], datetime(year, 1, 1, tzinfo=timezone.utc)
    for _ in range(365):
        after = before + timedelta(days=1)
        if offset(clock, before) != offset(clock, after):
            low, high = before, after
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                middle = middle.replace(second=0, microsecond=0)
                low, high = (middle, high) if offset(clock, middle) == offset(clock, before) else (low, middle)
            found.append(high)
        before = after
    return found


def offset(clock, moment):
    return clock.local(moment).utcoffset()


def bound_days(random, clock):
    today = clock.today
    days = [today, today + timedelta(days=1), today - timedelta(days=1), moved(today, -1, "month")]
    for count, unit in [(7, "day"), (1, "week"), (30, "day"), (1, "month"), (3, "month"), (1, "year"), (2, "year")]:
        for sign in (-1, 1):
            bound = moved(today, sign * count, unit)
            if unit in ("month", "year") and bound.day != today.day:
                days += [bound] * 4
            days += [bound, bound + timedelta(days=random.choice([-1, 1]))]
    for period in ("week", "month", "quarter", "year"):
        start = period_start(today, period, clock.week_start)
        days += [start, start - timedelta(days=1)]
    leap = today.year - today.year % 4
    near_leap_day = abs((date(today.year, 2, 28) - today).days) < 40
    days += [date(leap, 2, 29), date(leap - 4, 2, 29), date(today.year, 2, 28), date(today.year, 3, 1)] * (
        6 if near_leap_day else 1
    )
    days += [date(today.year, 12, 31), date(today.year, m := random.randint(1, 12), last_day(today.year, m))]
    return days + [anniversary(random, today) for _ in range(6)]


def anniversary(random, today):
    near = today + timedelta(days=random.randint(-8, 8))
    year = near.year - random.randint(1, 40)
    return date(year, near.month, min(near.day, last_day(year, near.month)))


def bound_instants(random, clock, pool):
    steps = [(5, "minute"), (1, "hour"), (12, "hour"), (1, "day"), (2, "day"), (1, "week"), (1, "month"), (1, "year")]
    exact = [clock.as_of] * 2 + [clock.as_of_moved(sign * n, unit) for n, unit in steps for sign in (-1, 1)]
    exact += [clock.as_of_moved(sign * n, unit) for n, unit in steps for sign in (-1, 1) if is_odd(clock, sign * n, unit)] * 16
    exact += [clock.midnight(d) for d in random.sample(bound_days(random, clock), 12)]
    exact += [clock.midnight(clock.today), clock.midnight(clock.today + timedelta(days=1))]
    for hour in (6, 22, 2, 12):
        day = clock.today - timedelta(days=random.randint(0, 9))
        exact.append(clock.instant_of(datetime(day.year, day.month, day.day, hour)))
    exact += random.sample(pool, 6)
    return exact


def is_odd(clock, count, unit):
    """Whether a step from as-of meets a gap or an overlap, a day that has not 24 hours, or a shorter month."""
    if unit in ("minute", "hour"):
        return False
    wall = clock.local(clock.as_of).replace(tzinfo=None)
    later = datetime.combine(moved(wall.date(), count, unit), wall.time())
    earlier_offset, later_offset = (later.replace(tzinfo=clock.zone, fold=f).utcoffset() for f in (0, 1))
    return earlier_offset != later_offset or earlier_offset != offset(clock, clock.as_of) or later.day != wall.day


def domain(random, kind, moments):
    """A few values of a type; attributes draw from it, so that values repeat."""
    size = random.randint(3, 8)
    if kind == "text":
        pool = sum(random.sample(TEXT_CLUSTERS, random.randint(1, 2)), []) + [""]
    elif kind == "integer":
        pool = INTEGERS if random.random() < 0.8 else [2**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1, 0]
    elif kind == "decimal":
        pool = [Fraction(d) for d in DECIMALS]
    elif kind == "double":
        pool = random.choice([DOUBLES_ADDING_UP, DOUBLES_EXACT])
    elif kind == "boolean":
        return [True, False]
    elif kind == "date":
        return [near for day in random.sample(moments.days, 6) for near in beside_day(random, day)]
    else:
        return [near for moment in random.sample(moments.instants, 5) for near in beside_instant(random, moment)]
    return random.sample(pool, min(size, len(pool)))


def beside_day(random, day):
    return [day, day + timedelta(days=random.choice([-1, 1]))]


def beside_instant(random, moment):
    """The instant, one a microsecond off, and one off by less than a clock change."""
    tick, minutes = timedelta(microseconds=random.choice([-1, 1])), timedelta(minutes=random.choice([-45, -20, 20, 45]))
    return [moment, moment + tick, moment + minutes]


class Generation:
    """The rows of every table at one time, with what a later time needs to go on from them."""

    def __init__(self, random, document, moments):
        self.random, self.document = random, document
        stored = {t: spec for t, spec in document["tables"].items() if "derivedFrom" not in spec}
        self.types = {t: attribute_types(spec) for t, spec in stored.items()}
        self.targets = foreign_key_targets(document)
        self.domains, self.missing, self.pools = {}, {}, {}
        for table, types in self.types.items():
            for name, kind in types.items():
                self.domains[table, name] = domain(random, kind, moments)
                self.missing[table, name] = random.choice([0, 0.1, 0.1, 0.35])
        self.sizes = {table: self.size(table) for table in self.types}
        self.tables = {}  # table -> rows as dictionaries attribute -> value
        for table in self.types:
            self.pools[table] = self.key_pool(table)
        for table in self.types:
            self.tables[table] = self.distinct(table, [self.row(table, n) for n in range(self.sizes[table])])

    def size(self, table):
        """Profiles 12 … 40; what hangs on them a little more, with room for none and many."""
        profile = table in [a["table"] for a in self.document["audiences"].values()]
        if profile:
            return self.random.randint(14, 40)
        if table in ("Category", "Product", "Store", "Campaign", "Industry", "Group"):
            return self.random.randint(2, 9)
        return self.random.choice([0] + [self.random.randint(20, 75)] * 30)

    def key_pool(self, table):
        """The keys a table draws from: the first rows take the first ones, later rows any."""
        key = as_list(self.document["tables"][table].get("key", []))
        if len(key) != 1:
            return []
        kind = self.types[table].get(key[0])
        pool = list(TEXT_KEYS if kind == "text" else INTEGER_KEYS)
        self.random.shuffle(pool)
        return pool[: max(self.sizes[table], 1) + 12]

    def row(self, table, number=None):
        return {name: self.value(table, name, kind, number) for name, kind in self.types[table].items()}

    def value(self, table, name, kind, number=None):
        random = self.random
        key = as_list(self.document["tables"][table].get("key", []))
        if key == [name]:
            return random.choice(self.pools[table]) if number is None else self.pools[table][number]
        if (table, name) in self.targets:
            return self.foreign_key(table, name, name in key)
        if name in key:
            return random.randint(1, 4)  # the line number of a composite key
        if random.random() < self.missing[table, name]:
            return None
        return random.choice(self.domains[table, name])

    def foreign_key(self, table, name, needed):
        random = self.random
        if not needed and random.random() < 0.1:
            return None
        target = self.targets[table, name]
        pool = self.pools.get(target) or self.derived_pool(table, name)
        size = max(1, self.sizes.get(target, 16))
        # A few rows attract many, most are reached by some, and some foreign keys reach nothing.
        span = random.choices([pool[: size // 3 + 1], pool[:size], pool[size:]], [35, 55, 10])[0]
        return random.choice(span or pool)

    def derived_pool(self, table, name):
        return (TEXT_KEYS if self.types[table][name] == "text" else INTEGER_KEYS)[:22]

    def distinct(self, table, rows):
        """Rows without a second one of the same key, or of the same one-to-one foreign key."""
        key = as_list(self.document["tables"][table].get("key", []))
        once = [name for name in self.types[table] if (table, name) in one_to_one_columns(self.document)]
        kept, seen = [], set()
        for row in rows:
            marks = {("key", *(row[k] for k in key))} if key else set()
            marks |= {(name, row[name]) for name in once if row[name] is not None}
            if not marks & seen:
                seen |= marks
                kept.append(row)
        return kept

    def advance(self):
        """A later generation: some rows vanish, some change, some are new."""
        random = self.random
        for table, rows in self.tables.items():
            key = as_list(self.document["tables"][table].get("key", []))
            later = []
            for row in rows:
                fate = random.random()
                if fate < 0.2:
                    continue
                if fate < 0.4:
                    row = {n: v if n in key else self.value(table, n, self.types[table][n]) for n, v in row.items()}
                later.append(row)
            fresh = [self.row(table) for _ in range(len(rows) // 5 + 1)]
            self.tables[table] = self.distinct(table, later + fresh)


def as_list(value):
    return value if isinstance(value, list) else [value]


def attribute_types(spec):
    return {n: s["type"] if isinstance(s, dict) else s for n, s in spec.get("attributes", {}).items()}


def ends(relationship):
    """The two references of a relationship of the document."""
    if isinstance(relationship, str):
        source, _, rest = relationship.partition(" -> ")
        return split_reference(source), split_reference(rest.partition(" as ")[0])
    return split_reference(relationship["from"]), split_reference(relationship["to"])


def foreign_key_targets(document):
    return {tuple(ends(r)[0]): ends(r)[1][0] for r in document["relationships"]}


def one_to_one_columns(document):
    kinds = [r for r in document["relationships"] if isinstance(r, dict) and r.get("kind") == "one-to-one"]
    return {tuple(ends(r)[0]) for r in kinds}
