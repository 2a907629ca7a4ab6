"""Calendar: local days, calendar steps, periods, relative days and durations."""

import calendar
import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from values import instant

WEEK_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Clock:
    """The as-of instant seen in one time zone with one first day of the week."""

    def __init__(self, as_of, zone="UTC", week_start="monday"):
        self.as_of = as_of
        self.zone = ZoneInfo(zone)
        self.week_start = WEEK_DAYS.index(week_start)
        self.today = self.local(as_of).date()

    def local(self, moment):
        """The wall clock of an instant."""
        return moment.astimezone(self.zone)

    def day(self, value):
        """The local day of a date or of a datetime."""
        return self.local(value).date() if isinstance(value, datetime) else value

    def instant_of(self, wall):
        """The instant of a wall clock; forward by the gap, the earlier offset in an overlap."""
        return wall.replace(tzinfo=self.zone, fold=0).astimezone(timezone.utc)

    def midnight(self, day):
        return self.instant_of(datetime(day.year, day.month, day.day))

    def as_of_moved(self, count, unit):
        """As-of moved by elapsed minutes or hours, or by the calendar on the wall clock."""
        if unit in ("minute", "hour"):
            return self.as_of + timedelta(seconds=count * (60 if unit == "minute" else 3600))
        wall = self.local(self.as_of).replace(tzinfo=None)
        return self.instant_of(datetime.combine(moved(wall.date(), count, unit), wall.time()))

    def relative_day(self, text):
        """The day that a value such as `today - 3 months` or `2024-03-01` names."""
        return relative_day(text, self.today, self.week_start)

    def literal(self, text):
        """A day, or an instant where the value has a time of day."""
        return instant(text, self.zone) if re.match(r"\d{4}-\d\d-\d\d[T ]", text) else self.relative_day(text)


def moved(day, count, unit):
    """A day moved by calendar steps; months and years clamp to the month's last day."""
    if unit == "day":
        return day + timedelta(days=count)
    if unit == "week":
        return day + timedelta(days=7 * count)
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "year" else 1)
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, last_day(year, month)))


def last_day(year, month):
    return calendar.monthrange(year, month)[1]


def period_start(day, period, week_start=0):
    """The first day of the week, month, quarter or year that holds the day."""
    if period == "week":
        return day - timedelta(days=(day.weekday() - week_start) % 7)
    if period == "month":
        return day.replace(day=1)
    if period == "quarter":
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return date(day.year, 1, 1)


def next_period(start, period):
    """The first day of the period after the one that starts here."""
    return {
        "week": lambda: start + timedelta(days=7),
        "month": lambda: moved(start, 1, "month"),
        "quarter": lambda: moved(start, 3, "month"),
        "year": lambda: moved(start, 1, "year"),
    }[period]()


@lru_cache(maxsize=10_000)
def relative_day(text, today, week_start):
    if text == "today":
        return today
    step = re.fullmatch(r"today ([+-]) (\d+) (day|week|month|year)s?", text)
    if step:
        count = int(step[2]) * (1 if step[1] == "+" else -1)
        return moved(today, count, step[3])
    bound = re.fullmatch(r"(start|end) of (this|last|next) (week|month|quarter|year)", text)
    if bound:
        start = period_start(today, bound[3], week_start)
        if bound[2] == "last":
            start = period_start(start - timedelta(days=1), bound[3], week_start)
        elif bound[2] == "next":
            start = next_period(start, bound[3])
        return start if bound[1] == "start" else next_period(start, bound[3]) - timedelta(days=1)
    return date.fromisoformat(text)


def duration(text):
    """`90 days` as (90, "day")."""
    count, unit = text.split(" ")
    return int(count), unit.removesuffix("s")


def has_anniversary(day, first, last):
    """Whether the day's month and day fall on one of the days first … last."""
    candidate = first
    while candidate <= last:
        if same_month_and_day(day, candidate):
            return True
        candidate += timedelta(days=1)
    return False


def same_month_and_day(day, candidate):
    """29 February counts as 28 in a candidate day's common year."""
    of_month = day.day
    if (day.month, day.day) == (2, 29) and not calendar.isleap(candidate.year):
        of_month = 28
    return (candidate.month, candidate.day) == (day.month, of_month)
