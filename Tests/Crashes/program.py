"""Runs muster with a fault: killed after a while, killed or let down at a system call, or short of room for files."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 120  # seconds; a command that takes longer hangs


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and when: at the `at`th call that changes a file, or `after` a time."""

    action: str = ""  # kill, torn, EIO, ENOSPC, short: see faults.c
    at: int = 0
    after: int | None = None  # microseconds: kill, whatever it does then
    largest: int | None = None  # in bytes: no file may grow beyond (RLIMIT_FSIZE)
    room: int | None = None  # in bytes: what the disk still takes

    @property
    def kills(self):
        return self.action in ("kill", "torn") or self.after is not None

    @property
    def kind(self):
        return self.action or ("limit" if self.room is None else "full disk")

    @property
    def environment(self):
        if self.after is not None:
            return {"FAULTS_AFTER": str(self.after)}
        return {"FAULTS_AT": str(self.at), "FAULTS_DO": self.action} if self.action else {}

    def __str__(self):
        if self.largest is not None:
            return f"no file above {self.largest} bytes"
        if self.room is not None:
            return f"room for {self.room} bytes"
        if self.after is not None:
            return f"kill after {self.after / 1000:.0f} ms"
        return f"{self.action} at call {self.at}" if self.action else "no fault"


@dataclass(frozen=True)
class Call:
    """A call that changed a file, or tried to."""

    number: int
    time: int  # microseconds since the start
    name: str
    path: str  # below the workspace; of a rename both names
    offset: int
    length: int
    result: int

    @property
    def needs_space(self):
        return self.name in ("write", "create", "mkdir", "allocate", "link")

    @property
    def place(self):
        """What of the workspace it is about."""
        name = self.path.split(" -> ")[-1].removeprefix(".muster/")
        if name.startswith("muster.sqlite"):
            return "store"
        if name.startswith("data.duckdb.staging"):
            return "staging"
        if name.startswith("data.duckdb"):
            return "data"
        return name.split("/")[0] or "folder"


@dataclass
class Outcome:
    code: int  # negative: ended by that signal
    output: str
    errors: str
    seconds: float
    calls: list[Call] = field(default_factory=list)

    @property
    def was_killed(self):
        return self.code == -signal.SIGKILL


class Program:
    """The muster binary with the library of faults."""

    def __init__(self, path: Path, scratch: Path, library: Path):
        """`scratch` is a folder for its logs."""
        self.path, self.scratch, self.library = path, scratch, library

    @classmethod
    def preloaded(cls, path: Path, scratch: Path):
        """Compiles the library."""
        library = scratch / "faults.so"
        source = Path(__file__).with_name("faults.c")
        options = ["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library)]
        subprocess.run([os.environ.get("CC", "cc"), *options, str(source), "-ldl"], check=True)
        return cls(path, scratch, library)

    def beside(self, scratch: Path):
        return Program(self.path, scratch, self.library)

    def run(self, folder: Path, arguments, fault=Fault()) -> Outcome:
        """Runs a command in a workspace."""
        with tempfile.NamedTemporaryFile(dir=self.scratch, suffix=".calls") as log:
            environment = {
                **os.environ,
                "LD_PRELOAD": str(self.library),
                "FAULTS_FOLDER": str(folder.resolve()),
                "FAULTS_LOG": log.name,
                **fault.environment,
            }
            command = [str(self.path), *arguments]
            if fault.largest is not None:
                # In blocks of 512 bytes; `exec` keeps the limit and the process.
                command = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', str(fault.largest // 512), *command]
            outcome = self.wait(command, folder, environment)
            outcome.calls = [read_call(line) for line in log.read().decode().splitlines()]
        return outcome

    @staticmethod
    def wait(command, folder, environment):
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace",
        )
        try:
            output, errors = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            errors += f"\nIt was still running after {TIMEOUT} s."
        return Outcome(process.returncode, output, errors, time.monotonic() - began)


def read_call(line):
    number, time, name, path, *rest = line.split("\t")
    return Call(int(number), int(time), name, path, *map(int, rest))
