"""Measures Muster beside DuckDB, PostgreSQL and Polars on a hundred segments of the sample company.

    core.py [--customers N] [--quick] [--skip-postgresql] [--muster PATH] …

In every round the programs take turns. Muster starts with an empty result cache; files are in the page cache for all of them.
Every set of members is compared with the expert's SQL: a difference ends the benchmark.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import duckdb
import polars

from measure import HERE, Measured, folder_mb, machine, run, run_python, step, use_processors
from segments import TENTH, AsOf, Segment, all_segments
from segments.references import referenced, table_of


class Muster:
    """The program under test, in its workspace."""

    def __init__(self, binary: Path, workspace: Path, as_of: str):
        self.binary, self.workspace, self.as_of = binary, workspace, as_of

    def __call__(self, *arguments) -> Measured:
        return run([self.binary, *arguments], cwd=self.workspace)

    def make_company(self, customers: int) -> float:
        made = run([self.binary, "sample", self.workspace, "--customers", customers, "--seed", 1, "--as-of", self.as_of])
        # Only the data and its description: the segments are ours.
        for entry in self.workspace.iterdir():
            if entry.name not in ("data", "workspace.yaml"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        return made.seconds

    def refresh_cold(self, *segments: str) -> Measured:
        self("gc", "--cache")
        return self("refresh", *segments, "--as-of", self.as_of)

    def members(self, segment: str, file: Path) -> None:
        self("members", segment, "--format", "parquet", "--output", file)


def main() -> None:
    options = arguments()
    use_processors(options.threads)
    at = AsOf(datetime.fromisoformat(options.as_of))
    listed = all_segments(at)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench-", dir=options.folder)))
        muster = Muster(options.muster.resolve(), folder / "workspace", options.as_of)
        result = {
            "machine": machine(),
            "date": time.strftime("%Y-%m-%d"),
            "as_of": options.as_of,
            "customers": options.customers,
            "segments": len(listed),
            "threads": options.threads,
            "duckdb_memory_limit": options.memory,
            "rounds": options.rounds,
            "versions": {"muster": muster_version(muster), "duckdb": duckdb.__version__, "polars": polars.__version__},
        }

        step("Making the company, loading it everywhere")
        result["load"] = load(muster, folder, listed, options)
        connection = None
        if not options.skip_postgresql:
            connection = open_postgresql(stack, folder, options, result)

        step("Refreshing, in turns")
        rounds = [one_round(muster, folder, connection, listed, options) for _ in range(options.rounds)]
        result["seconds"] = {key: median(one[key] for one in rounds) for key in rounds[0]}

        step("Comparing every set of members")
        compare(muster, folder, listed, at)

        step("Counting again after one changed condition")
        result["recount_ms"] = recount(muster, folder, listed)

    summarize(result)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(result, indent=2) + "\n")
        print(f"\nWritten to {options.output}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 customers, one round, nothing written: a smoke run")
    parser.add_argument("--skip-postgresql", action="store_true")
    parser.add_argument("--muster", type=Path, default=HERE.parent / ".build/release/muster")
    parser.add_argument("--as-of", default="2026-06-30T12:00:00Z")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="processors for each program (2)")
    parser.add_argument("--memory", default="8GB", help="DuckDB's memory limit; a quarter of it is PostgreSQL's shared buffers")
    parser.add_argument("--folder", type=Path, help="where the temporary folder goes")
    parser.add_argument("--output", type=Path, default=HERE.parent / "docs/benchmarks/core.json")
    options = parser.parse_args()
    if options.quick:
        options.customers, options.rounds, options.output = 20_000, 1, None
    if not options.muster.exists():
        sys.exit(f"{options.muster} does not exist: build first (make build), or name the program with --muster")
    return options


def muster_version(muster: Muster) -> str:
    return run([muster.binary, "--version"]).output.strip()


def load(muster: Muster, folder: Path, listed: list[Segment], options: argparse.Namespace) -> dict:
    found = {"sample_seconds": muster.make_company(options.customers)}
    loaded = muster("load")
    found |= {
        "muster_seconds": loaded.seconds,
        "muster_peak_mb": loaded.peak_mb,
        "data_mb": folder_mb(muster.workspace / "data"),
        "muster_mb": folder_mb(muster.workspace / ".muster"),
    }

    definitions = folder / "definitions"
    definitions.mkdir()
    for segment in listed:
        write(definitions / f"{segment.name}.json", segment.definition())
    found["save_seconds"] = muster("save", *[definitions / f"{segment.name}.json" for segment in listed]).seconds

    database = run_python("run_duckdb.py", "load", folder / "company.duckdb", muster.workspace / "data", options.memory, options.threads)
    found |= {
        "duckdb_seconds": database.seconds,
        "duckdb_peak_mb": database.peak_mb,
        "duckdb_mb": round((folder / "company.duckdb").stat().st_size / 1e6, 1),
    }

    needed = set().union(*(referenced(segment.form.rules) for segment in listed))
    queries = [
        {"name": segment.name, "sql": segment.form.sql, "table": table_of(segment.name) if segment.name in needed else None}
        for segment in listed
    ]
    write(folder / "queries.json", queries)
    write(folder / "tenth.json", [{**query, "table": None} for query in queries if query["name"] in TENTH])
    write(folder / "bounds.json", AsOf(datetime.fromisoformat(options.as_of)).bounds())
    return found


def open_postgresql(stack: ExitStack, folder: Path, options: argparse.Namespace, result: dict):
    import run_postgresql

    connection = stack.enter_context(run_postgresql.Cluster(megabytes(options.memory), options.threads))
    result["load"]["postgresql_seconds"] = run_postgresql.load(connection, str(folder / "company.duckdb"))
    result["versions"]["postgresql"] = connection.execute("SHOW server_version").fetchone()[0]
    return connection


def one_round(muster: Muster, folder: Path, connection, listed: list[Segment], options: argparse.Namespace) -> dict:
    """Seconds of each program, and peaks of memory; programs take turns."""
    limits = [options.memory, options.threads]
    whole = muster.refresh_cold("--all")
    rival = run_python("run_duckdb.py", "run", folder / "company.duckdb", folder / "queries.json", *limits)
    tenth = muster.refresh_cold(*TENTH)
    rival_tenth = run_python("run_duckdb.py", "run", folder / "company.duckdb", folder / "tenth.json", *limits)
    frames = run_python(
        "run_polars.py", muster.workspace / "data", folder / "bounds.json", environment={"POLARS_MAX_THREADS": str(options.threads)}
    )
    found = {
        "muster": whole.seconds,
        "muster_peak_mb": whole.peak_mb,
        "duckdb": rival.json["seconds"],
        "duckdb_peak_mb": rival.peak_mb,
        "muster_tenth": tenth.seconds,
        "duckdb_tenth": rival_tenth.json["seconds"],
        "polars_tenth": frames.json["seconds"],
        "polars_peak_mb": frames.peak_mb,
    }
    if connection:
        import run_postgresql

        queries = {segment.name: segment.form.sql for segment in listed if segment.name in TENTH}
        served = run_postgresql.run(connection, queries)
        if served["counts"] != rival_tenth.json["counts"]:
            sys.exit(f"PostgreSQL and DuckDB differ: {served['counts']}, {rival_tenth.json['counts']}")
        found["postgresql_tenth"] = served["seconds"]
    return found


def compare(muster: Muster, folder: Path, listed: list[Segment], at: AsOf) -> None:
    """Muster's members, and those of Polars, against the SQL."""
    members, frames = folder / "members", folder / "frames"
    members.mkdir()
    frames.mkdir()
    run_python("run_polars.py", muster.workspace / "data", folder / "bounds.json", frames)
    connection = duckdb.connect(str(folder / "company.duckdb"), read_only=True)
    different = []
    for segment in listed:
        muster.members(segment.name, members / f"{segment.name}.parquet")
        connection.execute(f"CREATE TEMP TABLE {table_of(segment.name)} AS {segment.form.sql}").fetchall()
        for source in (members, frames):
            file = source / f"{segment.name}.parquet"
            if file.exists() and (difference := differing(connection, file, table_of(segment.name))):
                different.append(f"{segment.name} ({source.name}): {difference}")
    connection.close()
    if different:
        sys.exit("These sets differ from the SQL:\n  " + "\n  ".join(different))


