"""Runs programs and measures them: wall time and the peak of resident memory."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Measured:
    seconds: float
    peak_mb: float
    output: str

    @property
    def json(self) -> dict:
        return json.loads(self.output)


def run(command: list, cwd: Path | None = None, environment: dict | None = None) -> Measured:
    """Runs to the end; a failure ends the benchmark with what the program said."""
    with tempfile.TemporaryDirectory() as folder:
        report, output, errors = (Path(folder) / name for name in ("report", "output", "errors"))
        # The system counts what a process was before `exec` towards its peak: a small launcher stands between.
        launcher = [sys.executable, "-I", "-S", __file__, report, *command]
        with output.open("wb") as out, errors.open("wb") as err:
            code = subprocess.call(
                [str(part) for part in launcher],
                cwd=cwd,
                stdout=out,
                stderr=err,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(environment or {})},
            )
        if code != 0:
            sys.exit(f"{' '.join(map(str, command[:6]))} … failed ({code}):\n{errors.read_text()[-4000:]}")
        seconds, peak_mb = json.loads(report.read_text())
        return Measured(seconds, peak_mb, output.read_text())


def launch(report: str, *command: str) -> int:
    """Runs a program and reports its seconds and peak megabytes."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    # Linux counts kilobytes, macOS bytes.
    peak_mb = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    Path(report).write_text(json.dumps([seconds, peak_mb]))
    return process.returncode


def run_python(script: str, *arguments, environment: dict | None = None) -> Measured:
    return run([sys.executable, HERE / script, *arguments], environment=environment)


def use_processors(count: int) -> None:
    """Keeps this process and every program it starts to so many processors."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def folder_mb(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)


def machine() -> dict:
    processor, memory = platform.processor(), None
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), processor)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
    return {
        "processor": processor,
        "processors": os.cpu_count(),
        "memory_mb": memory,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def step(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(launch(*sys.argv[1:]) and 1)
