"""What the store refers to is on disk before the store is written to: read off the calls of a command."""

from pathlib import PurePosixPath

LOG = ".muster/muster.sqlite-wal"


def is_referred_to(path):
    """Data files with their logs, and members; what is staged, kept for speed or spilled means nothing."""
    name = PurePosixPath(path).name
    if name.startswith("data"):
        return name.endswith((".duckdb", ".duckdb.wal"))
    return path.startswith(".muster/members/")


def disorder(calls):
    """What a power cut might take away from under the store, in words."""
    unwritten, unnamed = set(), set()  # content and names that are not on disk yet
    last = max((call.number for call in calls if call.path == LOG and call.name == "write"), default=0)
    problems = []
    for call in calls:
        if call.result < 0:
            continue
        path, _, target = call.path.partition(" -> ")
        if call.name in ("create", "link"):
            unnamed.add(target or path)
        elif call.name == "rename":
            for files in (unwritten, unnamed):
                if path in files:
                    files.remove(path)
                    files.add(target)
            unnamed.add(target)
        elif call.name == "unlink":
            unwritten.discard(path)
            unnamed.discard(path)
        elif call.name == "sync":
            unwritten.discard(path)
            unnamed = {file for file in unnamed if str(PurePosixPath(file).parent) != path}
        elif call.name in ("write", "empty"):
            # (DuckDB cuts off free blocks when it has synchronized the rest: nothing is lost with that.)
            if path == LOG:
                # Names matter when something is published: before the last writing, whatever the others were for.
                missing = unwritten | (unnamed if call.number == last else set())
                problems += [f"{file} is not on disk at call {call.number}" for file in missing if is_referred_to(file)]
            unwritten.add(path)
    return sorted(set(problems))
