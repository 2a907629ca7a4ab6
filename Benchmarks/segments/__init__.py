"""The hundred segments of the benchmark, each with its definition and the SQL of an expert."""

from . import aggregates, lines, profile, purchases, references, sequences
from .forms import AsOf, Segment

# A tenth, across the kinds, for the engines that are slower to measure. None refers to another segment.
TENTH = [
    "wealth-nordic",
    "registered-6-months",
    "bought-coffee-month",
    "ordered-returned-year",
    "orders-3-year",
    "spent-300-year",
    "revenue-500-quarter",
    "ordered-tea-year",
    "last-order-returned",
    "no-order-year",
]


def all_segments(at: AsOf) -> list[Segment]:
    """Every segment, the referenced ones before those that refer to them."""
    parts = (profile, purchases, aggregates, lines, sequences, references)
    found = [segment for part in parts for segment in part.segments(at)]
    names = {segment.name for segment in found}
    assert len(found) == len(names) == 100, len(found)
    assert names.issuperset(TENTH)
    return found
