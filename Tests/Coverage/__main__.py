"""Reports branch coverage out of what `llvm-cov export` wrote, and fails below a share or with a branch that is
neither covered nor listed.

python3 Tests/Coverage EXPORT.json AREA…
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from branches import Regions, uncovered
from exceptions import compare, read_exceptions
from source import Source

LEAST = 95
CHECKOUT = Path(__file__).resolve().parents[2]
EXCEPTIONS = Path(__file__).with_name("exceptions.txt")


def main():
    parser = argparse.ArgumentParser(prog="Coverage", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("areas", nargs="+", help="folders or files, each held to the share")
    parser.add_argument("--files", action="store_true", help="a line for every file too")
    parser.add_argument("--list", action="store_true", help="what is not covered, without judging it")
    arguments = parser.parse_args()
    files = read_export(arguments.export, arguments.areas)
    if not files:
        sys.exit("coverage: no file of these areas was counted")

    failed = report(files, arguments.areas, arguments.files)
    missed = {}
    for file in files:
        for branch in uncovered(file.branches):
            missed.setdefault((file.path, f"{branch.outcome}: {file.source.line(branch.position)}"), []).append(
                file.source.line_number(branch.position)
            )
    names = [key for key, lines in missed.items() for _ in lines]
    if arguments.list:
        for (path, name), lines in missed.items():
            print(f"{path}:{lines[0]}: {name}")
        return 0
    listed = read_exceptions(EXCEPTIONS.read_text(encoding="utf-8"))
    unlisted, stale = compare(names, listed)
    for path, name in unlisted:
        print(f"{path}:{missed[path, name][0]}: not covered, nor listed: {name}")
    for path, name in stale:
        print(f"{path}: listed, but covered or gone: {name}")
    return 1 if failed or unlisted or stale else 0


class File:
    def __init__(self, path, functions, summary):
        self.path = path
        self.source = Source((CHECKOUT / path).read_bytes())
        self.branches = Regions(path, self.source, functions).branches()
        self.summary = summary

    def count(self):
        outcomes = [branch for branch in self.branches if branch.is_outcome]
        regions = self.summary["regions"]
        return Share(sum(branch.count > 0 for branch in outcomes), len(outcomes)), Share(
            regions["covered"], regions["count"]
        )


class Share:
    def __init__(self, covered=0, count=0):
        self.covered, self.count = covered, count

    def __add__(self, other):
        return Share(self.covered + other.covered, self.count + other.count)

    @property
    def percent(self):
        return 100 * self.covered / self.count if self.count else 100

    def __str__(self):
        return f"{self.covered:5} of {self.count:5}  {self.percent:6.2f} %"


def read_export(path, areas):
    """The files of the areas, in order of their paths."""
    data = json.loads(Path(path).read_text(encoding="utf-8"))["data"][0]

    def relative(name):
        path = Path(name)
        return path.relative_to(CHECKOUT).as_posix() if path.is_relative_to(CHECKOUT) else name

    functions = defaultdict(list)
    for function in data["functions"]:
        names = [relative(name) for name in function["filenames"]]
        # Line, column, their ends, count, file, expansion's file, kind; kind 0 is code.
        regions = [region[:5] for region in function["regions"] if region[7] == 0]
        functions[names[0]].append(regions)
    counted = sorted((relative(file["filename"]), file["summary"]) for file in data["files"])
    return [
        File(name, functions[name], summary)
        for name, summary in counted
        if any(name == area or name.startswith(f"{area}/") for area in areas)
    ]


def report(files, areas, with_files):
    """Prints a line per area; whether one is below the least share."""
    print(f"{'':44}  {'branches':>24}  {'regions (llvm-cov)':>24}")
    total, failed = (Share(), Share()), False
    for area in areas:
        of_area = [file for file in files if file.path == area or file.path.startswith(f"{area}/")]
        shares = Share(), Share()
        for file in of_area:
            shares = add(shares, file.count())
        print(f"{area.removeprefix('Sources/'):44}  {shares[0]}  {shares[1]}")
        if with_files:
            for file in of_area:
                branches, regions = file.count()
                print(f"  {file.path.rsplit('/', 1)[-1]:42}  {branches}  {regions}")
        if shares[0].percent < LEAST:
            print(f"coverage: {area} is below {LEAST} %")
            failed = True
        total = add(total, shares)
    print(f"{'all':44}  {total[0]}  {total[1]}")
    return failed


def add(left, right):
    return left[0] + right[0], left[1] + right[1]


if __name__ == "__main__":
    sys.exit(main())
