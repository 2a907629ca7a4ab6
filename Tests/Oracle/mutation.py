"""The registry of wrong evaluators: each has one bug an engine might have, to see how many cases would catch it."""

from contextlib import ExitStack
from unittest.mock import patch

import times

MUTANTS = {}  # name -> list of (owner, attribute, replacement)


def mutant(name, owner, attribute):
    """Registers the function below as a replacement."""

    def register(function):
        MUTANTS.setdefault(name, []).append((owner, attribute, function))
        return function

    return register


def broken(name):
    """A context in which the evaluator has the bug."""
    stack = ExitStack()
    times.relative_day.cache_clear()
    stack.callback(times.relative_day.cache_clear)
    for owner, attribute, replacement in MUTANTS[name]:
        stack.enter_context(patch.object(owner, attribute, replacement))
    return stack