def differing(connection, file: Path, table: str) -> str | None:
    """What a file of keys has too much or too little, as text; its first column is the key."""
    key = connection.execute(f"DESCRIBE FROM '{file}'").fetchall()[0][0]
    extra, absent, keys, rows = connection.execute(f"""
        WITH found AS (SELECT "{key}" AS CustomerId FROM '{file}')
        SELECT (SELECT count(*) FROM (FROM found EXCEPT FROM {table})), (SELECT count(*) FROM (FROM {table} EXCEPT FROM found)),
          (SELECT count(DISTINCT CustomerId) FROM found), (SELECT count(*) FROM found)""").fetchall()[0]
    return f"{extra} too many, {absent} missing, {rows - keys} twice" if extra or absent or rows != keys else None


def recount(muster: Muster, folder: Path, listed: list[Segment]) -> dict:
    """Milliseconds of a count after one condition changed, all in one process."""
    edits = folder / "edits"
    edits.mkdir()
    files, changed = [], [segment for segment in listed if segment.changed]
    for segment in changed:
        for suffix, form in (("", segment.form), (".changed", segment.changed)):
            files.append(edits / f"{segment.name}{suffix}.json")
            write(files[-1], segment.definition(form))
    muster("gc", "--cache")
    counted = [json.loads(line) for line in muster("count", *files, "--json", "--as-of", muster.as_of).output.splitlines() if line.strip()]
    if len(counted) != len(files):
        sys.exit(f"muster count gave {len(counted)} objects for {len(files)} files")
    check_counts(folder, changed, [one["count"] for one in counted])
    milliseconds = sorted(one["milliseconds"] for one in counted[1::2])
    return {
        "edits": len(milliseconds),
        "p50": statistics.median(milliseconds),
        "p95": milliseconds[-(-95 * len(milliseconds) // 100) - 1],
        "max": milliseconds[-1],
    }


def check_counts(folder: Path, changed: list[Segment], counts: list[int]) -> None:
    connection = duckdb.connect(str(folder / "company.duckdb"), read_only=True)
    for query in json.loads((folder / "queries.json").read_text()):
        if query["table"]:
            connection.execute(f"CREATE TEMP TABLE {query['table']} AS {query['sql']}").fetchall()
    for index, segment in enumerate(changed):
        for form, count in zip((segment.form, segment.changed), counts[2 * index : 2 * index + 2], strict=True):
            expected = connection.execute(f"SELECT count(*) FROM ({form.sql})").fetchall()[0][0]
            if count != expected:
                sys.exit(f"muster count of {segment.name} is {count}, the SQL's is {expected}")
    connection.close()


def summarize(result: dict) -> None:
    """Adds the ratios, and prints a table."""
    seconds = result["seconds"]
    result["ratio_vs_duckdb"] = round(seconds["muster"] / seconds["duckdb"], 3)
    result["ratio_vs_duckdb_tenth"] = round(seconds["muster_tenth"] / seconds["duckdb_tenth"], 3)
    result["ratio_vs_polars"] = round(seconds["muster_tenth"] / seconds["polars_tenth"], 3)
    result["ratio_vs_postgresql"] = (
        round(seconds["muster_tenth"] / seconds["postgresql_tenth"], 3) if "postgresql_tenth" in seconds else None
    )
    result["peak_memory_mb"] = round(seconds["muster_peak_mb"])
    result["recount_ms_p50"], result["recount_ms_p95"] = result["recount_ms"]["p50"], result["recount_ms"]["p95"]

    print(f"\n{result['customers']:,} customers, {result['segments']} segments, {result['threads']} processors, ", end="")
    print(f"median of {result['rounds']}\n")
    print(f"{'':24}{'seconds':>10}{'Muster':>10}{'ratio':>8}")
    pairs = [
        ("DuckDB, all", "duckdb", "muster", "ratio_vs_duckdb"),
        ("DuckDB, a tenth", "duckdb_tenth", "muster_tenth", "ratio_vs_duckdb_tenth"),
        ("PostgreSQL, a tenth", "postgresql_tenth", "muster_tenth", "ratio_vs_postgresql"),
        ("Polars, a tenth", "polars_tenth", "muster_tenth", "ratio_vs_polars"),
    ]
    for label, rival, own, ratio in pairs:
        if rival in seconds:
            print(f"{label:24}{seconds[rival]:10.2f}{seconds[own]:10.2f}{result[ratio]:8.2f}")
    loads = result["load"]
    print(f"\nloading                 {loads['muster_seconds']:.1f} s (DuckDB {loads['duckdb_seconds']:.1f} s)")
    print(f"peak memory             {result['peak_memory_mb']} MB (DuckDB {seconds['duckdb_peak_mb']:.0f} MB)")
    edits, p50, p95 = result["recount_ms"]["edits"], result["recount_ms_p50"], result["recount_ms_p95"]
    print(f"re-count after an edit  {p50:.1f} ms (p50), {p95:.1f} ms (p95), {edits} edits")


def write(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1))


def median(values) -> float:
    return round(statistics.median(values), 4)


def megabytes(text: str) -> int:
    return int(float(text.removesuffix("GB")) * 1024) if text.endswith("GB") else int(text.removesuffix("MB"))


if __name__ == "__main__":
    main()
