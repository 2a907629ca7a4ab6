"""The list of branches that no test takes, each with its reason.

A paragraph says why, then names the file and, indented, its branches as the report names them:

    Serialising plain nodes fails only for lack of memory.
    Sources/SegmentCompiler/Document/Document+Writing.swift
      ?? right: (try? Yams.serialize(node: node)) ?? json

Lines are named by their text, for numbers move. A branch that occurs twice in a file is listed twice.
"""

from collections import Counter


def read_exceptions(text):
    """A counter of (path, branch)."""
    listed = Counter()
    for paragraph in text.split("\n\n"):
        lines = [line for line in paragraph.split("\n") if line and not line.startswith("#")]
        if not lines:
            continue
        reason, path = [], None
        for line in lines:
            if line.startswith("  ") and path:
                listed[path, line.strip()] += 1
            elif line.startswith("Sources/") and reason:
                path = line
            elif path is None:
                reason.append(line)
            else:
                raise ValueError(f"not an exception: {line!r}")
        if not any(listed_path == path for listed_path, _ in listed):
            raise ValueError(f"an exception is a reason, a file and its branches: {lines[0]!r}")
    return listed


def compare(missed, listed):
    """What is missed without being listed, and what is listed without being missed."""
    found = Counter(missed)
    return list((found - listed).elements()), list((listed - found).elements())
