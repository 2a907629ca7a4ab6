"""What a workspace holds, read without muster: by SQLite, by DuckDB's library, and by the bytes of the member files."""

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import stored
from company import KEYS

# Numbers that are given out and never taken back: a command that is killed may have drawn some. The schema. On which day
# segments were read last, which a reader that cannot note it leaves to the next one. Since when the audit log is kept,
# which comes with the schema. And what is made of what is published, and made again where it is behind.
APART = {"runSequence", "loadSequence", "sqlite_sequence", "grdb_migrations", "segmentUse", "auditKept", "outputFile"}
# When something was done, and what is drawn at random: they differ between two runs of the same command.
NEVER_EQUAL = {"savedAt", "created", "changed", "trashed", "requested", "published", "started", "finished", "erasedAt"}
NEVER_EQUAL |= {"secret", "hash", "time"}


FIRST_DATA_FILE = "data.duckdb"


@dataclass
class State:
    # Everything that is published: rows by table of the store, digests of parts and of member files.
    published: dict = field(default_factory=dict)
    # Key by ordinal, by audience; the empty text for an erased one.
    ordinals: dict = field(default_factory=dict)
    # What is on disk and nothing refers to.
    unused: set = field(default_factory=set)
    # What must never be.
    problems: list = field(default_factory=list)

    def rows(self, table):
        """The rows of a table of the store."""
        return [json.loads(row) for row in self.published.get(f"store {table}", [])]

    def includes(self, other):
        """Whether all of the other's published state is in this one, too; members that are gone there may be here."""
        return all(
            not Counter(kept(theirs)) - Counter(kept(self.published.get(name, []))) if isinstance(theirs, list)
            else self.published.get(name) == theirs
            for name, theirs in other.published.items()
        )

    def differences(self, other):
        """Where the published state differs, in words."""
        lines = []
        for name in sorted({*self.published, *other.published}):
            mine, theirs = self.published.get(name), other.published.get(name)
            if mine == theirs:
                continue
            if isinstance(mine or theirs, list):
                mine, theirs = mine or [], theirs or []
                gone, added = Counter(mine) - Counter(theirs), Counter(theirs) - Counter(mine)
                lines += [f"  {name} - {row}" for row in gone] + [f"  {name} + {row}" for row in added]
            else:
                lines.append(f"  {name}: {mine} / {theirs}")
        return "\n".join(lines)


def kept(rows):
    """Rows as they were before retention was applied: with members, and without a word of it in the audit log."""
    told = [row for row in rows if '"action": "retention.applied"' not in row]
    return [row.replace('"membersGone": "some time"', '"membersGone": null') for row in told]


def read_state(folder: Path) -> State:
    state = State()
    home = folder / ".muster"
    if (home / "muster.sqlite").exists():
        read_store(home, state)
    # An erasure gives the data another file.
    names = [row["name"] for row in state.rows("dataFile")] or [FIRST_DATA_FILE]
    if (home / names[0]).exists():
        read_data(home / names[0], state)
    elif state.rows("part"):
        state.problems.append(f"{names[0]} is gone, and the store names parts in it")
    known = {"lock", "tmp", "cache", "members", "output", "muster.sqlite", "muster.sqlite-wal", "muster.sqlite-shm", names[0]}
    if home.exists():
        state.unused |= {file.name for file in home.iterdir() if file.name not in known}
        state.unused |= {f"tmp/{file.name}" for file in (home / "tmp").glob("*")}
    if names == [FIRST_DATA_FILE]:
        state.published.pop("store dataFile", None)
    return state


def read_store(home, state):
    with closing(sqlite3.connect(home / "muster.sqlite")) as store:
        store.row_factory = sqlite3.Row
        for (verdict,) in store.execute("PRAGMA integrity_check"):
            if verdict != "ok":
                state.problems.append(f"muster.sqlite: {verdict}")
        for table, *_ in list(store.execute("PRAGMA foreign_key_check")):
            state.problems.append(f"muster.sqlite: a row of {table} refers to none")
        names = [row["name"] for row in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in set(names) - APART:
            rows = [dict(row) for row in store.execute(f'SELECT * FROM "{name}"')]
            for row in rows:
                for column in NEVER_EQUAL & row.keys():
                    del row[column]
                if row.get("membersGone"):
                    row["membersGone"] = "some time"
            if rows:
                texts = (json.dumps(row, sort_keys=True, default=bytes.hex) for row in rows)
                state.published[f"store {name}"] = sorted(texts)
    read_members(home, state)


def read_members(home, state):
    """The files of all runs must be there with the bytes that were published."""
    runs = [run for run in state.rows("run") if run["membersFile"] and not run.get("membersGone")]
    wanted = {run["membersFile"]: run["membersSha256"] for run in runs}
    present = {file.name: file for file in (home / "members").glob("*")} if (home / "members").exists() else {}
    for name, digest in wanted.items():
        if name not in present:
            state.problems.append(f"members/{name} of a published run is gone")
        elif hashlib.sha256(present[name].read_bytes()).hexdigest() != digest:
            state.problems.append(f"members/{name} of a published run has other bytes")
    state.unused |= {f"members/{name}" for name in present if name not in wanted}


def read_data(file, state):
    wanted = {f"{part['tableName']}@{part['id']}": part for part in state.rows("part")}
    with stored.Database(file) as data:
        present = data.texts("SELECT table_name FROM duckdb_tables() WHERE NOT temporary ORDER BY 1")
        audiences = {name.partition("@")[2]: name for name in present if name.startswith("_muster_ordinals@")}
        for audience, name in audiences.items():
            read_ordinals(data, audience, name, state)
        for name, part in wanted.items():
            if name not in present:
                state.problems.append(f"the stored table {name} of a published part is gone")
            else:
                read_part(data, name, part, audiences, state)
        state.unused |= {name for name in present if name not in wanted and name not in audiences.values()}


def read_ordinals(data, audience, name, state):
    """One ordinal for each key, one key for each ordinal; of an erased one the key is missing."""
    rows = data.texts(f"SELECT ordinal::VARCHAR || ' ' || coalesce(key::VARCHAR, '') FROM {quoted(name)}")
    pairs = [row.split(" ", 1) for row in rows]
    for what, index in (("ordinal", 0), ("key", 1)):
        twice = [value for value, count in Counter(pair[index] for pair in pairs).items() if count > 1 and value]
        if twice:
            state.problems.append(f"{audience}: the {what} {twice[0]} stands twice in the dictionary")
    state.ordinals[audience] = {int(ordinal): key for ordinal, key in pairs}


def read_part(data, name, part, audiences, state):
    digest, count = data.texts(
        f"""SELECT unnest([md5(coalesce(string_agg(t::VARCHAR, chr(10) ORDER BY rowid), '')), count(*)::VARCHAR])
        FROM {quoted(name)} AS t"""
    )
    state.published[f"part {name}"] = digest
    if int(count) != part["rows"]:
        state.problems.append(f"{name} has {count} rows, and {part['rows']} were published")
    for route in json.loads(part["routes"]):
        if route["steps"] or route["audience"] not in audiences:
            continue
        # The profile table itself: each row has the ordinal of its key.
        (wrong,) = data.texts(
            f"""SELECT count(*)::VARCHAR FROM {quoted(name)} AS p
            LEFT JOIN {quoted(audiences[route["audience"]])} AS o ON o.ordinal = p.{quoted(route["column"])}
            WHERE o.key IS DISTINCT FROM p.{quoted(KEYS[route["audience"]])}"""
        )
        if wrong != "0":
            state.problems.append(f"{name}: {wrong} rows have not the ordinal that the dictionary gives their key")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'
