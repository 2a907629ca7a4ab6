"""Data files: CSV and NDJSON, read and written so that missing and zero-length stay apart."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from values import from_text, instant, plain, read_json, write_json
from fractions import Fraction


def parse_csv(text, delimiter=","):
    """Records of cells; an empty cell is None and `""` is a zero-length text."""
    records, record, i = [], [], 0
    while i < len(text):
        cell, i = parse_cell(text, i, delimiter)
        record.append(cell)
        if text[i : i + 1] == delimiter:
            i += 1
            if i == len(text):
                record.append(None)
            continue
        records.append(record)
        record = []
        i += 2 if text[i : i + 2] == "\r\n" else 1
    return records


def parse_cell(text, i, delimiter):
    """One cell, and where it ends: at a delimiter, a line end or the end of the text."""
    if text[i : i + 1] == '"':
        cell = ""
        i += 1
        while True:
            end = text.index('"', i)
            cell += text[i:end]
            if text[end + 1 : end + 2] != '"':
                return cell, end + 1
            cell += '"'
            i = end + 2
    start = i
    while i < len(text) and text[i] not in (delimiter, "\r", "\n"):
        i += 1
    return text[start:i] or None, i


def csv_cell(value, is_text, delimiter, always_quote):
    """A value as a CSV cell; texts are quoted where they must be, or always."""
    if value is None:
        return ""
    must = value == "" or value != value.strip() or any(c in value for c in delimiter + '"\r\n')
    if is_text and (always_quote or must):
        return '"' + value.replace('"', '""') + '"'
    return value


def write_csv(columns, rows, delimiter=",", always_quote=False, line_end="\n"):
    """Columns are (name, is text); rows hold the cells' texts, None for a missing value."""
    lines = [delimiter.join(csv_cell(name, True, delimiter, always_quote) for name, _ in columns)]
    for row in rows:
        cells = zip(row, columns)
        lines.append(delimiter.join(csv_cell(v, is_text, delimiter, always_quote) for v, (_, is_text) in cells))
    return "".join(line + line_end for line in lines)


def cell_text(kind, value, date_format, zone):
    """How a value stands in a CSV file; a datetime without zone where the source's zone can say it."""
    if value is None or kind == "text":
        return value
    if kind == "date":
        return value.strftime(date_format) if date_format else value.isoformat()
    if kind == "datetime":
        return datetime_text(value, zone)
    if kind == "boolean":
        return "true" if value else "false"
    return plain(value)


def datetime_text(moment, zone):
    wall = moment.astimezone(ZoneInfo(zone))
    naive = wall.replace(tzinfo=None).isoformat()
    if instant(naive, ZoneInfo(zone)) == moment:
        return naive
    return moment.replace(tzinfo=None).isoformat() + "Z"


def read_cell(kind, text, date_format, zone, missing=()):
    """The value of a cell of a data file."""
    if text is None or (isinstance(text, str) and text in missing):
        return None
    if kind == "date" and date_format:
        return datetime.strptime(text, date_format).date()
    if kind == "datetime":
        return instant(text, ZoneInfo(zone))
    return from_text(kind, text)


def write_ndjson(columns, rows, leave_out_missing):
    """Columns are (name, type); rows hold values; dates and datetimes are texts."""
    lines = []
    for row in rows:
        pairs = {name: value for (name, _), value in zip(columns, row)}
        if leave_out_missing:
            pairs = {name: value for name, value in pairs.items() if value is not None}
        lines.append("{" + ", ".join(f"{write_json(n)}: {json_value(v)}" for n, v in pairs.items()) + "}\n")
    return "".join(lines)


def json_value(value):
    if isinstance(value, (Fraction, float)):
        return plain(value)
    return write_json(value)


def parse_ndjson(text):
    return [read_json(line) for line in text.split("\n") if line]
