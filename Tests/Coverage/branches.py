"""Branches of Swift code out of the regions that `llvm-cov export` counts.

Swift's coverage has no branch counters: it counts regions of text, one for each way that control can take where
the compiler places a counter. A branch here is one outcome of one decision:

    if, else if        taken; else, or not taken
    guard              fails; holds
    ? :                each side
    switch             each case
    && || ??           the right side is evaluated; it is not
    for, while, catch  the body is entered

What has no region of its own is the rest: an `if` was not taken as often as it was reached less how often its body
was. Conditions with commas between them are one decision, as are patterns of one case; `?.`, `as?` and `try` are none.
A function or closure is no branch, but one that is never called is reported as one.
"""

from dataclasses import dataclass

FUNCTION, UNREACHED = "called", "reached"
SHORT_CIRCUITS = ("&&", "||", "??")


@dataclass(frozen=True)
class Branch:
    path: str
    # Where its decision stands, and what it covers; both offsets, the span None where it has no text.
    position: int
    span: tuple
    outcome: str
    count: int

    @property
    def is_outcome(self):
        """Whether it is the outcome of a decision, as opposed to a function or a stretch of code."""
        return self.outcome not in (FUNCTION, UNREACHED)


@dataclass(frozen=True)
class Region:
    start: int
    end: int
    count: int
    is_entry: bool


class Regions:
    """The counted regions of one file, those of generic code and of several specialisations added up."""

    def __init__(self, path, source, functions):
        self.path = path
        self.source = source
        counts, entries = {}, set()
        for regions in functions:
            for index, (line, column, end_line, end_column, count) in enumerate(regions):
                span = (source.position(line, column), source.position(end_line, end_column))
                counts[span] = counts.get(span, 0) + count
                if index == 0:
                    entries.add(span)
        self.all = [Region(*span, count, span in entries) for span, count in sorted(counts.items())]
        self.inner = [region for region in self.all if not region.is_entry]
        # The conditions of an `else if`, which stand outside of the region that they belong to.
        self.chained = []
        for region in self.inner:
            keyword = source.keyword(region.start, ("if",)) if source.code[region.start] == "{" else None
            if keyword is not None and source.before(keyword) == "else" and source.before(region.start) != "else":
                self.chained.append((keyword, region.start))

    def branches(self):
        return [branch for region in self.all for branch in self.of(region)]

    def of(self, region):
        source, start = self.source, region.start
        before = source.before(start)
        if region.is_entry:
            return self.of_entry(region, before)
        if source.after(start) in ("case", "default") or before in ("?", ":"):
            return [self.outcome(region, start, "case" if before not in ("?", ":") else before)]
        if before in ("if", "while", "switch"):
            return []
        if source.code[start] != "{":
            return self.of_rest(region)
        if before in ("do", "repeat"):
            return []
        if before == "else":
            return self.of_else(region)
        # `do throws(…)`; a `do` alone is what stands before its block.
        keyword = source.keyword(start, ("if", "for", "while", "catch", "do"))
        if keyword is None:
            raise ValueError(f"{self.path}:{source.line_number(start)}: what is this block the body of?")
        word = source.after(keyword)
        if word == "do":
            return []
        if word != "if":
            return [self.outcome(region, keyword, word)]
        branches = [self.outcome(region, keyword, "taken")]
        if source.after(region.end) != "else":
            branches.append(self.implied(keyword, "not taken", self.reached(keyword) - region.count))
        return branches

    def of_entry(self, region, before):
        if before not in SHORT_CIRCUITS:
            return [self.outcome(region, region.start, FUNCTION)]
        left = self.around(region.start, excluding=region) - region.count
        return [
            self.outcome(region, region.start, f"{before} right"),
            self.implied(region.start, f"{before} left", left),
        ]

    def of_else(self, region):
        if self.body_before(region.start):
            return [self.outcome(region, region.start, "else")]
        keyword = self.source.keyword(region.start, ("guard",))
        rest = next((other for other in self.inner if other.start == region.end), None)
        holds = rest.count if rest else self.around(keyword) - region.count
        return [self.outcome(region, keyword, "fails"), self.implied(keyword, "holds", holds)]

    def of_rest(self, region):
        """What stands behind a statement that may have left: no branch of its own, but it has to be reached."""
        if region.count or not self.source.has_code(region.start, region.end):
            return []
        start = self.source.tokens[self.source.index(region.start)][1]
        while self.source.code[start] in "})":
            start = self.source.tokens[self.source.index(start + 1)][1]
        return [self.outcome(region, start, UNREACHED)]

    def reached(self, keyword):
        """How often an `if` was decided."""
        condition = self.source.tokens[self.source.index(keyword) + 1][1]
        for region in self.inner:
            if region.start == condition:
                return region.count
        before = self.body_before(keyword)
        if before:
            outer = self.source.keyword(before.start, ("if",))
            return self.reached(outer) - before.count
        return self.around(keyword)

    def body_before(self, position):
        """The body of the `if` whose `else` ends before a position; None if it is a guard's `else`, or none."""
        index = self.source.index(position)
        if index < 2 or self.source.tokens[index - 1][0] != "else":
            return None
        end = self.source.tokens[index - 2][1] + 1
        return next((r for r in self.inner if r.end == end and self.source.code[r.start] == "{"), None)

    def around(self, position, excluding=None):
        """How often control passed a position: the count of the innermost region around it."""
        for keyword, body in self.chained:
            if keyword < position < body:
                return self.reached(keyword)
        regions = [r for r in self.all if r.start <= position < r.end and r is not excluding]
        return max(regions, key=lambda region: (region.start, -region.end)).count if regions else 0

    def outcome(self, region, position, outcome):
        return Branch(self.path, position, (region.start, region.end), outcome, region.count)

    def implied(self, position, outcome, count):
        return Branch(self.path, position, None, outcome, count)


def uncovered(branches):
    """The branches that were never taken, without those that stand inside of another one."""
    missed = [branch for branch in branches if branch.count <= 0]
    spans = [branch.span for branch in missed if branch.span]

    def is_inside(branch):
        start, end = branch.span or (branch.position, branch.position + 1)
        return any(
            a <= start and end <= b and (a, b) != branch.span and (branch.span or a < start)
            for a, b in spans
        )

    return [branch for branch in missed if not is_inside(branch)]
