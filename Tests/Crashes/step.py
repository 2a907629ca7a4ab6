"""One command from one state: what it comes to, and what comes of it when something goes wrong."""

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from disk import SmallDisk
from operations import Operation
from order import disorder
from program import Fault, Outcome, Program
from reading import readings, without_times
from state import State, read_state


class Broken(Exception):
    """The workspace, or what muster said, is not as promised."""


@dataclass
class Attempt:
    """What a fault left behind."""

    fault: Fault
    folder: Path
    outcome: Outcome
    ended: str = ""  # old, new, untidied (new, and retention is yet to be applied); same where nothing changes

    @property
    def has_new(self):
        return self.ended in ("new", "untidied")


class Step:
    """`base` is the workspace before the command; it is not touched."""

    def __init__(self, program: Program, base: Path, operation: Operation, scratch: Path, disk: SmallDisk | None = None):
        self.program, self.base, self.operation, self.scratch, self.disk = program, base, operation, scratch, disk
        self.before = read_state(base)
        self.done = self.copy("done")
        self.reference = program.run(self.done, operation.arguments)
        if self.reference.code < 0:
            raise Broken(f"without a fault it ended by signal {-self.reference.code}: {self.reference.errors}")
        self.after = read_state(self.done)
        self.refuse(self.after.problems)
        self.check_log()
        self.refuse(disorder(self.reference.calls))
        self.reading = cache(self.read)
        self.continuation = cache(lambda *next: self.continued(copied(self.done, scratch / "continued"), *next))

    def copy(self, name):
        return copied(self.base, self.scratch / name)

    def check_log(self):
        """The library has seen every change: a fault can be put everywhere."""
        seen = {name for call in self.reference.calls for name in call.path.split(" -> ")}
        unseen = [name for name in changed_files(self.base, self.done) if name not in seen]
        if unseen:
            raise Broken(f"changed past the library of faults: {', '.join(unseen)}")

    # ---- something goes wrong

    def attempt(self, fault: Fault, by: Program | None = None) -> Attempt:
        program = by or self.program
        if fault.room is None:
            folder = self.copy("attempt")
            outcome = program.run(folder, self.operation.arguments, fault)
        else:
            folder = copied(self.base, self.disk.folder / "attempt")
            with self.disk.room(fault.room):
                outcome = program.run(folder, self.operation.arguments)
        # As it was left, for whoever looks into a failure.
        copied(folder, self.scratch / "left")
        return Attempt(fault, folder, outcome)

    def judge(self, attempt: Attempt):
        """The next command works at once, and finds the old or the new state, whole."""
        self.command(attempt.folder, "check")
        state = read_state(attempt.folder)
        self.refuse(state.problems)
        attempt.ended = self.compare(state, attempt.folder)
        self.check_ordinals(state)
        self.check_outputs(attempt)
        if attempt.has_new:
            self.check_erased(attempt)

    def compare(self, state, folder):
        if state.published == self.before.published:
            return "same" if state.published == self.after.published else "old"
        if state.published == self.after.published:
            return "new"
        if state.includes(self.after) and self.tidied(folder) == self.tidied(self.done):
            return "untidied"
        old, new = state.differences(self.before), state.differences(self.after)
        raise Broken(f"the state is neither the old one:\n{old}\nnor the new one:\n{new}")

    def tidied(self, folder):
        """What is published when retention has given up what it does not keep: a load or a refresh that was killed
        after it published has not done so."""
        copy = copied(folder, self.scratch / "tidied")
        self.command(copy, "gc")
        return read_state(copy).published

    def check_erased(self, attempt: Attempt):
        """No file holds a key that was erased. (Numbers stand anywhere; addresses do not.)"""
        key = self.operation.erased.encode()
        if b"@" not in key:
            return
        for file in (attempt.folder / ".muster").rglob("*"):
            if file.is_file() and key in file.read_bytes():
                raise Broken(f"{file.name} holds {self.operation.erased}, who was erased")

    def check_ordinals(self, state: State):
        """An ordinal belongs to one key for ever; there may be more than before, of keys that were never published."""
        for audience, keys in self.before.ordinals.items():
            now = state.ordinals.get(audience, {})
            for ordinal, key in keys.items():
                is_burnt = now.get(ordinal) == "" and self.operation.name == "erase"
                if now.get(ordinal) != key and not is_burnt:
                    raise Broken(f"{audience}: the ordinal {ordinal} was {key}'s and is {now.get(ordinal)}'s")

    def check_outputs(self, attempt: Attempt):
        """A file that `--output` names is whole or not there."""
        for name in ("members.csv", "members.parquet"):
            file, old, new = (folder / name for folder in (attempt.folder, self.base, self.done))
            wanted = [whole.read_bytes() for whole in (old, new) if whole.exists()]
            if file.exists() and file.read_bytes() not in wanted:
                raise Broken(f"{name} is half written")

    # ---- what muster says of it

    def check_reading(self, attempt: Attempt, random, count=1):
        """Some commands that read, chosen at random, say what they say in the old or the new state."""
        if attempt.ended == "untidied":
            return
        segments = (self.after if attempt.has_new else self.before).rows("segment")
        segments = [row["name"] for row in segments if row["name"]]  # in the trash they have none
        every = readings(segments)
        for arguments in random.sample(every, min(count, len(every))):
            said = self.said(attempt.folder, arguments)
            expected = self.reading(attempt.has_new, arguments)
            if said != expected:
                raise Broken(f"muster {' '.join(arguments)} says:\n{said}\nand in the {attempt.ended} state:\n{expected}")

    def read(self, is_new, arguments):
        """What a command says in a state that no fault has touched."""
        return self.said(copied(self.done if is_new else self.base, self.scratch / "reading"), arguments)

    def said(self, folder, arguments):
        outcome = self.program.run(folder, arguments)
        return outcome.code, without_times(outcome.output.replace(str(folder), "")), outcome.errors.replace(str(folder), "")

    # ---- what is done next

    def check_again(self, attempt: Attempt):
        """The same command does now what it could not do, and its members are those without the fault."""
        had_new = attempt.has_new
        codes = {0, 1} if had_new else {self.reference.code}
        self.command(attempt.folder, *self.operation.arguments, codes=codes)
        state = read_state(attempt.folder)
        self.refuse(state.problems)
        if not had_new and results(state) != results(self.after):
            raise Broken(f"done again it comes to {results(state)}\nand without the fault to {results(self.after)}")

    def check_continuation(self, attempt: Attempt, as_of, segment):
        """What is done next comes to the same as if nothing had happened."""
        said = self.continued(attempt.folder, as_of, segment)
        expected = self.continuation(as_of, segment)
        if said != expected:
            raise Broken(f"later commands come to:\n{said}\nand without the fault to:\n{expected}")

    def continued(self, folder, as_of, segment):
        for again in (self.operation.arguments, ["load"], ["refresh", "--all", "--as-of", as_of]):
            self.command(folder, *again, codes={0, 1})
        members = self.command(folder, "members", segment, "--format", "ndjson", codes={0, 1}).output
        return results(read_state(folder)), members

    def command(self, folder, *arguments, codes=frozenset({0})) -> Outcome:
        outcome = self.program.run(folder, arguments)
        if outcome.code not in codes:
            text = f"{outcome.errors}\n{outcome.output}".strip()
            raise Broken(f"muster {' '.join(arguments)} ended with {outcome.code}:\n{text}")
        return outcome

    def refuse(self, problems):
        if problems:
            raise Broken("\n".join(problems))


