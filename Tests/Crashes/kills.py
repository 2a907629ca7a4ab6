"""kill -9 at random moments of random commands, one after another on a workspace that lives on."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from company import Company
from operations import apply, load, random_operation, refresh_all
from program import Fault, Program
from state import read_state
from step import Attempt, Broken, Step, copied
from verdict import Verdict

KILLS_PER_STEP = 4


@dataclass
class Tally:
    """What the kills hit."""

    kills: int = 0
    running: int = 0  # between the first and the last change of a file
    outcomes: Counter = field(default_factory=Counter)  # (command, old | new | same | too late)
    places: Counter = field(default_factory=Counter)  # (what was written last, old | new | same)

    def __add__(self, other):
        return Tally(
            self.kills + other.kills,
            self.running + other.running,
            self.outcomes + other.outcomes,
            self.places + other.places,
        )

    def add(self, command, attempt: Attempt, total):
        if not attempt.outcome.was_killed:
            self.outcomes[command, "too late"] += 1
            return
        self.kills += 1
        calls = attempt.outcome.calls
        self.running += 0 < len(calls) < total
        self.outcomes[command, attempt.ended] += 1
        self.places[calls[-1].place if calls else "nothing", attempt.ended] += 1

    def __str__(self):
        columns = ["old", "new", "untidied", "same", "too late"]
        lines = [f"{self.kills} kills, {self.running} of them between the first and the last change of a file"]
        for title, counts in (("killed command", self.outcomes), ("wrote last to", self.places)):
            lines.append(f"{title:<16}" + "".join(f"{column:>10}" for column in columns))
            for name in sorted({name for name, _ in counts}):
                lines.append(f"  {name:<14}" + "".join(f"{counts[name, column]:>10}" for column in columns))
        return "\n".join(lines)


class Chain:
    """A workspace from its first command on; everything that happens follows from `seed`."""

    def __init__(self, program: Program, seed, scratch: Path, verdict: Verdict):
        self.program, self.scratch, self.verdict = program, scratch, verdict
        self.random = Random(seed)
        self.company = Company(scratch / "workspace", self.random)
        self.tally = Tally()

    def run(self, kills):
        beginning = [load, apply, refresh_all]
        while self.tally.kills < kills:
            is_first = bool(beginning)
            operation = beginning.pop(0)(self.company) if is_first else random_operation(self.company)
            self.step(operation, min(KILLS_PER_STEP, kills - self.tally.kills), must_be_done=is_first)
        self.clean_up()
        return self.tally

    def step(self, operation, kills, must_be_done):
        self.verdict.say(operation)
        step = Step(self.program, self.company.folder, operation, self.scratch)
        next_home = step.done
        survivor = None if must_be_done else self.random.randint(0, kills)
        for number in range(kills):
            fault = self.random_fault(step.reference.calls)
            with self.verdict.on(operation, fault, self.scratch):
                attempt = self.kill(step, fault)
                if number == survivor:
                    next_home = copied(attempt.folder, self.scratch / "survivor")
                if self.random.random() < 0.2:
                    step.check_continuation(attempt, self.company.as_of, self.random.choice(["recent", "lapsed"]))
                else:
                    step.check_again(attempt)
        self.company.go_on_from(next_home)

    def kill(self, step: Step, fault: Fault):
        attempt = step.attempt(fault)
        if self.random.random() < 0.15:
            # Whoever comes next is killed, too.
            self.program.run(attempt.folder, ["check"], Fault("kill", at=self.random.randint(1, 40)))
        step.judge(attempt)
        self.tally.add(step.operation.name, attempt, len(step.reference.calls))
        self.verdict.say(f"  {fault}: {attempt.ended if attempt.outcome.was_killed else 'too late'}")
        step.check_reading(attempt, self.random)
        return attempt

    def random_fault(self, calls):
        """By the call, so that every one is met; or by the time, as in life."""
        if not calls:
            return Fault(after=self.random.randint(0, 200_000))
        if self.random.random() < 0.6:
            # Publishing is in the last part.
            first = 1 if self.random.random() < 0.6 else len(calls) * 2 // 3
            return Fault(self.random.choice(["kill", "torn"]), at=self.random.randint(max(1, first), len(calls)))
        return Fault(after=self.random.randint(calls[0].time * 9 // 10, calls[-1].time))

    def clean_up(self):
        """After a load and a gc nothing is left on disk that nothing refers to."""
        operation = load(self.company)
        step = Step(self.program, self.company.folder, operation, self.scratch)
        step.command(step.done, "gc")
        unused = read_state(step.done).unused
        if unused:
            raise Broken(f"after a load and a gc this is left: {', '.join(sorted(unused))}")
