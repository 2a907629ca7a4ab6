"""The commands that show what is stored, and what of their words may differ."""

import re

# When something was done, and how long it took.
TIMES = re.compile(r'"(savedAt|started|finished|lastRefreshed|deletedAt|published|erasedAt|seconds)" : [^,\n]*')


def readings(segments):
    """Catalog and segments; of each segment its versions, runs and members."""
    commands = [("catalog", "--json"), ("list", "--json")]
    for name in segments:
        commands += [
            ("versions", name, "--json"),
            ("history", name, "--json"),
            ("members", name, "--format", "ndjson"),
        ]
    return commands


def without_times(text):
    return TIMES.sub(r'"\1"', text)
