"""What was found to be broken, and the workspaces of it."""

import traceback
from contextlib import contextmanager
from pathlib import Path

from step import Broken, copied

MOST = 10  # after so many failures of one worker nothing new is learnt


class Verdict:
    """Of one worker. Failures do not stop it, so that one run tells of all."""

    def __init__(self, worker, is_verbose):
        self.worker, self.is_verbose = worker, is_verbose
        self.failures: list[str] = []

    def say(self, line):
        if self.is_verbose:
            print(f"{self.worker}: {line}", flush=True)

    @contextmanager
    def on(self, operation, fault, scratch: Path):
        """Takes down what breaks in a `with`, and keeps the workspaces of it."""
        try:
            yield
        except Exception as error:
            kept = scratch / f"failure-{len(self.failures) + 1}"
            kept.mkdir()
            for name in ("workspace", "left", "attempt", "done"):
                if (scratch / name).exists():
                    copied(scratch / name, kept / name)
            text = f"{operation}, {fault}:\n{in_words(error)}"
            (kept / "failure.txt").write_text(text + "\n")
            self.failures.append(f"{text}\nin {kept}")
            self.say(f"  {fault}: FAILED")
            if len(self.failures) == MOST:
                raise


def in_words(error: Exception):
    """What is broken; of an error of this suite itself also where, so that no run ends without its findings."""
    return f"{error}" if isinstance(error, Broken) else "".join(traceback.format_exception(error, limit=-4)).strip()
