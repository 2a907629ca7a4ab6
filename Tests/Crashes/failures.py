"""Every write, sync, creation, removal … of every command fails, one at a time; and there is no room for files."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import operations
from company import Company
from disk import SmallDisk, is_possible
from program import Fault, Outcome, Program
from step import Attempt, Broken, Step
from verdict import Verdict

# What the system says; DuckDB says no more than that a sync failed, and SQLite of a file that it cannot make or write.
REASONS = {
    "EIO": [
        "Input/output error", "disk I/O error", "fsync failed", "unable to open database file",
        "attempt to write a readonly database",
    ],
    "ENOSPC": ["No space left on device"],
    "short": ["No space left on device"],
    "limit": ["File too large"],
    "full disk": ["No space left on device"],
}

# One after the other on one workspace; each finds what those before it have made.
SCENES = [
    operations.load,
    operations.apply,
    operations.refresh_all,
    operations.load,
    operations.keep_output_file,
    operations.write_members,
    operations.refresh_all,
    operations.apply,
    operations.load_wrong_data,
    operations.erase,
    operations.load,
    operations.refresh_some,
    operations.collect_garbage,
    operations.mend,
    operations.delete,
]

LIMITS = 12  # per command, from none to what it needs


@dataclass
class Tally:
    """What became of the commands."""

    outcomes: Counter = field(default_factory=Counter)  # (fault, succeeded | failed, old | new | untidied | same)

    def __add__(self, other):
        return Tally(self.outcomes + other.outcomes)

    def __str__(self):
        columns = sorted({(said, ended) for _, said, ended in self.outcomes})
        lines = [f"{sum(self.outcomes.values())} faults"]
        lines.append(f"{'command and state':<18}" + "".join(f"{' '.join(column):>20}" for column in columns))
        for kind in sorted({kind for kind, *_ in self.outcomes}):
            lines.append(f"  {kind:<16}" + "".join(f"{self.outcomes[kind, *column]:>20}" for column in columns))
        return "\n".join(lines)


class Scenes:
    """All commands with all that can go wrong in them, or a random share of it."""

    def __init__(self, program: Program, seed, scratch: Path, verdict: Verdict):
        self.program, self.scratch, self.verdict = program, scratch, verdict
        # The same company and choice for every worker, who share the faults.
        self.random = Random(seed)
        self.company = Company(scratch / "workspace", Random(str(seed)))
        self.tally = Tally()

    def run(self, share, worker, workers):
        """`share`: of all faults; this worker's are every `workers`th, beginning with `worker`."""
        if not is_possible(self.scratch):
            if worker == 0:
                print("A full disk is left out: only root can mount a small one.", flush=True)
            return self.play(share, worker, workers, None)
        with SmallDisk(self.scratch / "disk") as disk:
            return self.play(share, worker, workers, disk)

    def play(self, share, worker, workers, disk):
        for scene in SCENES:
            operation = scene(self.company)
            self.verdict.say(operation)
            step = Step(self.program, self.company.folder, operation, self.scratch, disk)
            for number, fault in enumerate(chosen(faults(step), share, self.random)):
                if number % workers == worker:
                    with self.verdict.on(operation, fault, self.scratch):
                        self.try_fault(step, fault)
            self.company.go_on_from(step.done)
        return self.tally

    def try_fault(self, step: Step, fault: Fault):
        """The command says so or gets along, and the next one works."""
        attempt = step.attempt(fault)
        step.judge(attempt)
        said = "was killed" if attempt.outcome.was_killed and fault.kills else self.said(step, attempt)
        step.check_again(attempt)
        self.verdict.say(f"  {fault}: {said}, {attempt.ended}")
        self.tally.outcomes[fault.kind, said, attempt.ended] += 1

    @staticmethod
    def said(step: Step, attempt: Attempt):
        """That it failed, and why; or nothing but what it says without a fault."""
        outcome = attempt.outcome
        if outcome.code < 0:
            raise Broken(f"it ended by signal {-outcome.code}:\n{outcome.errors}")
        if is_failure(outcome) and not is_failure(step.reference):
            if outcome.code == 0:
                raise Broken(f"it ended well, and with an error:\n{outcome.errors}")
            check_message(attempt)
            return "failed"
        if outcome.code != step.reference.code:
            raise Broken(f"it ended with {outcome.code} and without an error:\n{outcome.errors}")
        if attempt.ended == "old":
            raise Broken("it said that it succeeded, and the state is the old one")
        return "succeeded"


def chosen(faults, share, random):
    """A random share of the faults, spread over all of them; the same number whatever is drawn."""
    faults = list(faults)
    count = max(1, round(share * len(faults)))
    every = len(faults) / count
    return [faults[int(number * every + random.random() * every)] for number in range(count)]


def faults(step: Step):
    """All that can go wrong with a command."""
    for call in step.reference.calls:
        yield Fault("kill", call.number)
        yield Fault("EIO", call.number)
        if call.needs_space:
            yield Fault("ENOSPC", call.number)
        if call.name == "write" and call.length > 1:
            yield Fault("short", call.number)
    writes = [call for call in step.reference.calls if call.name == "write"]
    largest, needed = max(call.offset + call.length for call in writes), sum(call.length for call in writes)
    for number in range(LIMITS):
        yield Fault(largest=largest * number // LIMITS)
        if step.disk:
            yield Fault(room=needed * number // LIMITS)


def is_failure(outcome: Outcome):
    """Wrong data fails a load as well, and with a message of its own."""
    return "Error:" in outcome.errors


def check_message(attempt: Attempt):
    """It names the file, and why the system refused."""
    text = attempt.outcome.errors
    if not any(reason in text for reason in REASONS[attempt.fault.kind]):
        raise Broken(f"the message does not say why:\n{text}")
    if str(attempt.folder) not in text and "members." not in text:
        raise Broken(f"the message does not name the file:\n{text}")
