"""Writes a data set: workspace.yaml (JSON is YAML) and the data files of one generation."""

import fnmatch
import json

from data import as_list, attribute_types
from files import cell_text, write_csv, write_ndjson


def write_document(folder, document):
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=2)
    (folder / "workspace.yaml").write_text(text + "\n", encoding="utf-8")


def write_tables(folder, document, tables, random, parts):
    """Writes every table's files; `parts` names the pieces of a table that is several files."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        spec = document["tables"][table]
        source = document["sources"][spec["source"]]
        for name, piece in split_files(spec["files"], rows, parts):
            text = file_text(spec, source, piece, random)
            (folder / name).write_bytes(text.encode("utf-8"))


def split_files(pattern, rows, parts):
    """The rows of a table, in one file or spread over several that match its glob."""
    if "*" not in pattern:
        return [(pattern, rows)]
    names = [pattern.replace("*", part) for part in parts]
    assert all(fnmatch.fnmatch(name, pattern) for name in names)
    return [(name, rows[n :: len(names)]) for n, name in enumerate(names)]


def file_text(spec, source, rows, random):
    types = attribute_types(spec)
    columns = [(column_name(spec, name), kind) for name, kind in types.items()]
    if spec["source"] == "records":
        cells = [[record_value(types[n], v, source) for n, v in row.items()] for row in rows]
        return write_ndjson(columns, cells, random.random() < 0.5)
    cells = [[file_cell(spec, source, types[n], n, v, random) for n, v in row.items()] for row in rows]
    texts = [(column, kind == "text") for column, kind in columns]
    line_end = random.choice(["\n", "\n", "\r\n"])
    return write_csv(texts, cells, source["delimiter"], random.random() < 0.4, line_end)


def column_name(spec, name):
    attribute = spec["attributes"][name]
    return attribute.get("column", name) if isinstance(attribute, dict) else name


def file_cell(spec, source, kind, name, value, random):
    attribute = spec["attributes"][name]
    date_format = attribute.get("format") if isinstance(attribute, dict) else None
    if value is None and "missing" in source and random.random() < 0.3:
        return random.choice(as_list(source["missing"]))
    return cell_text(kind, value, date_format or source.get("dateFormat"), source["timeZone"])


def record_value(kind, value, source):
    return cell_text(kind, value, None, source["timeZone"]) if kind in ("date", "datetime") else value
