"""The reference evaluator and generator of random tests.

python3 Tests/Oracle generate --seed S --definitions N --per-data-set M --out DIR
python3 Tests/Oracle mutants --seed S --definitions N
python3 Tests/Oracle evaluate WORKSPACE_DIR DEFINITION.json --as-of T [--data load2]
"""

import argparse
import sys
from pathlib import Path

from evaluate import evaluate
from generate import generate
from load import read_workspace
from survey import survey
from values import instant, read_json, write_json


def main():
    parser = argparse.ArgumentParser(prog="Oracle", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("generate", help="write random data sets and cases")
    make.add_argument("--seed", type=int, required=True)
    make.add_argument("--definitions", type=int, required=True)
    make.add_argument("--per-data-set", type=int, default=50)
    make.add_argument("--out", required=True)
    wrong = commands.add_parser("mutants", help="count the cases that catch each of many wrong evaluators")
    wrong.add_argument("--seed", type=int, required=True)
    wrong.add_argument("--definitions", type=int, required=True)
    wrong.add_argument("--per-data-set", type=int, default=50)
    replay = commands.add_parser("evaluate", help="evaluate one definition against a workspace folder")
    replay.add_argument("workspace")
    replay.add_argument("definition")
    replay.add_argument("--as-of", required=True)
    replay.add_argument("--data", help="folder with a later generation of the data files, such as load2")
    arguments = parser.parse_args()
    if arguments.command == "generate":
        return generate(arguments.seed, arguments.definitions, arguments.per_data_set, arguments.out)
    if arguments.command == "mutants":
        return survey(arguments.seed, arguments.definitions, arguments.per_data_set)
    return evaluate_file(arguments)


def evaluate_file(arguments):
    """Prints the result of one definition; the members of other segments come from the folder's cases."""
    definition = read_json(Path(arguments.definition).read_text(encoding="utf-8"))
    workspace = read_workspace(arguments.workspace, arguments.data)
    published = published_members(Path(arguments.workspace), "cases2.jsonl" if arguments.data else "cases.jsonl")
    result = evaluate(workspace, definition, instant(arguments.as_of), published)
    print(write_json({"members": result.members, "counts": result.counts}))
    for reference, values in (result.projected or {}).items():
        print(write_json({reference: {str(key): value for key, value in values.items()}}))
    return 0


def published_members(folder, name):
    path = folder / name
    lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
    return {c["id"]: set(c["members"]) for c in map(read_json, filter(None, lines))}


if __name__ == "__main__":
    sys.exit(main())