def copied(folder: Path, to: Path):
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))


def changed_files(before: Path, after: Path):
    """Files below the second folder that are not in the first as they are, by their paths."""
    files = [file.relative_to(after) for file in after.rglob("*") if file.is_file()]
    return [
        str(file)
        for file in files
        if not (before / file).exists() or (before / file).read_bytes() != (after / file).read_bytes()
    ]


def results(state: State):
    """Rows of the tables in force, and of each segment its definition and the last run: numbers that were given out to
    a command that came to nothing make no difference."""
    segments = {segment["id"]: segment for segment in state.rows("segment")}
    names = {number: segment["name"] or f"{segment['trashedName']} (trash)" for number, segment in segments.items()}
    definitions = {
        names[version["segmentId"]]: version["definition"]
        for version in state.rows("segmentVersion")
        if version["number"] == segments[version["segmentId"]]["version"]
    }
    runs = {}
    for run in sorted(state.rows("run"), key=lambda run: run["position"]):
        runs[names[run["segmentId"]]] = (run["status"], run["count"], run["rules"])
    last = max((version["id"] for version in state.rows("dataVersion")), default=0)
    parts = {row["partId"] for row in state.rows("dataVersionPart") if row["dataVersionId"] == last}
    rows = {part["tableName"]: part["rows"] for part in state.rows("part") if part["id"] in parts}
    return rows, definitions, runs
