"""What the lists of segments are written with: short forms of definitions, and time in SQL.

A template is a function that returns a definition's rules and, written by hand beside them, the SQL of an
expert. The same template with other parameters gives the changed variant that a re-count is measured with.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Oslo"


@dataclass(frozen=True)
class Form:
    """Rules of a definition, and one SQL statement that returns the keys of the members."""

    rules: list[dict]
    sql: str


@dataclass(frozen=True)
class Segment:
    """A definition to measure; `changed` is the same with one condition changed."""

    name: str
    form: Form
    changed: Form | None = None

    def definition(self, form: Form | None = None) -> dict:
        return {"segment": self.name, "rules": (form or self.form).rules}


def segment(name: str, template, *parameters, changed: tuple | None = None) -> Segment:
    return Segment(name, template(*parameters), template(*changed) if changed is not None else None)


# Definitions


def is_(attribute: str, operator: str, value=None, **more) -> dict:
    return {"attribute": attribute, "is": operator, **({} if value is None else {"value": value}), **more}


def is_not(attribute: str, operator: str, value=None) -> dict:
    return {"attribute": attribute, "isNot": operator, **({} if value is None else {"value": value})}


def within(attribute: str, count: int, unit: str) -> dict:
    return is_(attribute, "withinLast", f"{count} {unit}")


def all_(*trees: dict) -> dict:
    return {"all": list(trees)}


def any_(*trees: dict) -> dict:
    return {"any": list(trees)}


def has(table: str, match: dict | None = None, quantifier=None, where: dict | None = None) -> dict:
    return {"has": rule(table, match, quantifier, where)}


def rule(table: str | None, match: dict | None = None, quantifier=None, where: dict | None = None, combine: str | None = None) -> dict:
    entries = {"combine": combine, "from": table, "quantifier": quantifier, "where": where, "match": match}
    return {key: value for key, value in entries.items() if value is not None}


def profile(match: dict, combine: str | None = None) -> dict:
    return rule(None, match, combine=combine)


def aggregate(function: str, of: str | None, operator: str, value) -> dict:
    return {"aggregate": function, **({"of": of} if of else {}), "is": operator, "value": value}


# Time


class AsOf:
    """The instant of the evaluation. Bounds are literals, as a program would bind them."""

    def __init__(self, instant: datetime):
        self.instant = instant.astimezone(UTC)
        self.clock = self.instant.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
        self.today = self.clock.date()

    def last(self, column: str, count: int, unit: str) -> str:
        """`within last N` of a datetime column."""
        since = back(self.clock, count, unit)
        return f"({column} > {self.utc(since)} AND {column} <= {self.now()})"

    def now(self) -> str:
        return literal(self.instant.replace(tzinfo=None))

    def start(self, day: date) -> str:
        """The beginning of a local day."""
        return self.utc(datetime(day.year, day.month, day.day))

    def utc(self, clock: datetime) -> str:
        return literal(in_utc(clock))

    def bounds(self) -> dict[str, str]:
        """The instants that the tenth needs, for engines without SQL."""
        steps = [(30, "days"), (90, "days"), (6, "months"), (1, "year")]
        found = {f"{count} {unit}": in_utc(back(self.clock, count, unit)) for count, unit in steps}
        found["now"] = self.instant.replace(tzinfo=None)
        found["a year ago"] = in_utc(back(self.clock, 1, "year").replace(hour=0, minute=0, second=0, microsecond=0))
        return {name: instant.isoformat() for name, instant in found.items()}

    def anniversaries(self, days: int) -> list[int]:
        """month × 100 + day of the next days; 29 February is kept on the 28th in common years."""
        found = []
        for n in range(1, days + 1):
            day = self.today + timedelta(days=n)
            found.append(day.month * 100 + day.day)
            if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
                found.append(229)
        return found


def back(clock: datetime, count: int, unit: str) -> datetime:
    """Steps back by the calendar; months and years end on the month's last day at most."""
    unit = unit.rstrip("s")
    if unit in ("day", "week"):
        return clock - timedelta(days=count * (7 if unit == "week" else 1))
    months = clock.year * 12 + clock.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    day = min(clock.day, calendar.monthrange(year, month + 1)[1])
    return clock.replace(year=year, month=month + 1, day=day)


def in_utc(clock: datetime) -> datetime:
    return clock.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC).replace(tzinfo=None)


def literal(instant: datetime) -> str:
    return f"TIMESTAMP '{instant.isoformat(sep=' ')}'"


def local(column: str) -> str:
    """The local clock of a UTC column."""
    return f"({column} AT TIME ZONE 'UTC' AT TIME ZONE '{ZONE}')"


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def texts(values: list[str]) -> str:
    return "(" + ", ".join(text(value) for value in values) + ")"


def customers(condition: str) -> str:
    return f"SELECT CustomerId FROM Customer WHERE {condition}"


def customers_of(table: str, condition: str) -> str:
    """Customers with a row that meets the condition: a semi-join."""
    return customers(f"CustomerId IN (SELECT CustomerId FROM {table} WHERE {condition})")


def customers_grouped(table: str, condition: str, having: str) -> str:
    """Customers whose rows together meet a condition."""
    return customers(f"CustomerId IN (SELECT CustomerId FROM {table} WHERE {condition} GROUP BY CustomerId HAVING {having})")
