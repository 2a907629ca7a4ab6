"""Proofs that the suite sees what it is made to see: states that are mixed on purpose, and a careless program."""

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from random import Random

from company import Company
from operations import Operation, apply, load, refresh_all
from order import disorder
from program import Fault, Program
from step import Attempt, Broken, Step, copied

# Puts the files of another workspace into this one, each in place of the one that is there.
CARELESS = "import shutil, sys; shutil.copytree(sys.argv[1], '.muster', dirs_exist_ok=True)"


class Proofs:
    """One load that has a state before and one after it, with segments and members in both."""

    def __init__(self, program: Program, seed, scratch: Path):
        self.program, self.scratch = program, scratch
        self.company = company = Company(scratch / "workspace", Random(seed))
        for operation in (load, apply, refresh_all):
            company.go_on_from(Step(program, company.folder, operation(company), scratch).done)
        self.refresh = Step(program, company.folder, refresh_all(company), scratch / "refresh")
        company.add_orders()
        company.settle()
        self.load = Step(program, company.folder, Operation("load", ("load",)), scratch / "load")

    def run(self):
        """How many were recognised; all of them, or it throws."""
        mixtures = [
            (self.load, self.new_store_old_data),
            (self.load, self.half_a_data_file),
            (self.load, self.one_part_of_two),
            (self.load, self.another_value),
            (self.refresh, self.some_runs),
            (self.refresh, self.members_of_another_run),
            (self.refresh, self.a_shorter_file),
            (self.refresh, self.no_file),
            (self.refresh, self.another_definition),
        ]
        for step, mixture in mixtures:
            home = self.mixed(step, mixture)
            if is_accepted(step, Attempt(Fault(), home, step.reference)):
                raise Broken(f"nobody has noticed: {mixture.__name__.replace('_', ' ')}")
        self.miss_syncs()
        self.accept_the_old_and_the_new()
        return len(mixtures) + self.catch_careless_program()

    def mixed(self, step, mixture):
        folder = copied(step.done, self.scratch / "attempt")
        mixture(folder / ".muster", step.base / ".muster")
        return folder

    def miss_syncs(self):
        """A program that leaves them out is found out."""
        for step in (self.load, self.refresh):
            if not disorder([call for call in step.reference.calls if call.name != "sync"]):
                raise Broken(f"nobody misses the syncs of {step.operation}")

    def accept_the_old_and_the_new(self):
        for step in (self.load, self.refresh):
            for folder, expected in ((step.base, "old"), (step.done, "new")):
                attempt = Attempt(Fault(), copied(folder, self.scratch / "attempt"), step.reference)
                step.judge(attempt)
                step.check_reading(attempt, Random(0))
                if attempt.ended != expected:
                    raise Broken(f"the {expected} state is taken for {attempt.ended}")

    def catch_careless_program(self):
        """It is killed at each of its calls, and once at least in the midst of something."""
        careless = Program(Path(sys.executable), self.scratch, self.program.library)
        arguments = ("-c", CARELESS, str(self.load.done / ".muster"))
        operation = Operation("careless", arguments)
        folder = copied(self.load.base, self.scratch / "attempt")
        calls = careless.run(folder, arguments).calls
        caught = 0
        for call in calls[:: max(1, len(calls) // 4)]:
            folder = copied(self.load.base, self.scratch / "attempt")
            outcome = careless.run(folder, arguments, Fault("torn", at=call.number))
            caught += not is_accepted(self.load, Attempt(Fault(), folder, outcome))
        if not calls or not caught:
            raise Broken(f"{operation} has written {len(calls)} times in place, and nobody has noticed")
        return caught

    # ---- what is made of the new state `home`, given the old one

    @staticmethod
    def new_store_old_data(home, old):
        for file in old.glob("data*.duckdb"):
            shutil.copy(file, home / file.name)

    @staticmethod
    def half_a_data_file(home, old):
        (file,) = home.glob("data*.duckdb")
        with file.open("r+b") as data:
            data.truncate(file.stat().st_size // 2)

    @staticmethod
    def one_part_of_two(home, old):
        change(home, "DELETE FROM dataVersionPart WHERE partId = (SELECT max(id) FROM part)")

    @staticmethod
    def another_value(home, old):
        """In the data file: a row of another edition."""
        (file,) = home.glob("data*.duckdb")
        data = bytearray(file.read_bytes())
        place = data.rindex(b"@example.org")
        data[place - 1] ^= 1
        file.write_bytes(data)

    @staticmethod
    def some_runs(home, old):
        change(home, "DELETE FROM run WHERE position = (SELECT max(position) FROM run)")

    @staticmethod
    def members_of_another_run(home, old):
        files = sorted((home / "members").iterdir(), key=lambda file: file.stat().st_size)
        shutil.copy(files[0], files[-1])

    @staticmethod
    def a_shorter_file(home, old):
        file = max((home / "members").iterdir(), key=lambda file: file.stat().st_size)
        file.write_bytes(file.read_bytes()[:-1])

    @staticmethod
    def no_file(home, old):
        max((home / "members").iterdir(), key=lambda file: file.stat().st_size).unlink()

    @staticmethod
    def another_definition(home, old):
        change(home, "UPDATE segmentVersion SET definition = definition || ' ' WHERE number = 1")


def is_accepted(step: Step, attempt: Attempt):
    try:
        step.judge(attempt)
        return True
    except Broken:
        return False


def change(home, statement):
    with closing(sqlite3.connect(home / "muster.sqlite")) as store:
        if store.execute(statement).rowcount < 1:
            raise Broken(f"it has changed nothing: {statement}")
        store.commit()
