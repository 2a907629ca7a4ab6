"""A naive calendar: walks every minute of some years and says when a schedule fires.

Reads a list of {zone, weekdays, times, first, end} from standard input, years from `first` up to but not
including `end`, and writes for each the minutes since 1970 at which it fires, with the days they belong to.
"""

import json
import sys
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

DAY = 24 * 60
# No zone changed its clock at other minutes in the years looked at.
STEP = 15
EPOCH = date(1970, 1, 1)


def minutes_of_year(year):
    return (date(year, 1, 1) - EPOCH).days * DAY


def offset(zone, minute):
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=minute)
    return int(moment.astimezone(zone).utcoffset().total_seconds()) // 60


def firings(schedule):
    zone = ZoneInfo(schedule["zone"])
    times = {60 * int(time[:2]) + int(time[3:]) for time in schedule["times"]}
    # 1970-01-01 was a Thursday.
    weekdays = {day - 1 for day in schedule["weekdays"]}

    def wanted(wall):
        return wall % DAY in times and (wall // DAY + 3) % 7 in weekdays

    found = {}
    first, end = minutes_of_year(schedule["first"]), minutes_of_year(schedule["end"])
    # The clock's latest reading so far; whatever it shows again is not new.
    latest = first + offset(zone, first) - 1
    for quarter in range(first, end, STEP):
        difference = offset(zone, quarter)
        for minute in range(quarter, quarter + STEP):
            wall = minute + difference
            for skipped in range(latest + 1, wall):
                if wanted(skipped):
                    # Where it stands among the minutes of the gap it comes after the gap.
                    found.setdefault(minute + skipped - latest - 1, skipped // DAY)
            if wall > latest:
                if wanted(wall):
                    # A time that is shown counts more than one that was moved here.
                    found[minute] = wall // DAY
                latest = wall
    return [[minute, day] for minute, day in sorted(found.items())]


if __name__ == "__main__":
    json.dump([firings(schedule) for schedule in json.load(sys.stdin)], sys.stdout)
