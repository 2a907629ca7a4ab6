"""Reads a workspace folder: workspace.yaml (in its JSON form) and its data files."""

import json
from pathlib import Path

from files import parse_csv, parse_ndjson, read_cell
from model import Audience, Relationship, Row, Table, Workspace, split_reference


def read_workspace(folder, data=None):
    """The workspace with its rows; `data` replaces the sources' folder (a later generation of the files)."""
    folder = Path(folder)
    document = json.loads((folder / "workspace.yaml").read_text(encoding="utf-8"))
    tables = {}
    for name, spec in document["tables"].items():
        if "derivedFrom" not in spec:
            tables[name] = read_table(name, spec, document.get("sources", {}), folder, data)
    for name, spec in document["tables"].items():
        if "derivedFrom" in spec:
            tables[name] = derived_table(name, spec, tables)
    relationships = named_relationships(document.get("relationships", []))
    return Workspace(
        [tables[name] for name in document["tables"]],
        relationships,
        [audience(name, spec, relationships) for name, spec in document["audiences"].items()],
        document.get("timeZone", "UTC"),
        document.get("weekStart", "monday"),
    )


def read_table(name, spec, sources, folder, data):
    source = sources.get(spec.get("source", next(iter(sources), None)), {})
    below = folder / (data or source.get("folder", "."))
    attributes = {a: s if isinstance(s, dict) else {"type": s} for a, s in spec["attributes"].items()}
    types = {a: s["type"].split("(")[0] for a, s in attributes.items()}
    table = Table(name, types, as_list(spec.get("key", [])))
    globs = as_list(spec["files"])
    for path in sorted({p for glob in globs for p in below.glob(glob)}, key=lambda p: str(p.relative_to(below))):
        for number, record in enumerate(records(path, source)):
            values = {a: cell(record.get(s.get("column", a)), types[a], s, source) for a, s in attributes.items()}
            table.rows.append(Row(values, (str(path.relative_to(below)), number)))
    return table


def as_list(value):
    return value if isinstance(value, list) else [value]


def records(path, source):
    text = path.read_bytes().decode("utf-8")
    if path.suffix in (".ndjson", ".jsonl"):
        return parse_ndjson(text)
    header, *rows = parse_csv(text, source.get("delimiter", ","))
    return [dict(zip(header, row)) for row in rows]


def cell(text, kind, spec, source):
    date_format = spec.get("format", source.get("dateFormat"))
    return read_cell(kind, text, date_format, source.get("timeZone", "UTC"), source.get("missing", ()))


def derived_table(name, spec, tables):
    """The distinct values of an attribute of another table."""
    origin, attribute = split_reference(spec["derivedFrom"])
    key = spec["key"]
    values = {row.values[attribute] for row in tables[origin].rows} - {None}
    rows = [Row({key: value}) for value in sorted(values)]
    return Table(name, {key: tables[origin].attributes[attribute]}, [key], rows)


def named_relationships(specs):
    """Relationships with their names: the target's where only one unnamed leads there, else the foreign key's."""
    parsed = [parse_relationship(spec) for spec in specs]
    unnamed = [(r.source, r.target) for r in parsed if r.name is None]
    for r in parsed:
        if r.name is None:
            r.name = r.target if unnamed.count((r.source, r.target)) == 1 else r.foreign_key
    return parsed


def parse_relationship(spec):
    if isinstance(spec, str):
        arrow, _, name = spec.partition(" as ")
        source, _, target = arrow.partition(" -> ")
        spec = {"from": source, "to": target, "name": name or None}
    source, foreign_key = split_reference(spec["from"])
    target, key = split_reference(spec["to"])
    return Relationship(source, foreign_key, target, key, spec.get("name"), spec.get("kind") == "one-to-one")


def audience(name, spec, relationships):
    hierarchy = None
    if "hierarchy" in spec:
        source, of = split_reference(spec["hierarchy"])
        (hierarchy,) = [r for r in relationships if (r.source, r.name) == (source, of)]
    return Audience(name, spec["table"], hierarchy)
