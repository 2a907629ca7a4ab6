"""DuckDB alone, in a process of its own: one SQL statement a segment, the keys fetched into an array.

run_duckdb.py load DATABASE DATA MEMORY THREADS
run_duckdb.py run DATABASE QUERIES MEMORY THREADS       → {"seconds": …, "each": {name: seconds}, "counts": {…}}
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

# Types that DuckDB's readers would not choose by themselves.
COLUMNS = {"Product": "* REPLACE (Price::DECIMAL(10, 2) AS Price)"}


def connect(database: str, memory: str, threads: str, read_only: bool = False):
    settings = {"memory_limit": memory, "threads": threads}
    return duckdb.connect(database, read_only=read_only, config=settings)


def load(database: str, data: str, memory: str, threads: str) -> None:
    connection = connect(database, memory, threads)
    for file in sorted(Path(data).iterdir()):
        table = file.name.split(".")[0]
        connection.execute(f"CREATE TABLE {table} AS SELECT {COLUMNS.get(table, '*')} FROM '{file}'").fetchall()
    connection.execute("CHECKPOINT").fetchall()
    connection.close()


def run(database: str, queries: str, memory: str, threads: str) -> None:
    listed = json.loads(Path(queries).read_text())
    each, counts = {}, {}
    start = time.perf_counter()
    connection = connect(database, memory, threads, read_only=True)
    for query in listed:
        begun = time.perf_counter()
        keys = connection.execute(query["sql"]).fetchnumpy()["CustomerId"]
        if query["table"]:
            # Others refer to this segment: an expert keeps it.
            connection.execute(f"CREATE TEMP TABLE {query['table']} AS SELECT unnest($keys) AS CustomerId", {"keys": keys}).fetchall()
        each[query["name"]] = time.perf_counter() - begun
        counts[query["name"]] = len(keys)
    print(json.dumps({"seconds": time.perf_counter() - start, "each": each, "counts": counts}))


if __name__ == "__main__":
    {"load": load, "run": run}[sys.argv[1]](*sys.argv[2:])
