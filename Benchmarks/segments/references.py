"""Segments that build on other segments.

A referenced segment's members stand in a table `segment_…` (see `table_of`): an expert would keep them, not compute them again.
"""

from .forms import (
    AsOf,
    Form,
    Segment,
    all_,
    any_,
    customers,
    is_,
    profile,
    rule,
    segment,
    text,
    within,
)


def table_of(name: str) -> str:
    return "segment_" + name.replace("-", "_")


def referenced(rules: object) -> set[str]:
    """The names of the segments that rules refer to."""
    if isinstance(rules, list):
        return set().union(*map(referenced, rules)) if rules else set()
    if not isinstance(rules, dict):
        return set()
    if rules.get("is", rules.get("isNot")) == "memberOf":
        return {rules["value"]}
    return set().union(*map(referenced, rules.values()))


def segments(at: AsOf) -> list[Segment]:
    def member(name):
        return {"is": "memberOf", "value": name}

    def in_(name):
        return f"CustomerId IN (SELECT CustomerId FROM {table_of(name)})"

    def not_in(name):
        return f"NOT EXISTS (SELECT 1 FROM {table_of(name)} s WHERE s.CustomerId = Customer.CustomerId)"

    def both(a, b):
        return Form([profile(all_(member(a), member(b)))], customers(f"{in_(a)} AND {in_(b)}"))

    def either(a, b):
        return Form([profile(any_(member(a), member(b)))], customers(f"{in_(a)} OR {in_(b)}"))

    def without(a, b):
        return Form([profile(member(a)), profile(member(b), combine="except")], customers(f"{in_(a)} AND {not_in(b)}"))

    def living_in(name, city):
        return Form([profile(all_(member(name), is_("Customer.City", "equalTo", city)))], customers(f"{in_(name)} AND City = {text(city)}"))

    def with_recent_order(name, *period):
        return Form(
            [
                profile(member(name)),
                rule("OnlineOrder", within("OnlineOrder.OrderedAt", *period), combine="intersect"),
            ],
            customers(f"{in_(name)} AND CustomerId IN (SELECT CustomerId FROM OnlineOrder WHERE {at.last('OrderedAt', *period)})"),
        )

    def referrer_in(name):
        return Form(
            [profile({"row": "Customer.Referrer", "is": "memberOf", "value": name})],
            customers(f"ReferrerId IN (SELECT CustomerId FROM {table_of(name)})"),
        )

    return [
        segment("big-spender-escalated", both, "revenue-500-quarter", "escalated-delivery"),
        segment("buyers-of-both", both, "spent-300-year", "revenue-200-year"),
        segment("buyers-of-either", either, "spent-300-year", "revenue-200-year"),
        segment("spenders-in-silence", without, "spent-1000", "orders-2-quarter"),
        segment("spenders-of-oslo", living_in, "spent-300-year", "Oslo", changed=("spent-300-year", "Stockholm")),
        segment("spenders-ordered-lately", with_recent_order, "revenue-2000", 30, "days", changed=("revenue-2000", 45, "days")),
        segment("friends-of-spenders", referrer_in, "revenue-2000"),
    ]
