"""Writes random data sets with their cases: definition, and what it must select."""

import shutil
import sys
from collections import Counter
from pathlib import Path
from random import Random

from constructs import constructs, expected
from data import Generation, Moments
from definitions import Author
from evaluate import evaluate
from load import read_workspace
from schema import random_schema
from values import instant_text, write_json
from write import write_document, write_tables

ATTEMPTS = 8  # drafts of a definition before one outside the band is kept


def generate(seed, definitions, per_data_set, out):
    """Writes DIR/0000, DIR/0001, … and returns an exit code: 0 if the run is varied enough."""
    out, summary, left, number = Path(out), Summary(), definitions, 0
    while left > 0:
        folder = out / f"{number:04d}"
        shutil.rmtree(folder, ignore_errors=True)
        DataSet(seed, number, folder).write(min(per_data_set, left), summary)
        left, number = left - per_data_set, number + 1
    return summary.report()


class DataSet:
    """One random workspace; its random sources depend on seed and number alone."""

    def __init__(self, seed, number, folder):
        self.folder = folder
        self.random = Random(f"{seed}/{number}")
        self.document = random_schema(self.random)
        week_start = self.document.get("weekStart", "monday")
        self.moments = Moments(self.random, self.document["timeZone"], week_start)
        self.has_second_load = number % 3 == 0
        self.write_data(number)
        self.case_seed = f"{seed}/{number}/case"

    def write_data(self, number):
        write_document(self.folder, self.document)
        rows = Generation(self.random, self.document, self.moments)
        write_tables(self.folder / "data", self.document, rows.tables, self.random, ["a", "b"])
        self.workspace = read_workspace(self.folder)
        if self.has_second_load:
            rows.advance()
            parts = self.random.choice([["a", "b"], ["b", "c"], ["a", "b", "c"]])
            write_tables(self.folder / "load2", self.document, rows.tables, self.random, parts)
            self.workspace2 = read_workspace(self.folder, data="load2")

    def write(self, count, summary):
        cases = self.cases(count, summary)
        write_cases(self.folder / "cases.jsonl", cases)
        if self.has_second_load:
            write_cases(self.folder / "cases2.jsonl", self.again(cases))

    def cases(self, count, summary):
        cases, published, referable = [], {}, {}
        for index in range(count):
            random = Random(f"{self.case_seed}/{index}")
            as_of = random.choice(self.moments.as_ofs)
            author = Author(random, self.workspace, as_of, referable.get(as_of, {}))
            definition, result, share = self.draft(author, f"s{index:04d}", as_of, published, random)
            published[definition["segment"]] = set(result.members)
            table = author.audience_table(definition)
            referable.setdefault(as_of, {}).setdefault(table, []).append(definition["segment"])
            names = constructs(definition, self.workspace)
            summary.add(share, names)
            cases.append(case(definition, as_of, result, names))
        return cases

    def draft(self, author, name, as_of, published, random):
        """A definition; those that select almost none or almost all are mostly thrown away."""
        for attempt in range(ATTEMPTS):
            definition = author.definition(name)
            result = evaluate(self.workspace, definition, as_of, published)
            profiles = len(self.workspace.tables[author.audience_table(definition)].rows)
            share = len(result.members) / profiles if profiles else 0
            if 0.05 <= share <= 0.95 or random.random() < 0.12:
                break
        return definition, result, share

    def again(self, cases):
        """The same definitions, evaluated on the second generation of the data."""
        published, again = {}, []
        for first in cases:
            definition, as_of = first["definition"], first["as of"]
            result = evaluate(self.workspace2, definition, as_of, published)
            published[definition["segment"]] = set(result.members)
            again.append(case(definition, as_of, result, first["constructs"]))
        return again


def case(definition, as_of, result, names):
    """One line of cases.jsonl (and the as-of itself for later use)."""
    line = {
        "id": definition["segment"],
        "asOf": instant_text(as_of),
        "definition": definition,
        "members": result.members,
        "counts": result.counts,
    }
    if result.projected is not None:
        line["projected"] = {r: [[str(k), v] for k, v in of.items()] for r, of in result.projected.items()}
    return {**line, "constructs": names, "as of": as_of}


def write_cases(path, cases):
    lines = [write_json({k: v for k, v in c.items() if k != "as of"}) + "\n" for c in cases]
    path.write_text("".join(lines), encoding="utf-8")


class Summary:
    """How varied a run is."""

    def __init__(self):
        self.definitions, self.in_band, self.constructs = 0, 0, Counter()

    def add(self, share, names):
        self.definitions += 1
        self.in_band += 0.05 <= share <= 0.95
        self.constructs.update(names)

    def report(self):
        for name in sorted({*expected(), *self.constructs}):
            print(f"{self.constructs[name] / self.definitions:8.2%}  {name}")
        band = self.in_band / self.definitions
        print(f"{self.definitions} definitions, {band:.1%} of them select 5 % to 95 % of the profiles")
        never = [name for name in expected() if not self.constructs[name]]
        if self.definitions >= 2_000 and never:
            print("never used: " + ", ".join(never), file=sys.stderr)
            return 1
        return 0 if band >= 0.5 else 1
