"""Counts for each wrong evaluator the generated cases that tell it from the right one."""

import tempfile
from pathlib import Path

import mutants_comparisons  # noqa: F401 (it registers its mutants)
import mutants_rules  # noqa: F401
import mutation
from evaluate import evaluate
from generate import DataSet, Summary
from values import instant, read_json


def survey(seed, definitions, per_data_set):
    """Prints how many cases catch each mutant; the exit code tells whether all are caught."""
    caught = {name: 0 for name in mutation.MUTANTS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(definitions // per_data_set):
            data_set = DataSet(seed, number, Path(folder) / str(number))
            data_set.write(per_data_set, Summary())
            for name in caught:
                with mutation.broken(name):
                    caught[name] += sum(differs(*case) for case in replayed(data_set))
    for name, count in sorted(caught.items(), key=lambda item: item[1]):
        print(f"{count:6d}  {name}")
    never = [name for name, count in caught.items() if count == 0]
    print(f"{len(caught)} mutants, {len(never)} of them caught by no case")
    return 1 if never else 0


def replayed(data_set):
    """Every case of a data set as (workspace, case, members of the segments before)."""
    yield from replay(data_set.workspace, data_set.folder / "cases.jsonl")
    if data_set.has_second_load:
        later = data_set.workspace2
        later.vanished = {t: keys(data_set.workspace, t) - keys(later, t) for t in later.tables}
        yield from replay(later, data_set.folder / "cases2.jsonl")


def keys(workspace, table):
    key = workspace.tables[table].key
    return {row.values[key[0]] for row in workspace.tables[table].rows} if len(key) == 1 else set()


def replay(workspace, path):
    published = {}
    for line in filter(None, path.read_text(encoding="utf-8").split("\n")):
        case = read_json(line)
        yield workspace, case, dict(published)
        published[case["id"]] = set(case["members"])


def differs(workspace, case, published):
    """Whether an evaluation gives another result than the case says, or fails."""
    try:
        result = evaluate(workspace, case["definition"], instant(case["asOf"]), published)
    except Exception:
        return True
    projected = result.projected and {r: [[str(k), v] for k, v in of.items()] for r, of in result.projected.items()}
    return (result.members, result.counts, projected) != (case["members"], case["counts"], case.get("projected"))
