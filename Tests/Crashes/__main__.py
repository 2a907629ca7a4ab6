"""Kills muster at random moments and lets its writes fail; what is left must be the old state or the new one.

python3 Tests/Crashes PROGRAM [--kills N] [--faults SHARE] [--seed S] [--keep FOLDER] [--verbose]
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import add
from pathlib import Path

from failures import Scenes
from kills import Chain
from program import Program
from proofs import Proofs
from verdict import Verdict, in_words

CHAINS = 2  # beside each other; on every machine, so that a seed means the same


def main():
    parser = argparse.ArgumentParser(prog="Crashes", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--faults", type=float, default=0.02, help="which share of all faults; 1 for every one")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", help="a folder for the workspaces, which stay; else they are kept after a failure only")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    print(f"SEED={arguments.seed}", flush=True)
    scratch = Path(arguments.keep or tempfile.mkdtemp(prefix="muster-crashes-")).resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    program = Program.preloaded(Path(arguments.program).resolve(), scratch)
    parts = [(prove, 1), (kill, CHAINS), (fail, os.cpu_count() or 1)]
    passed = all([run(arguments, program, scratch / part.__name__, part, workers) for part, workers in parts])
    if passed and not arguments.keep:
        shutil.rmtree(scratch)
    elif not passed:
        print("Of each failure: 'workspace' is the state before, 'left' what was left, 'attempt' what the next commands made")
        print("of it, and 'done' what comes of it without a fault.")
        print(f"To see it again: the same command with --seed {arguments.seed} --verbose")
    return 0 if passed else 1


def prove(arguments, program, folder, worker, workers, verdict):
    return [f"{Proofs(program, arguments.seed, folder).run()} mixed states were recognised"]


def kill(arguments, program, folder, worker, workers, verdict):
    share = arguments.kills // workers + (worker < arguments.kills % workers)
    return [Chain(program, f"{arguments.seed}/{worker}", folder, verdict).run(share)] if share else []


def fail(arguments, program, folder, worker, workers, verdict):
    if not arguments.faults:
        return []
    return [Scenes(program, arguments.seed, folder, verdict).run(arguments.faults, worker, workers)]


def run(arguments, program, scratch, part, workers):
    """Lets all workers do their part and prints what they found; whether nothing is broken."""

    def work(worker):
        folder = scratch / str(worker)
        folder.mkdir(parents=True)
        verdict = Verdict(worker, arguments.verbose)
        try:
            return part(arguments, program.beside(folder), folder, worker, workers, verdict), verdict.failures
        except Exception as error:
            return [], verdict.failures + [in_words(error)]

    began = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(work, range(workers)))
    failures = [failure for _, found in results for failure in found]
    for failure in failures:
        print(f"FAILED: {failure}\n")
    tallies = [tally for found, _ in results for tally in found]
    if tallies:
        print(f"{reduce(add, tallies)}\nin {time.monotonic() - began:.0f} s", flush=True)
    return not failures


if __name__ == "__main__":
    sys.exit(main())
