"""Values: how they are read, written, lower-cased and compared, by type."""

import json
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction

NUMBERS = ("integer", "decimal", "double")
TIMES = ("date", "datetime")


def lower_case(text):
    """Maps each code point to its simple, one-to-one lower case."""
    # U+0130 is the one code point whose full mapping has two code points.
    return "".join("i" if c == "\u0130" else c.lower() for c in text)


def twelve_digits(number):
    """Rounds a double to 12 significant digits."""
    return float("%.11e" % number)


def comparable_numbers(kind, value, other_kind, other):
    """Both numbers as doubles if one is a double, else both exact; a literal takes the other's side."""
    if "double" in (kind, other_kind):
        return float(value), float(other)
    return Fraction(value), Fraction(other)


def from_text(kind, text):
    """Reads a value written as by `to_json` or in a data file in ISO 8601; None stays missing."""
    if text is None:
        return None
    if kind == "text":
        return text
    if kind == "integer":
        return int(text)
    if kind == "decimal":
        return Fraction(Decimal(str(text)))
    if kind == "double":
        number = float(text)
        return None if number != number else number
    if kind == "date":
        return date.fromisoformat(text)
    if kind == "datetime":
        return instant(text)
    if kind == "boolean":
        return text if isinstance(text, bool) else {"true": True, "false": False}[text]
    raise ValueError(kind)


def instant(text, zone=timezone.utc):
    """The instant a datetime text stands for; without offset it is wall clock in `zone`."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    # fold = 0: in an overlap the earlier offset, in a gap forward by the gap.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return moment.astimezone(timezone.utc)


def plain(number):
    """Decimal digits without exponent and without trailing zeros: the canonical form of a number."""
    if isinstance(number, float):
        exact = Decimal(repr(number))
    elif isinstance(number, Fraction):
        exact = Decimal(number.numerator) / Decimal(number.denominator)
    else:
        exact = Decimal(number)
    text = format(exact, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def instant_text(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + "%06dZ" % moment.microsecond


def to_json(value):
    """The JSON form of a value: decimals and doubles are texts in canonical form."""
    if isinstance(value, (Fraction, Decimal, float)):
        return plain(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def write_json(value):
    """One line of JSON; decimals are written digit by digit, never through a double."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write_json(str(k))}: {write_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(write_json(v) for v in value) + "]"
    if isinstance(value, Decimal):
        return plain(value)
    return json.dumps(value, ensure_ascii=False)


def read_json(text):
    """The inverse of `write_json`: numbers with a fraction stay exact decimals."""
    return json.loads(text, parse_float=Decimal)
