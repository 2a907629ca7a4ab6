"""PostgreSQL, in a temporary cluster of its own on a unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import duckdb
import psycopg

TYPES = {
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "VARCHAR": "text",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "BOOLEAN": "boolean",
    "DOUBLE": "double precision",
}

# What a foreign key, a join or a range of time asks for.
INDEXES = [
    "CREATE UNIQUE INDEX ON Customer (CustomerId)",
    "CREATE INDEX ON Customer (Country, Income)",
    "CREATE INDEX ON Customer (RegisteredAt)",
    "CREATE UNIQUE INDEX ON Product (ProductId)",
    "CREATE UNIQUE INDEX ON Loyalty (MemberId)",
    "CREATE UNIQUE INDEX ON OnlineOrder (OrderId)",
    "CREATE INDEX ON OnlineOrder (CustomerId)",
    "CREATE INDEX ON OnlineOrder (OrderedAt) INCLUDE (CustomerId)",
    "CREATE INDEX ON OnlineOrderLine (OrderId)",
    "CREATE INDEX ON OnlineOrderLine (ProductId)",
    "CREATE INDEX ON StorePurchase (CustomerId)",
    "CREATE INDEX ON StorePurchase (PurchasedAt) INCLUDE (CustomerId, Amount)",
]


class Cluster:
    """Started on entry, stopped and removed on exit. Runs as `postgres` where we are root."""

    def __init__(self, memory_mb: int, threads: int):
        self.folder = Path(tempfile.mkdtemp(prefix="muster-bench-pg-"))
        self.bin = Path(
            subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True).stdout.strip() or "/usr/lib/postgresql/15/bin"
        )
        if not (self.bin / "initdb").exists():
            self.bin = Path("/usr/lib/postgresql/15/bin")
        self.user = "postgres" if os.geteuid() == 0 else None
        self.settings = {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self.folder}'",
            "fsync": "off",
            "synchronous_commit": "off",
            "shared_buffers": f"{memory_mb // 4}MB",
            "effective_cache_size": f"{memory_mb * 3 // 4}MB",
            "work_mem": "256MB",
            "maintenance_work_mem": "1GB",
            "max_wal_size": "8GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "max_parallel_workers_per_gather": str(threads - 1),
            "max_parallel_workers": str(threads),
        }

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, user=self.user, group=self.user, extra_groups=[] if self.user else None, cwd="/"
        )

    def __enter__(self) -> psycopg.Connection:
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        try:
            self._run("initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "bench", "--locale=C", "--encoding=UTF8", "--no-sync")
            with open(self.folder / "data" / "postgresql.conf", "a") as file:
                file.writelines(f"{name} = {value}\n" for name, value in self.settings.items())
            self._run("pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-w", "start")
            self.connection = psycopg.connect(host=str(self.folder), user="bench", dbname="postgres", autocommit=True)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self.connection

    def __exit__(self, *_) -> None:
        self.connection.close()
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def load(connection: psycopg.Connection, database: str) -> float:
    """Copies the tables of a DuckDB database, builds indexes and statistics; returns the seconds."""
    start = time.perf_counter()
    source = duckdb.connect(database, read_only=True)
    for (table,) in source.execute("SELECT table_name FROM duckdb_tables()").fetchall():
        columns = source.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [table]
        ).fetchall()
        listed = ", ".join(f"{name} {TYPES.get(kind, kind)}" for name, kind in columns)
        connection.execute(f"CREATE TABLE {table} ({listed})")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            source.execute(f"COPY {table} TO '{path}' (FORMAT csv, HEADER false, NULL '\\N', FORCE_QUOTE *)").fetchall()
            with path.open("rb") as file, connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
    source.close()
    for index in INDEXES:
        connection.execute(index)
    connection.execute("VACUUM ANALYZE")
    return time.perf_counter() - start


def run(connection: psycopg.Connection, queries: dict[str, str]) -> dict:
    """One statement a segment; the keys stay in the server, in a temporary table."""
    each, counts = {}, {}
    start = time.perf_counter()
    for name, sql in queries.items():
        begun = time.perf_counter()
        connection.execute("DROP TABLE IF EXISTS members")
        counts[name] = connection.execute(f"CREATE TEMP TABLE members AS {sql}").rowcount
        each[name] = time.perf_counter() - begun
    return {"seconds": time.perf_counter() - start, "each": each, "counts": counts}
